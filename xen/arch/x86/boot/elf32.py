#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""elf32.py - wrap the linked image for boot loaders.

  elf32.py XEN-SYMS XEN

Multiboot loaders take a 32-bit ELF file with physical addresses: one segment, the load address for both addresses, the
entry point in physical memory. Everything the loader does not need (sections, symbols) is left out.
"""
import struct
import sys

PT_LOAD = 1
DATA_OFFSET = 0x80  # the multiboot headers are at the image's start and must lie within the first 8 KiB


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    elf = open(sys.argv[1], "rb").read()
    if elf[:5] != b"\x7fELF\x02":
        sys.exit(f"elf32.py: {sys.argv[1]} is not a 64-bit ELF file")
    entry, phoff = struct.unpack_from("<QQ", elf, 24)
    phentsize, phnum = struct.unpack_from("<HH", elf, 54)
    loads = []
    for i in range(phnum):
        kind, _, offset, vaddr, paddr, filesz, memsz, _ = struct.unpack_from("<IIQQQQQQ", elf, phoff + i * phentsize)
        if kind == PT_LOAD:
            loads.append((offset, vaddr, paddr, filesz, memsz))
    if len(loads) != 1:
        sys.exit(f"elf32.py: one segment expected, {len(loads)} found")
    offset, vaddr, paddr, filesz, memsz = loads[0]
    data = elf[offset:offset + filesz].rstrip(b"\0")
    header = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, entry - vaddr + paddr, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    segment = struct.pack("<IIIIIIII", PT_LOAD, DATA_OFFSET, paddr, paddr, len(data), memsz, 7, 16)
    with open(sys.argv[2], "wb") as out:
        out.write((header + segment).ljust(DATA_OFFSET, b"\0") + data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
