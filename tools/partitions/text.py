# SPDX-License-Identifier: MIT
"""The text: sections in brackets, `key = value` lines, # comments. Every value is checked against the schema."""

import difflib
import re
from dataclasses import dataclass, field

import schema

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Mistakes:
    def __init__(self, name):
        self.name, self.lines = name, []

    def add(self, line, message):
        self.lines.append((line, message))

    def sorted(self):
        return ["%s:%d: %s" % (self.name, line, message) for line, message in sorted(self.lines)]


@dataclass
class Section:
    kind: str
    name: str
    line: int
    values: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)     # of the keys
    others: dict = field(default_factory=dict)    # keys that name domains: value

    def __getitem__(self, key):
        return self.values.get(key, schema.key(self.kind, key).default)

    def at(self, key):
        return self.lines.get(key, self.line)


def number(text):
    return int(text, 0) if re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", text) else None


def size(text):
    m = re.fullmatch(r"(0x[0-9a-fA-F]+|[0-9]+)([KMG])", text)
    return int(m[1], 0) * UNITS[m[2]] if m else number(text) if text.startswith("0x") else None


def cpu_list(text):
    cpus = set()
    for part in text.split(","):
        m = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not m or int(m[2] or m[1]) < int(m[1]) or int(m[2] or m[1]) > 4094:
            return None
        cpus.update(range(int(m[1]), int(m[2] or m[1]) + 1))
    return sorted(cpus)


def bank(text):
    start, plus, length = text.partition("+")
    start, length = number(start.strip()), size(length.strip())
    return (start, length) if plus and start is not None and length else None


def place(text):
    words = text.split()
    where = number(words[0]) if words and len(words) <= 2 else None
    role = words[1] if len(words) == 2 else None
    return (where, role) if where is not None and role in (None, "owner", "borrower") else None


def unquoted(text):
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


READERS = {
    "word": lambda t: t if re.fullmatch(r"[\w.,+-]+", t) else None, "text": unquoted, "path": lambda t: unquoted(t) or None,
    "number": number, "size": size, "address": number, "yes": {"yes": True, "no": False}.get,
    "enhanced": {"yes": "yes", "no": False, "no-store": "no-store"}.get,
    "arch": lambda t: t if t in ("arm64", "x86_64") else None, "cpus": cpu_list, "bank": bank, "place": place,
    "gic": lambda t: int(t) if t in ("2", "3") else None,
}


def read_value(form, text):
    return READERS[form](text)


def without_comment(line):
    """Up to a # that is not inside quotes."""
    quoted = False
    for i, c in enumerate(line):
        quoted ^= c == '"'
        if c == "#" and not quoted:
            return line[:i]
    return line


def nearest(name, names):
    near = difflib.get_close_matches(name, names, 1, 0.5)
    return "; '%s' is near" % near[0] if near else ""


def open_section(line, number_, sections, mistakes):
    m = re.fullmatch(r"\[\s*([\w-]+)(?:\s+([A-Za-z][\w-]*))?\s*\]", line)
    if not m or m[1] not in schema.SECTIONS:
        mistakes.add(number_, "expected: a section, [machine], [domain NAME], [shared NAME] or [channel]"
                     + (nearest(m[1], schema.SECTIONS) if m else ""))
        return None
    kind, name = m[1], m[2] or ""
    if bool(name) != (kind in schema.NAMED):
        mistakes.add(number_, "[%s] %s" % (kind, "has no name" if name else "needs a name: [%s NAME]" % kind))
    same = next((s for s in sections if s.kind == kind and s.name == name and kind != "channel"), None)
    if same:
        mistakes.add(number_, "[%s] is there already, in line %d" % ((kind + " " + name).strip(), same.line))
    sections.append(Section(kind, name, number_))
    return sections[-1]


def read_line(line, number_, section, mistakes):
    name, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not name:
        return mistakes.add(number_, "expected: KEY = VALUE")
    if name in section.lines:
        return mistakes.add(number_, "'%s' is given already, in line %d" % (name, section.lines[name]))
    section.lines[name] = number_
    key = schema.key(section.kind, name)
    if not key:
        section.others[name] = value        # a domain's name, or a mistake: when all domains are known
        return None
    parts = [p.strip() for p in value.split(",")] if key.many else [value]
    read = [read_value(key.form, p) for p in parts]
    if any(r is None for r in read):
        return mistakes.add(number_, "%s: expected: %s%s" % (name, schema.FORMS[key.form], ", a list" if key.many else ""))
    section.values[name] = read if key.many else read[0]
    return None


def check_others(sections, mistakes):
    domains = [s.name for s in sections if s.kind == "domain"]
    for s in sections:
        keys = [k.name for k in schema.SECTIONS[s.kind]]
        form = {"shared": "place", "channel": "number"}.get(s.kind)
        for name, value in s.others.items():
            base = name[:-2] if s.kind == "channel" and name.endswith(".2") else name
            if not form or base not in domains:
                known = keys + (domains if form else [])
                mistakes.add(s.lines[name], "unknown key '%s' in [%s]%s" % (name, (s.kind + " " + s.name).strip(), nearest(name, known)))
                continue
            read = read_value(form, value)
            if read is None:
                mistakes.add(s.lines[name], "%s: expected: %s" % (name, schema.FORMS[form]))
            s.others[name] = read
        for k in schema.SECTIONS[s.kind]:
            if k.required and k.name not in s.lines:
                mistakes.add(s.line, "[%s] needs '%s': %s" % ((s.kind + " " + s.name).strip(), k.name, schema.FORMS[k.form]))


def parse(source, mistakes):
    sections, section = [], None
    for number_, line in enumerate(source.splitlines(), 1):
        line = without_comment(line).strip()
        if not line:
            continue
        if line.startswith("["):
            section = open_section(line, number_, sections, mistakes)
        elif section:
            read_line(line, number_, section, mistakes)
        elif not sections:
            mistakes.add(number_, "expected: a section first, such as [machine]")
    check_others(sections, mistakes)
    return sections
