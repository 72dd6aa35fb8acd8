# SPDX-License-Identifier: MIT
"""The initramfs of the guests that tests start in dom0: busybox, the front ends' modules, and domu/init."""

import gzip
import os

import cpio
import initrd
import place

MODULES = ["xen-blkfront", "xen-netfront"]
INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "domu", "init")


def build():
    """Made anew when what it is made from has changed; returns its path."""
    out = os.path.join(place.OUT, "domu-initrd")
    if place.newer(out, INIT, os.path.abspath(__file__), initrd.BUSYBOX, place.modules_dir()):
        return out
    archive = cpio.Archive()
    for folder in "bin dev mnt proc sbin sys tmp".split():
        archive.folder(folder)
    archive.file("bin/busybox", initrd.BUSYBOX, 0o755)
    archive.link("bin/sh", "busybox")
    archive.file("init", INIT, 0o755)
    for name in ("poweroff", "reboot"):         # what the kernel calls when the toolstack asks
        archive.data("sbin/" + name, b"#!/bin/sh\nexec busybox %s -f\n" % name.encode(), 0o755)
    initrd.add_modules(archive, MODULES)
    place.write(out, gzip.compress(archive.finish(), 1, mtime=0))
    return out
