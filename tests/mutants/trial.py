# SPDX-License-Identifier: MIT
"""One fault tried: built, the test cases that it names, and, if none of them catches it, all the others."""

import html
import os
import re
import shutil
import subprocess

from building import BuildFailed

CASE_SECONDS = 120
ALL_SECONDS = 600
EVENT = re.compile(r'<TestCase name="(?P<case>[^"]*)"|'
                   r'<Expression success="false" type="\w+" filename="(?P<file>[^"]*)" line="(?P<line>\d+)">')


def escaped(case):
    return re.sub(r"([,\[\]\\])", r"\\\1", case)


def statement(path, line):
    """What stands in the source from this line to the end of its parentheses."""
    with open(path) as file:
        lines = file.read().splitlines()[line - 1:]
    text = ""
    for more in lines:
        text += " " + more.partition("//")[0].strip()
        if text.count("(") == text.count(")"):
            break
    return text.strip().rstrip(";")


class Outcome:
    """A run of a test program: the assertions that failed, and how it ended."""

    def __init__(self, top, binary, cases, seconds, log=None):
        self.top = top
        command = [binary, "--reporter", "xml"] + [",".join('"%s"' % escaped(c) for c in cases)] * bool(cases)
        log = log or binary + ".xml"
        self.timed_out = False
        with open(log, "w") as out:
            try:
                self.status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                             timeout=seconds, cwd=os.path.dirname(binary)).returncode
            except subprocess.TimeoutExpired:
                self.timed_out, self.status = True, 1
        with open(log, errors="replace") as file:
            self._read(file.read())

    def _read(self, text):
        self.failed, self.ran, case = [], 0, ""
        for event in EVENT.finditer(text):
            if event["case"] is not None:
                case, self.ran = html.unescape(event["case"]), self.ran + 1
            else:
                where = re.sub(r"^(\.\.?/)+", "", event["file"])
                self.failed.append((case, statement(os.path.join(self.top, where), int(event["line"])), where))

    def end(self):
        return "hang" if self.timed_out else "crash" if self.status and not self.failed else ""


def sound_without(base, faults):
    """Test cases that fail although there is no fault: nothing could be said by them."""
    wrong = []
    for program in base.programs:
        cases = sorted({case for f in faults for p, case in f.tests if p == program})
        if cases:
            o = Outcome(base.top, base.program(program), cases, ALL_SECONDS, os.path.join(base.work, program + ".xml"))
            wrong += ["%s: %s: %s" % (program, *failed[:2]) for failed in o.failed]
            wrong += ["%s: %s" % (program, o.end())] if o.end() else []
            wrong += ["%s: only %d of %d named test cases are there" % (program, o.ran, len(cases))] * (o.ran != len(cases))
    return wrong


class Trial:
    def __init__(self, base, fault):
        self.base, self.fault = base, fault
        self.folder = os.path.join(base.work, fault.name)

    def run(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        try:
            result = self._run()
        except BuildFailed as e:
            return {"status": "not built", "detail": str(e)}
        if result["status"] == "caught":
            shutil.rmtree(self.folder)
        return result

    def _run(self):
        built, replaced = self.base.compile(self.fault, self.folder)
        programs = {}
        ends = []
        for program, case in self.fault.tests:
            if program not in programs:
                programs[program] = self.base.link(program, built, replaced, self.folder)
            o = Outcome(self.base.top, programs[program], [case], CASE_SECONDS)
            if not o.ran:
                raise SystemExit("tests/mutants/run: %s: %s has no test case %s" % (self.fault.name, program, case))
            if o.failed:
                _, assertion, where = o.failed[0]
                return {"status": "caught", "case": case, "assertion": assertion, "where": where,
                        "detail": "%s: %s" % (case, assertion)}
            ends.append(o.end())
        return self._elsewhere(built, replaced, programs, next(filter(None, ends), ""))

    def _elsewhere(self, built, replaced, programs, end):
        # Where the core is an archive each program has what it asks for alone: others may not even link with the object.
        for program in self.base.programs if replaced in self.base.objects() else programs:
            binary = programs.get(program) or self.base.link(program, built, replaced, self.folder)
            o = Outcome(self.base.top, binary, [], ALL_SECONDS)
            if o.failed:
                return {"status": "elsewhere", "detail": "%s: %s" % o.failed[0][:2]}
            end = end or o.end()
        return {"status": end, "detail": "no assertion failed"} if end else {"status": "survived", "detail": self.fault.rule}
