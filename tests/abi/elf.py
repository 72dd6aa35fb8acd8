# SPDX-License-Identifier: MIT
"""Bytes of the variables in an object file: how values come out of a cross compiler without running anything."""

import struct


def variables(path):
    """name -> initial bytes, for every data symbol of a relocatable ELF file."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == b"\x7fELF" and data[5] == 1, path
    wide = data[4] == 2
    if wide:
        offset, = struct.unpack_from("<Q", data, 0x28)
        entry, count = struct.unpack_from("<HH", data, 0x3A)
    else:
        offset, = struct.unpack_from("<I", data, 0x20)
        entry, count = struct.unpack_from("<HH", data, 0x2E)
    sections = [_section(data, offset + i * entry, wide) for i in range(count)]
    found = {}
    for kind, start, size, link in sections:
        if kind != 2:  # SHT_SYMTAB
            continue
        strings = sections[link][1]
        step = 24 if wide else 16
        for at in range(start, start + size, step):
            name, value, length, where = _symbol(data, at, wide)
            if not length or not 0 < where < len(sections):
                continue
            text = data[strings + name:data.index(b"\0", strings + name)].decode()
            home = sections[where]
            if home[0] == 8:  # SHT_NOBITS: all zero
                found[text] = bytes(length)
            else:
                found[text] = data[home[1] + value:home[1] + value + length]
    return found


def _section(data, at, wide):
    if wide:
        _, kind, _, _, start, size, link = struct.unpack_from("<IIQQQQI", data, at)
    else:
        _, kind, _, _, start, size, link = struct.unpack_from("<IIIIIII", data, at)
    return kind, start, size, link


def _symbol(data, at, wide):
    if wide:
        name, _, _, where, value, length = struct.unpack_from("<IBBHQQ", data, at)
    else:
        name, value, length, _, _, where = struct.unpack_from("<IIIBBH", data, at)
    return name, value, length, where
