# SPDX-License-Identifier: MIT
"""The row of Debian's dom0: from its kernel's first instruction to the first one of its userspace."""

import os
import struct

import initrd
import measure
import place

ROW = "dom0_to_userspace"
FIRST = os.path.join(measure.HERE, "dom0", "first.S")
KERNEL = "console=hvc0 panic=5 loglevel=6 rdinit=/bench/first"
DOM0, MACHINE = 1024, 1088              # MiB: little is free, so that cleaning it in idle time has a small part
PT_NOTE, ELFNOTE_ENTRY = 4, 1           # public/elfnote.h


def align(size):
    return (size + 3) // 4 * 4


def entry(path):
    """Virtual address at which a PV kernel starts: its ELF note XEN_ELFNOTE_ENTRY."""
    with open(path, "rb") as image:
        data = image.read()
    at, = struct.unpack_from("<Q", data, 0x20)
    size, count = struct.unpack_from("<HH", data, 0x36)
    for header in range(at, at + count * size, size):
        if struct.unpack_from("<I", data, header)[0] != PT_NOTE:
            continue
        note, = struct.unpack_from("<Q", data, header + 8)
        end = note + struct.unpack_from("<Q", data, header + 0x20)[0]
        while note < end:
            name, length, kind = struct.unpack_from("<III", data, note)
            text = note + 12
            if kind == ELFNOTE_ENTRY and data[text:text + name] == b"Xen\0":
                return struct.unpack_from("<Q", data, text + align(name))[0]
            note = text + align(name) + align(length)
    raise place.Failed("%s has no note that says where it starts" % path)


def build():
    """The initramfs of tests/system, with the program that marks its first instruction; returns its path."""
    program, out = os.path.join(measure.OUT, "first"), os.path.join(measure.OUT, "initrd")
    measure.run([measure.COMPILER, "-nostdlib", "-static", "-o", program, FIRST])
    with open(program, "rb") as data:
        return initrd.extra(out, initrd.build(), {"bench/first": data.read()})


def guest(image, name, arguments, ramdisk, *plugin):
    """Figures of the row; instructions are the plugin's count, in which a halted CPU has no part."""
    kernel = place.vmlinux()
    out = os.path.join(measure.OUT, name + "-debian.rows")
    _, log = measure.boot(image, "dom0_mem=%dM,max:%dM %s" % (DOM0, DOM0, arguments), MACHINE,
                          "%s %s,%s" % (os.path.relpath(kernel, place.TOP), KERNEL, os.path.relpath(ramdisk, place.TOP)),
                          name + "-debian", ["out=" + out, "begin=0x%x" % entry(kernel), *plugin], 900)
    rows = measure.weighed(out)
    if len(rows) != 1 or not rows[0][1]:
        raise place.Failed("%s: Debian's dom0 did not reach its userspace (%s)" % (name, log))
    plain, weights, data, code = rows[0][1][:4]
    return {ROW: measure.Figures(plain, 1, weights, data, code)}
