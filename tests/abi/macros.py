# SPDX-License-Identifier: MIT
"""The macros of a set of headers: their names out of the preprocessor, their values out of the compiler."""

import os
import re

import elf
from compiler import CompileError, include_all

# Arguments for macros that look like functions; the values are compared where they compile.
SAMPLES = [(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (0x12345678, 0x9abc, 21, 3, 7, 1, 1, 1, 1, 1, 1),
           (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), (0xffff, 8, 5, 4, 2, 2, 2, 2, 2, 2, 2)]


class Macro:
    def __init__(self, header, parameters, body):
        self.header, self.parameters, self.body = header, parameters, body

    def label(self, name):
        return name if self.parameters is None else f"{name}()"


def names(side, headers, defines):
    """name -> Macro, for all that are defined in the headers when they have all been included."""
    out = side.path("macros.i")
    ok, messages = side.run("c", defines, ["-E", "-dD"], include_all(headers), "macros", out)
    if not ok:
        raise CompileError(messages)
    found, header = {}, None
    guards = {}
    with open(out, encoding="utf-8") as file:
        for line in file:
            if marker := re.match(r'# \d+ "([^"]*)"', line):
                header = side.header_of(marker[1])
            elif define := re.match(r"#define (\w+)(\([^)]*\))?(?: (.*))?$", line):
                name, parameters, body = define.groups()
                if header is not None and name != guards.setdefault(header, _guard(side, header)):
                    found[name] = Macro(header, parameters, (body or "").strip())
                else:
                    found.pop(name, None)
            elif undef := re.match(r"#undef (\w+)", line):
                found.pop(undef[1], None)
    return found


def _guard(side, header):
    with open(os.path.join(side.folder, header), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    first = re.match(r"\s*#\s*ifndef (\w+)\s*\n\s*#\s*define (\w+)\s*\n", text)
    return first[1] if first and first[1] == first[2] else None


def values(side, headers, defines, macros, language="c"):
    """name -> comparable text. Macros that have no value give their expansion, or their arity."""
    found = {}
    rest = {}
    for name, macro in macros.items():
        if macro.parameters is None and macro.body == "":
            found[name] = "empty"
        else:
            rest[name] = macro
    plain = {n: m for n, m in rest.items() if m.parameters is None}
    for stage in (_string, _integer, _type, _object, _list):
        got = _evaluate(side, headers, defines, {n: stage(n) for n in plain}, stage, language)
        found.update(got)
        plain = {n: m for n, m in plain.items() if n not in got}
    if language == "c":
        expansions = _expand(side, headers, defines, plain)
        found.update({n: f"expands to {expansions[n]}" for n in plain})
    found.update(_calls(side, headers, defines, rest, language))
    return found


def _calls(side, headers, defines, macros, language):
    calls, arity = {}, {}
    for name, macro in macros.items():
        if macro.parameters is None:
            continue
        inside = macro.parameters[1:-1].strip()
        arity[name] = len(inside.split(",")) if inside else 0
        for number, sample in enumerate(SAMPLES if arity[name] else SAMPLES[:1]):
            arguments = ", ".join(f"{value:#x}" for value in sample[:arity[name]])
            calls[f"{name}__sample{number}"] = f"{name}({arguments})"
    got = _evaluate(side, headers, defines, {key: _integer(call) for key, call in calls.items()},
                    _integer, language)
    found = {}
    for name, count in arity.items():
        results = [f"{calls[key]} = {got[key]}" for key in
                   (f"{name}__sample{n}" for n in range(len(SAMPLES))) if key in got]
        found[name] = f"{count} parameters; " + ("; ".join(results) or "no constant")
    return found


# How to store a macro in a variable called abi_KEY, and how to read that back.
def _string(text):
    return ('char', '[]', f'"" {text} ""')


def _integer(text):
    return ('unsigned long long', '[3]',
            f'{{ (unsigned long long)({text}), sizeof({text}),'
            f' ((__typeof__({text}))-1) < ((__typeof__({text}))1) }}')


def _type(text):
    return ('unsigned long long', '[2]', f'{{ sizeof({text}), __alignof__({text}) }}')


def _object(text):
    return (f'__typeof__({text})', '[1]', f'{{ {text} }}')


def _list(text):
    return ('unsigned long long', '[]', text)


def _show(stage, data):
    words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
    if stage is _string:
        return repr(data[:-1].decode("latin-1"))
    if stage is _integer:
        value, size, signed = words
        if signed and value >> 63:
            value -= 1 << 64
        return f"{value:#x} ({'signed' if signed else 'unsigned'}, {size} bytes)"
    if stage is _type:
        return f"type of {words[0]} bytes aligned to {words[1]}"
    if stage is _object:
        return f"object {data.hex()}"
    return "{" + ", ".join(f"{word:#x}" for word in words) + "}"


def _evaluate(side, headers, defines, candidates, stage, language):
    """Compile all candidates at once, drop those with errors, and again, until the rest compiles."""
    left = dict(candidates)
    head = include_all(headers) + 'extern "C" {\n' * (language == "c++")
    out = side.path("values.o")
    while left:
        keys = list(left)
        lines = []
        for number, key in enumerate(keys, 1):
            kind, dimension, value = left[key]
            lines.append(f'#line {number} "abi-candidate"\n'
                         f'extern const {kind} abi_{key}{dimension};'
                         f' const {kind} abi_{key}{dimension} = {value};\n')
        text = head + "".join(lines) + "}\n" * (language == "c++")
        ok, messages = side.run(language, defines, ["-c"], text, "values", out)
        if ok:
            data = elf.variables(out)
            return {key: _show(stage, data[f"abi_{key}"]) for key in keys if f"abi_{key}" in data}
        bad = {int(line) for line in re.findall(r"^abi-candidate:(\d+):\d+: error", messages, re.M)}
        bad &= set(range(1, len(keys) + 1))
        if not bad:
            raise CompileError(messages)
        for number in bad:
            del left[keys[number - 1]]
    return {}


def _expand(side, headers, defines, macros):
    out = side.path("expand.i")
    text = include_all(headers) + "".join(f"abi_mark_{name} = {name}\n" for name in macros)
    side.run("c", defines, ["-E", "-P"], text, "expand", out)
    with open(out, encoding="utf-8") as file:
        found = re.findall(r"abi_mark_(\w+) =(.*?)(?=abi_mark_|\Z)", file.read(), re.S)
    # Blanks between words are kept as one, all others go: they do not change what it means.
    return {name: re.sub(r"(?<=\W) | (?=\W)", "", " ".join(body.split())) for name, body in found}
