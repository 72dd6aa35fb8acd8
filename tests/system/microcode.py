# SPDX-License-Identifier: MIT
"""A container of microcode for QEMU's EPYC, made up: whole and well-formed, and of no use to any processor."""

import struct

import cpio

SIGNATURE, NAME = 0x00800F12, 0x8012
BYTES = 3200


def container(revision):
    table = struct.pack("<IIIHH", SIGNATURE, 0, 0, NAME, 0) + bytes(16)
    header = struct.pack("<IIHBBIIIHBBB3x32x", 0x20240102, revision, 0, 0, 0, 0, 0, 0, NAME, 0, 0, 0)
    patch = header.ljust(BYTES, b"\x5a")
    return (struct.pack("<III", 0x00414D44, 0, len(table)) + table +
            struct.pack("<II", 1, len(patch)) + patch)


def archive(data):
    """What Linux's tools put before the initial ramdisk."""
    early = cpio.Archive()
    early.data("kernel/x86/microcode/AuthenticAMD.bin", data)
    return early.finish()
