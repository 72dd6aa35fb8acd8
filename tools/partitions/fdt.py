# SPDX-License-Identifier: MIT
"""Flattened device trees (Devicetree Specification 0.4, chapter 5): nodes as Python objects, read and written."""

import struct
from dataclasses import dataclass, field

MAGIC, VERSION, LAST_COMPATIBLE = 0xd00dfeed, 17, 16
BEGIN, END, PROPERTY, NOP, FINISH = 1, 2, 3, 4, 9


@dataclass
class Node:
    name: str
    properties: dict = field(default_factory=dict)   # name: bytes
    children: list = field(default_factory=list)

    def child(self, name):
        return next((c for c in self.children if c.name == name or c.name.split("@")[0] == name), None)

    def walk(self):
        yield self
        for c in self.children:
            yield from c.walk()


def cells(*numbers):
    return b"".join(struct.pack(">I", n) for n in numbers)


def wide(*numbers):
    return b"".join(struct.pack(">Q", n) for n in numbers)


def strings(*texts):
    return b"".join(t.encode() + b"\0" for t in texts)


def pad(data):
    return data + bytes(-len(data) % 4)


def write(root, reservations=(), boot_cpu=0):
    names, structure = bytearray(), bytearray()
    offsets = {}

    def offset(name):
        if name not in offsets:
            offsets[name] = len(names)
            names.extend(name.encode() + b"\0")
        return offsets[name]

    def put(node):
        structure.extend(cells(BEGIN) + pad(node.name.encode() + b"\0"))
        for name, value in node.properties.items():
            structure.extend(cells(PROPERTY, len(value), offset(name)) + pad(value))
        for child in node.children:
            put(child)
        structure.extend(cells(END))

    put(root)
    structure.extend(cells(FINISH))
    reserved = b"".join(wide(*r) for r in reservations) + wide(0, 0)
    at_structure = 40 + len(reserved)
    at_names = at_structure + len(structure)
    header = cells(MAGIC, at_names + len(names), at_structure, at_names, 40, VERSION, LAST_COMPATIBLE, boot_cpu, len(names),
                   len(structure))
    return header + reserved + bytes(structure) + bytes(names)


def text_at(data, at):
    return data[at:data.index(b"\0", at)].decode()


def read(data):
    """The root node, the reservations and the boot CPU. ValueError: no such tree."""
    try:
        head = struct.unpack(">10I", data[:40])
        if head[0] != MAGIC or head[5] < VERSION or len(data) < head[1]:
            raise ValueError("no device tree of version 17")
        reservations, at = [], head[4]
        while any(pair := struct.unpack_from(">QQ", data, at)):
            reservations.append(pair)
            at += 16
        stack, root, at = [], None, head[2]
        while True:
            token, at = struct.unpack_from(">I", data, at)[0], at + 4
            if token == BEGIN:
                node = Node(text_at(data, at))
                at += len(node.name.encode()) + 4 & ~3
                if stack:
                    stack[-1].children.append(node)
                root = root or node
                stack.append(node)
            elif token == PROPERTY:
                length, name = struct.unpack_from(">II", data, at)
                stack[-1].properties[text_at(data, head[3] + name)] = data[at + 8:at + 8 + length]
                at += 8 + length + 3 & ~3
            elif token == END:
                stack.pop()
            elif token == FINISH and root:
                return root, reservations, head[7]
            elif token != NOP:
                raise ValueError("a token that there is not")
    except (struct.error, IndexError, UnicodeDecodeError) as e:
        raise ValueError("a damaged device tree: %s" % e) from None


def read_file(path):
    with open(path, "rb") as f:
        return read(f.read())


def find(root, path):
    for name in filter(None, path.split("/")):
        root = root and root.child(name)
    return root


def paths_of_devices(path):
    """Nodes of the machine that a partial tree, a file, names."""
    return [node.properties["xen,path"].rstrip(b"\0").decode() for node in read_file(path)[0].walk() if "xen,path" in node.properties]
