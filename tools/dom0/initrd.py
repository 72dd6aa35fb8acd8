# SPDX-License-Identifier: MIT
"""Builds dom0's initramfs: busybox, kernel modules, and Debian's own Xen tools with the libraries
they need, at the paths where Debian installs them. tools/run and tests/system share it; what a
test adds comes in a second archive behind it (extra())."""

import gzip
import hashlib
import os
import re
import subprocess

import cpio
import place


# Loaded before the tools start, in this order.
XEN_MODULES = ["xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs"]
# At hand for modprobe.
MORE_MODULES = ["xen-blkback", "xen-netback", "bridge", "loop", "virtio_pci", "virtio_blk", "virtio_net",
                "e1000", "e1000e", "ahci", "sd_mod", "xen-acpi-processor"]

# In /usr/lib/xen-4.17/bin but of no use in a small initramfs: the second store daemon in OCaml is
# as large as all the others together, the rest are Python.
SKIPPED = {"pygrub", "convert-legacy-stream", "depriv-fd-checker", "verify-stream-v2"}


def busybox():
    return "/bin/busybox" if place.ARCH == "x86_64" else os.path.join(place.ROOT, "bin/busybox")


def libraries():
    return "lib/" + place.triplet()


def needed(path):
    """The shared libraries that an ELF file names."""
    text = subprocess.run(["readelf", "-dW", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def find_library(name):
    folders = (libraries(), "usr/" + libraries(), "usr/lib/%s/%s" % (place.xen_version(), libraries()))
    for folder in folders:
        if os.path.exists(os.path.join(place.ROOT, folder, name)):
            return folder + "/" + name
    raise place.Failed("no package of tools/dom0/packages.txt has the library " + name)


def add_program(archive, path):
    """Add a file of Debian's and, recursively, the libraries it needs."""
    if path in archive:
        return
    source = os.path.join(place.ROOT, path)
    if os.path.islink(source) and not os.path.basename(path).startswith("lib"):
        archive.link(path, os.readlink(source))
        return
    archive.file(path, os.path.realpath(source), 0o755)
    for name in needed(source):
        add_program(archive, find_library(name))


def module_files():
    """Module name -> file. A module's name has "_" where its file may have "-"."""
    found = {}
    for folder, _, files in os.walk(place.modules_dir()):
        for name in files:
            if name.endswith(".ko"):
                found[name[:-3].replace("-", "_")] = os.path.join(folder, name)
    return found


def module_needs(path):
    """What a module depends on, from its own .modinfo."""
    with open(path, "rb") as module:
        match = re.search(rb"\0depends=([^\0]*)\0", module.read())
    return [name.decode() for name in match.group(1).split(b",") if name] if match else []


def closure(files, name):
    """All modules that NAME needs, each after those it needs itself, NAME last."""
    order = []

    def visit(one):
        if one not in order:
            for other in module_needs(files[one]):
                visit(other.replace("-", "_"))
            order.append(one)

    visit(name.replace("-", "_"))
    return order


def add_modules(archive, names):
    """Modules and what they need, and where modprobe looks them up."""
    files = module_files()
    base = "lib/modules/" + place.kernel_version()
    lines = []
    for name in names:
        key = name.replace("-", "_")
        if key not in files:
            continue            # built into this kernel
        order = closure(files, key)
        for one in order:
            path = base + "/" + os.path.basename(files[one])
            if path not in archive:
                archive.file(path, files[one], 0o644)
                needs = [os.path.basename(files[n]) for n in reversed(closure(files, one)[:-1])]
                lines.append("%s: %s\n" % (os.path.basename(path), " ".join(needs)))
    archive.data(base + "/modules.dep", "".join(lines).encode())


def add_tools(archive):
    programs = "usr/lib/%s/bin" % place.xen_version()
    for name in sorted(os.listdir(os.path.join(place.ROOT, programs))):
        if name not in SKIPPED:
            add_program(archive, programs + "/" + name)
    for folder in ("usr/lib/xen-common/bin", "usr/sbin", "usr/bin"):
        for name in sorted(os.listdir(os.path.join(place.ROOT, folder))):
            if name.startswith(("xen", "xl", "lsevtchn")) and not name.startswith("xencov"):
                add_program(archive, folder + "/" + name)
    add_program(archive, "usr/bin/script")
    add_program(archive, libraries() + "/libgcc_s.so.1")    # opened by pthread_cancel in xl
    loader = {"x86_64": "lib64/ld-linux-x86-64.so.2", "arm64": "lib/ld-linux-aarch64.so.1"}[place.ARCH]
    add_program(archive, libraries() + "/" + os.path.basename(loader))
    archive.link(loader, "/" + libraries() + "/" + os.path.basename(loader))
    terminfo = os.path.join(place.ROOT, "lib/terminfo/l/linux")
    if os.path.exists(terminfo):
        archive.file("lib/terminfo/l/linux", terminfo)


def add_scripts(archive):
    """What the tools run when they attach disks and network cards: for bash, as Debian has them."""
    for name in ("bin/bash", "usr/bin/flock", "sbin/losetup"):
        add_program(archive, name)
    scripts = "etc/xen/scripts"
    for name in sorted(os.listdir(os.path.join(place.ROOT, scripts))):
        archive.file(scripts + "/" + name, os.path.join(place.ROOT, scripts, name), 0o755)


def base():
    archive = cpio.Archive()
    for folder in ("bin dev do etc/xen lib lib64 mnt proc root run sbin sys tmp usr/bin usr/sbin "
                   "var/lib/xen/dump var/lib/xenstored var/log/xen/console").split():
        archive.folder(folder)
    archive.link("var/run", "/run")
    archive.link("var/lock", "/run/lock")
    archive.file("bin/busybox", busybox(), 0o755)
    archive.link("bin/sh", "busybox")
    archive.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.data("etc/group", b"root:x:0:\n")
    archive.data("etc/xen/xl.conf", b"")
    archive.file("etc/xen/oxenstored.conf", os.path.join(place.ROOT, "etc/xen/oxenstored.conf"))
    guest = os.path.join(place.HERE, "guest")
    archive.file("init", os.path.join(guest, "init"), 0o755)
    for name in sorted(os.listdir(guest)):
        if name.endswith(".sh"):
            archive.file("do/" + name, os.path.join(guest, name), 0o755)
    add_tools(archive)
    add_scripts(archive)
    add_modules(archive, XEN_MODULES + MORE_MODULES)
    archive.data("etc/modules", ("\n".join(XEN_MODULES) + "\n").encode())
    return archive


def fingerprint():
    """Changes when anything does that the archive is made from."""
    state = hashlib.sha256()
    for folder in (place.HERE, os.path.join(place.HERE, "guest")):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as content:
                    state.update(content.read())
    for name in sorted(os.listdir(os.path.join(place.ROOT, ".unpacked"))):
        state.update(name.encode())
    return state.hexdigest()


def build():
    """The initramfs, made anew when it is out of date; returns its path."""
    if not os.path.exists(busybox()):
        raise place.Failed("no %s here: run tools/deps" % busybox())
    out = os.path.join(place.OUT, "initrd")
    note = out + ".from"
    now = fingerprint().encode()
    if os.path.exists(out) and os.path.exists(note):
        with open(note, "rb") as old:
            if old.read() == now:
                return out
    # Level 1: GRUB reads slowly in an emulated machine, Linux unpacks quickly.
    place.write(out, gzip.compress(base().finish(), 1, mtime=0))
    place.write(note, now)
    return out


def extra(out, initrd, files, before=b""):
    """Write to OUT the initramfs INITRD with FILES (path -> bytes) added, and an archive BEFORE it."""
    archive = cpio.Archive()
    for name, data in files.items():
        archive.data(name, data, 0o755)
    with open(initrd, "rb") as first:
        whole = first.read()
    place.write(out, before + whole + b"\0" * (-len(whole) % 512) + archive.finish())
    return out
