# SPDX-License-Identifier: MIT
"""Disk images that guests boot from, made once and kept in build/dom0; each machine sees a copy-on-write view."""

import os
import shutil
import subprocess

import domu
import place

GRUB_CONFIG = """set timeout=0
menuentry guest {
    linux /boot/vmlinux console=hvc0 loglevel=3
    initrd /boot/initrd
}
"""


def command(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise place.Failed("%s failed:\n%s" % (" ".join(words), done.stdout[-3000:]))
    return done.stdout


def file_system(tree, out, mib):
    """An ext4 image of a folder."""
    part = out + ".part"
    command("/sbin/mke2fs", "-q", "-t", "ext4", "-d", tree, "-F", part, "%dM" % mib)
    os.replace(part, out)


def grub():
    """A disk with a kernel and GRUB's configuration, as PV GRUB looks for it."""
    out = os.path.join(place.OUT, "grub-guest.img")
    kernel, ramdisk = place.vmlinux(), domu.build()
    if place.newer(out, kernel, ramdisk, os.path.abspath(__file__)):
        return out
    tree = out + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    place.write(os.path.join(tree, "boot/grub/grub.cfg"), GRUB_CONFIG.encode())
    shutil.copyfile(kernel, os.path.join(tree, "boot/vmlinux"))
    shutil.copyfile(ramdisk, os.path.join(tree, "boot/initrd"))
    file_system(tree, out, 128)
    shutil.rmtree(tree)
    return out
