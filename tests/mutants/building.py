# SPDX-License-Identifier: MIT
"""The builds that faults are seeded into: one object compiled anew, one test program linked again."""

import hashlib
import json
import os
import shlex
import subprocess

# The builds of the host tests, and where their programs are.
PRESETS = {
    "host-x86-asan": {p: "tests/" + p for p in ("sim_tests", "unit_tests", "cpus_tests")},
    "host-arm-asan": {p: "tests/arm/" + p for p in ("arm_tests", "arm_gic_tests", "arm_stage2_tests", "arm_trap_tests")},
}
HEADERS = ("xen/include/", "xen/arch/x86/include/", "xen/arch/arm/include/", "xen/")   # what includes are relative to


class BuildFailed(Exception):
    pass


def run(command, folder, log):
    with open(log, "a") as out:
        out.write("$ %s\n" % " ".join(command))
        out.flush()
        if subprocess.run(command, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL).returncode:
            raise BuildFailed(log)


def preset_of(fault):
    """The build whose programs are to catch it."""
    return next((preset for preset, programs in PRESETS.items() if fault.tests[0][0] in programs), None)


class Base:
    def __init__(self, top, preset):
        self.top, self.preset, self.programs = top, preset, PRESETS[preset]
        self.folder = os.path.join(top, "build", preset)
        self.work = os.path.join(top, "build", "mutants", "work")
        self.links = {}

    def build(self):
        os.makedirs(self.work, exist_ok=True)
        log = os.path.join(self.work, self.preset + ".log")
        open(log, "w").close()
        try:
            run(["cmake", "--preset", self.preset], self.top, log)
            run(["cmake", "--build", self.folder, "--parallel", os.environ.get("JOBS", str(os.cpu_count())), "--target", *self.programs],
                self.top, log)
        except BuildFailed:
            raise SystemExit("tests/mutants/run: the sources without a fault do not build: %s" % log)
        with open(os.path.join(self.folder, "compile_commands.json")) as file:
            self.compiles = {c["file"]: shlex.split(c["command"]) for c in json.load(file)}

    def program(self, name):
        return os.path.join(self.folder, self.programs[name])

    def fingerprint(self):
        sums = hashlib.sha256()
        for program in self.programs:
            with open(self.program(program), "rb") as file:
                sums.update(file.read())
        return sums.hexdigest()[:16]

    def _link(self, program):
        if program not in self.links:
            commands = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", "-s", self.programs[program]],
                                      stdout=subprocess.PIPE, text=True, check=True).stdout
            words = shlex.split(commands.splitlines()[-1])
            while "&&" in words:                     # CMake wraps it: `: && c++ … && :`
                words = max(" ".join(words).split(" && "), key=len).split()
            self.links[program] = words
        return self.links[program]

    def objects(self):
        """What the first program is linked from."""
        return self._link(next(iter(self.programs)))

    @staticmethod
    def _copy(fault):
        """Where the changed file goes: a header, to where an include finds it before the one that it stands for."""
        if not fault.unit:
            return os.path.basename(fault.file)
        root = next(r for r in HEADERS if fault.file.startswith(r))
        return os.path.join("include", fault.file[len(root):])

    def compile(self, fault, folder):
        """The object with the fault, and the one that it stands for."""
        source = os.path.join(self.top, fault.unit or fault.file)
        if source not in self.compiles:
            raise SystemExit("tests/mutants/run: %s: %s is not compiled for the host" % (fault.name, fault.unit or fault.file))
        copy, built = os.path.join(folder, self._copy(fault)), os.path.join(folder, "fault.o")
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "w") as file:
            file.write(fault.changed(self.top))
        command = list(self.compiles[source])
        replaced = command[command.index("-o") + 1]
        command[command.index("-o") + 1] = built
        if fault.unit:
            first = next(i for i, word in enumerate(command) if word.startswith("-I"))
            command.insert(first, "-I" + os.path.join(folder, "include"))
        else:
            command[command.index("-c") + 1] = copy
        run(command + ["-iquote", os.path.dirname(source), "-w", "-Wno-error"], self.folder, os.path.join(folder, "build.log"))
        return built, replaced

    def link(self, program, built, replaced, folder):
        binary = os.path.join(folder, program)
        command = list(self._link(program))
        if replaced in command:
            command[command.index(replaced)] = built
        else:                                        # a member of an archive: what comes before it has the names first
            command.insert(next(i for i, word in enumerate(command) if word.endswith(".a")), built)
        command[command.index("-o") + 1] = binary
        run(command + ["-Wl,-S"], self.folder, os.path.join(folder, "build.log"))
        return binary
