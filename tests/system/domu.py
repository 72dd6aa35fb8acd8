# SPDX-License-Identifier: MIT
"""What guests of dom0 are started from: an initramfs of busybox, the front ends' modules and domu/init; the small
kernels of tests/guests, and a program of ours in dom0 beside them."""

import gzip
import os
import shutil
import subprocess

import cpio
import initrd
import place

MODULES = ["xen-blkfront", "xen-netfront", "ext4", "crc32c_generic"]
INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "domu", "init")
PACE = os.path.join(os.path.dirname(INIT), "pace.cpp")


def build():
    """Made anew when what it is made from has changed; returns its path."""
    out = os.path.join(place.OUT, "domu-initrd")
    if place.newer(out, INIT, os.path.abspath(__file__), initrd.busybox(), place.modules_dir()):
        return out
    archive = cpio.Archive()
    for folder in "bin dev mnt proc sbin sys tmp".split():
        archive.folder(folder)
    archive.file("bin/busybox", initrd.busybox(), 0o755)
    archive.link("bin/sh", "busybox")
    archive.file("init", INIT, 0o755)
    for name in ("poweroff", "reboot"):         # what the kernel calls when the toolstack asks
        archive.data("sbin/" + name, b"#!/bin/sh\nexec busybox %s -f\n" % name.encode(), 0o755)
    initrd.add_modules(archive, MODULES)
    place.write(out, gzip.compress(archive.finish(), 1, mtime=0))
    return out


def run(command):
    made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        raise place.Failed("%s failed:\n%s" % (" ".join(command), made.stdout[-4000:]))


def kernel(name):
    """A kernel of tests/guests, built anew when it must be; returns its path."""
    prefix, ending = ("", "") if place.ARCH == "x86_64" else ("aarch64-linux-gnu-", "-arm64")
    source, folder = os.path.join(place.TOP, "tests", "guests", name), os.path.join(place.BUILD, "guests", name + ending)
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    run(["cmake", *generator, "-S", source, "-B", folder, "-DCMAKE_CXX_COMPILER=%sg++-12" % prefix])
    run(["cmake", "--build", folder])
    elf = os.path.join(place.BUILD, "guests", name + ending + ".elf")
    if not prefix:
        return elf
    flat = elf[:-len("elf")] + "img"        # what the tools take there
    run([prefix + "objcopy", "-O", "binary", elf, flat])
    return flat


def small():
    return kernel("small")


def storm():
    return kernel("storm")


def pace():
    """The program of domu/pace.cpp; returns its path."""
    out = os.path.join(place.OUT, "pace")
    if not place.newer(out, PACE):
        run(["g++-12", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", out, PACE])
    return out
