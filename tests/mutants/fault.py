# SPDX-License-Identifier: MIT
"""A fault: a text file that says which lines of one source file become which.

    xsa: 148                                    the advisory whose class of mistake it is
    area: page tables
    rule: one sentence on the rule that it breaks
    file: xen/arch/x86/mm/entry.cpp
    unit: xen/arch/x86/mm/table.cpp             where the file is a header: the source that sees it changed
    test: sim_tests: name of a test case        the first one that must catch it; there may be several
    <<<
    lines as they are; they stand in the file once
    ===
    lines as the fault has them
    >>>"""

import hashlib
import os

FIELDS = ("xsa", "area", "rule", "file")


class BadFault(Exception):
    pass


class Fault:
    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path) as file:
            text = file.read()
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        head, mark, rest = text.partition("\n<<<\n")
        before, middle, after = rest.partition("\n===\n")
        if not mark or not middle or not after.endswith(">>>\n"):
            raise BadFault("%s: no <<<, === and >>>" % path)
        self.before, self.after = before + "\n", after[:-len(">>>\n")]
        self.tests, fields = [], {}
        for line in head.splitlines():
            if not line or line.startswith("#"):
                continue
            key, colon, value = line.partition(":")
            if key == "test":
                program, colon, case = value.strip().partition(": ")
                self.tests.append((program, case))
            elif key in (*FIELDS, "unit"):
                fields[key] = value.strip()
            else:
                colon = ""
            if not colon:
                raise BadFault("%s: not understood: %s" % (path, line))
        self.unit = fields.pop("unit", None)
        if not self.tests or set(fields) != set(FIELDS):
            raise BadFault("%s: it must have %s and test" % (path, ", ".join(FIELDS)))
        self.xsa, self.area, self.rule, self.file = (fields[f] for f in FIELDS)

    def source(self, top):
        with open(os.path.join(top, self.file)) as file:
            return file.read()

    def changed(self, top):
        return self.source(top).replace(self.before, self.after)

    def problems(self, top):
        """What is wrong with the fault as the sources are now."""
        if not os.path.exists(os.path.join(top, self.file)):
            return ["%s: there is no %s any more: adapt the fault" % (self.name, self.file)]
        n = ("\n" + self.source(top)).count("\n" + self.before)
        if n != 1:
            return ["%s: its lines stand %s in %s: adapt the fault to the changed source" % (
                self.name, "nowhere" if n == 0 else "%d times" % n, self.file)]
        return [] if self.before != self.after else ["%s: changes nothing" % self.name]


def load_all(folder):
    return [Fault(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".fault")]
