# SPDX-License-Identifier: MIT
"""Where things are: the repository, its build folder, Debian's unpacked packages."""

import gzip
import lzma
import os
import struct
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build")
CACHE = os.path.join(BUILD, "cache")
ARCH = "x86_64"                         # see use()
ROOT = os.path.join(CACHE, "dom0")      # Debian's packages, unpacked by tools/fetch
OUT = os.path.join(BUILD, "dom0")       # what we make of them
LOGS = os.path.join(BUILD, "logs")
HERE = os.path.join(TOP, "tools", "dom0")


class Failed(Exception):
    """Something the user has to know: what failed, why, and where to look."""


def use(arch):
    """From now on everything is for this architecture: x86_64 or arm64."""
    global ARCH, ROOT, OUT
    ARCH = arch
    ending = "" if arch == "x86_64" else "-" + arch
    ROOT, OUT = os.path.join(CACHE, "dom0" + ending), os.path.join(BUILD, "dom0" + ending)


def debian_arch():
    return {"x86_64": "amd64", "arm64": "arm64"}[ARCH]


def triplet():
    return {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[ARCH]


def packages():
    found = []
    with open(os.path.join(HERE, "packages.txt")) as names:
        for line in names:
            words = line.split("#")[0].split()
            if words and words[1:] in ([], ["[%s]" % debian_arch()]):
                found.append(words[0].replace("%", debian_arch()))
    return found


def fetch():
    """Download and unpack Debian's packages; returns when they are there."""
    os.makedirs(LOGS, exist_ok=True)
    log = os.path.join(LOGS, "fetch.log")
    foreign = [] if ARCH == "x86_64" else ["--arch", debian_arch()]
    command = [os.path.join(TOP, "tools", "fetch")] + foreign + [ROOT] + packages()
    with open(log, "w") as out:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode
    if status:
        with open(log) as text:
            end = "".join("    | " + line for line in text.readlines()[-8:])
        raise Failed("fetching Debian's packages failed; the end of %s:\n%s" % (log, end))


def kernel_version():
    return sorted(os.listdir(os.path.join(ROOT, "lib/modules")))[-1]


def pv_grub():
    """Debian's GRUB as the kernel of a 64-bit PV guest."""
    return os.path.join(ROOT, "usr/lib/grub-xen/grub-x86_64-xen.bin")


def modules_dir():
    return os.path.join(ROOT, "lib/modules", kernel_version())


def bzimage():
    return os.path.join(ROOT, "boot", "vmlinuz-" + kernel_version())


def xen_version():
    """The folder name of Debian's tools, such as xen-4.17."""
    lib = os.path.join(ROOT, "usr/lib")
    return sorted(name for name in os.listdir(lib) if name.startswith("xen-4"))[-1]


def newer(path, *sources):
    return os.path.exists(path) and all(
        os.path.getmtime(path) >= os.path.getmtime(source) for source in sources)


def write(path, data):
    """Write so that a second process sees the old file or the new one."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = "%s.%d.part" % (path, os.getpid())
    with open(part, "wb") as out:
        out.write(data)
    os.replace(part, path)


def packed(path):
    """A file as gzip leaves it."""
    out = os.path.join(OUT, os.path.basename(path) + ".gz")
    if not newer(out, path):
        with open(path, "rb") as data:
            write(out, gzip.compress(data.read(), 1))
    return out


def debian_hypervisor():
    """Debian's Xen, uncompressed: QEMU's -kernel takes no gzip. On arm64 it is not compressed."""
    boot = os.path.join(ROOT, "boot")
    if ARCH == "arm64":
        return os.path.join(boot, sorted(name for name in os.listdir(boot)
                                         if name.startswith("xen-4") and name.endswith("arm64"))[-1])
    packed = os.path.join(boot, sorted(
        name for name in os.listdir(boot) if name.startswith("xen-4") and name.endswith(".gz"))[-1])
    out = os.path.join(OUT, "debian-xen")
    if not newer(out, packed):
        with gzip.open(packed) as data:
            write(out, data.read())
    return out


def vmlinux():
    """The ELF file inside Debian's bzImage (Linux, Documentation/x86/boot.rst: payload_offset).

    Decoding its 66 MB takes an emulated machine seconds, so tests may start from the ELF file."""
    source, out = bzimage(), os.path.join(OUT, "vmlinux")
    if newer(out, source):
        return out
    with open(source, "rb") as image:
        data = image.read()
    if data[0x202:0x206] != b"HdrS":
        raise Failed(source + " is not a bzImage")
    setup_sectors = data[0x1f1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = data[start:start + length]
    if payload[:6] == b"\xfd7zXZ\0":
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload[:2] == b"\x1f\x8b":
        elf = gzip.decompress(payload[:-4])         # the last four bytes are the unpacked size
    elif payload[:4] == b"\x7fELF":
        elf = payload
    else:
        raise Failed("%s: unknown kind of payload, it starts %s" % (source, payload[:6].hex()))
    write(out, elf)
    return out
