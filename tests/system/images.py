# SPDX-License-Identifier: MIT
"""Disk images that guests boot from, made once and kept in build/dom0; each machine sees a copy-on-write view."""

import glob
import os
import shutil
import subprocess

import domu
import place

DEBIAN_PACKAGES = ["systemd-sysv", "udev", "dbus", "kmod", "virt-what"]
# What the console of Debian's guest shows: a shell of root's instead of a password prompt behind the login prompt.
GETTY = """[Service]
ExecStart=
ExecStart=-/sbin/agetty -o '-p -f -- \\\\u' --autologin root --keep-baud - xterm
"""
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


def apt_sources():
    """The release of this machine, and its own lists of where that one's packages are."""
    files = [name for name in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*"))
             if name.endswith((".list", ".sources")) and os.path.exists(name) and os.path.getsize(name)]
    return command("sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME").strip(), files


def debian():
    """The disk of a small Debian with systemd."""
    out = os.path.join(place.OUT, "debian-guest.img")
    if place.newer(out, os.path.abspath(__file__)):
        return out
    suite, sources = apt_sources()
    tree = out + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    command("mmdebstrap", "--variant=apt", "--include=" + ",".join(DEBIAN_PACKAGES), suite, tree, *sources)
    place.write(os.path.join(tree, "etc/hostname"), b"debian\n")
    place.write(os.path.join(tree, "etc/fstab"), b"/dev/xvda / ext4 defaults 0 0\n")
    place.write(os.path.join(tree, "etc/systemd/system/serial-getty@hvc0.service.d/login.conf"), GETTY.encode())
    file_system(tree, out, 1024)
    shutil.rmtree(tree)
    return out
