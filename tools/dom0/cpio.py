# SPDX-License-Identifier: MIT
"""Writes the "newc" archives that Linux takes as an initramfs (Documentation/driver-api/early-userspace/
buffer-format.rst). Everything belongs to root, has time stamp 0 and the given order, so the same input gives the same bytes."""

import os
import stat


class Archive:
    def __init__(self):
        self._parts = []
        self._names = set()
        self._inode = 0

    def __contains__(self, name):
        return name in self._names

    def _entry(self, name, mode, data=b""):
        if name in self._names:
            return
        self._names.add(name)
        self._inode += 1
        self._append(name, mode, data, self._inode)

    def _append(self, name, mode, data, inode):
        path = name.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        for part in (head, data):
            self._parts.append(part + b"\0" * (-len(part) % 4))

    def parents(self, name):
        folder = os.path.dirname(name)
        if folder and folder not in self._names:
            self.folder(folder)

    def folder(self, name):
        self.parents(name)
        self._entry(name, stat.S_IFDIR | 0o755)

    def data(self, name, data, mode=0o644):
        self.parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def file(self, name, source, mode=None):
        with open(source, "rb") as content:
            permissions = stat.S_IMODE(os.stat(source).st_mode) if mode is None else mode
            self.data(name, content.read(), permissions)

    def link(self, name, target):
        self.parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        """The bytes, padded so that another archive may follow."""
        self._append("TRAILER!!!", 0, b"", 0)
        whole = b"".join(self._parts)
        return whole + b"\0" * (-len(whole) % 512)
