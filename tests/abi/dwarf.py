# SPDX-License-Identifier: MIT
"""The types of a set of headers, as the compiler lays them out: read from its debug information."""

import re
import subprocess

from compiler import CompileError, include_all

FLAGS = ["-c", "-g", "-gdwarf-4", "-fno-eliminate-unused-debug-types",
         "-fno-eliminate-unused-debug-symbols"]

# What readelf says about how a value is stored; newer versions say more.
FORM = re.compile(r"^(?:\([a-z]\w*\) )?(?:\((?:indirect string, )?offset: \w+\): )?")


class Die:
    def __init__(self, depth, offset, tag):
        self.depth, self.offset, self.tag = depth, offset, tag
        self.attributes, self.children = {}, []

    def number(self, key, default=None):
        text = self.attributes.get(key)
        if text is None:
            return default
        found = re.search(r"DW_OP_plus_uconst: (\d+)", text) or re.match(r"(-?\d+|0x[0-9a-f]+)", text)
        return int(found[1], 0)

    @property
    def name(self):
        return self.attributes.get("name")


def layout(side, headers, defines):
    """(header, "struct x.field") -> comparable text; also sizes, typedefs and enum constants."""
    out = side.path("types.o")
    ok, messages = side.run("c", defines, FLAGS, include_all(headers), "types", out)
    if not ok:
        raise CompileError(messages)
    return _Reader(side, _dies(_readelf("info", out)), _files(_readelf("rawline", out))).facts()


def _readelf(what, path):
    return subprocess.run(["readelf", "-W", f"--debug-dump={what}", path], check=True,
                          capture_output=True, text=True).stdout


def _dies(text):
    dies, parents = [], []
    for line in text.splitlines():
        if start := re.match(r" <(\w+)><(\w+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)", line):
            die = Die(int(start[1], 16), int(start[2], 16), start[3])
            dies.append(die)
            del parents[die.depth:]
            if parents:
                parents[-1].children.append(die)
            parents.append(die)
        elif attribute := re.match(r"\s+<\w+>\s+DW_AT_(\w+)\s*:\s*(.*)", line):
            dies[-1].attributes[attribute[1]] = FORM.sub("", attribute[2].strip())
    return dies


def _files(text):
    directories, files, table = {0: ""}, {}, None
    for line in text.splitlines():
        if "The Directory Table" in line:
            table = directories
        elif "The File Name Table" in line:
            table = files
        elif entry := re.match(r"\s+(\d+)\s+(.*)", line):
            if table is directories:
                directories[int(entry[1])] = entry[2].strip()
            elif table is files:
                directory, _, _, name = entry[2].split(None, 3)
                files[int(entry[1])] = directories[int(directory)] + "/" + name.strip()
    return files


class _Reader:
    def __init__(self, side, dies, files):
        self.by_offset = {die.offset: die for die in dies}
        self.top = [die for die in dies if die.depth == 1]
        self.files = {number: side.header_of(name) for number, name in files.items()}
        self.found = {}

    def facts(self):
        for die in self.all_types(self.top):
            header = self.files.get(die.number("decl_file", 0))
            if header is None:
                continue
            if die.tag == "typedef":
                self.typedef(header, die)
            elif die.tag in ("structure_type", "union_type") and die.name:
                self.record(header, f"{die.tag[:-5].replace('structure', 'struct')} {die.name}", die)
            elif die.tag == "enumeration_type":
                self.enumeration(header, die)
        return self.found

    def all_types(self, dies):
        for die in dies:
            yield die
            if die.tag in ("structure_type", "union_type"):
                yield from self.all_types(die.children)

    def typedef(self, header, die):
        target = self.resolve(die)
        if target is not None and target.tag in ("structure_type", "union_type") and not target.name:
            self.record(header, die.name, target)
        else:
            self.found[header, die.name] = f"typedef of {self.signature(die)}"

    def enumeration(self, header, die):
        if die.name:
            self.found[header, f"enum {die.name}"] = f"{die.number('byte_size')} bytes"
        for child in die.children:
            if child.tag == "enumerator":
                self.found[header, child.name] = f"enum constant {child.number('const_value')}"

    def record(self, header, name, die):
        if "declaration" in die.attributes:
            self.found.setdefault((header, name), "declared only")
            return
        kind = "union" if die.tag == "union_type" else "struct"
        self.found[header, name] = f"{kind} of {die.number('byte_size', 0)} bytes"
        for field, text in self.fields(die, ""):
            self.found[header, f"{name}.{field}"] = text

    def fields(self, die, prefix):
        """All fields, those of members without a type name of their own included."""
        for member in die.children:
            if member.tag != "member":
                continue
            inner = self.resolve(member)
            where = f"at {member.number('data_member_location', 0)}"
            bits = [f" {key} {member.number(key)}" for key in ("bit_size", "bit_offset")
                    if key in member.attributes]
            if member.name:
                yield prefix + member.name, where + "".join(bits) + f": {self.signature(member)}"
            base = self.strip_arrays(inner)
            if base is not None and base.tag in ("structure_type", "union_type") and not base.name:
                dotted = f"{prefix}{member.name}." if member.name else prefix
                start = member.number("data_member_location", 0)
                for name, text in self.fields(base, dotted):
                    yield (name, f"{text} (in a member at {start})") if not member.name else (name, text)

    def strip_arrays(self, die):
        while die is not None and die.tag == "array_type":
            die = self.resolve(die)
        return die

    def target(self, die):
        text = die.attributes.get("type")
        return None if text is None else self.by_offset[int(re.match(r"<0x(\w+)>", text)[1], 16)]

    def resolve(self, die):
        """The type of a member or typedef, without typedefs and qualifiers."""
        die = self.target(die)
        while die is not None and die.tag in ("typedef", "const_type", "volatile_type"):
            die = self.target(die)
        return die

    def signature(self, die):
        """What a type is, by representation: unsigned long and unsigned long long may be the same."""
        base = self.resolve(die)
        if base is None:
            return "void"
        if base.tag == "array_type":
            return self.signature(base) + "".join(f"[{self.bound(child)}]" for child in base.children)
        if base.tag == "base_type":
            encoding = re.search(r"\((.*)\)", base.attributes["encoding"])[1]
            return f"{encoding} {base.number('byte_size') * 8}"
        if base.tag == "pointer_type":
            return f"pointer {base.number('byte_size') * 8}"
        if base.tag == "enumeration_type":
            return f"enum {base.number('byte_size') * 8}"
        if base.tag == "subroutine_type":
            return "function"
        name = base.name or "without name"
        return f"{base.tag[:-5].replace('structure', 'struct')} {name} of {base.number('byte_size', 0)}"

    @staticmethod
    def bound(child):
        upper = child.number("upper_bound")
        count = child.number("count")
        return count if count is not None else "" if upper is None else upper + 1
