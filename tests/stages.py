# SPDX-License-Identifier: MIT
"""The stages behind tests/run, two at a time, each with a log and a line about how it went."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(TOP, "build", "logs")
LANES = 2
JOBS = max(1, (os.cpu_count() or 1) // LANES)       # for each lane
HEARTBEAT = 60                                      # seconds between signs of life
COUNT = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
CATCH = re.compile(r"All tests passed \(.* in (\d+) test cases?\)")


@dataclass
class Stage:
    name: str
    about: str
    commands: list
    needs: list = field(default_factory=list)
    minutes: int = 20

    def log(self):
        return os.path.join(LOGS, "test-%s.log" % self.name)


# In the order in which they start where nothing else decides: what others wait for comes first.
STAGES = [
    Stage("structure", "the structural rules on the sources", ["tools/check-structure"]),
    Stage("readme", "the commands and links of the documents exist", ["tools/check-readme"]),
    Stage("gcc", "the x86_64 release image with g++", ["tools/build x86_64"]),
    Stage("host", "unit tests and the simulated machine, with ASan and UBSan",
          ["cmake --preset host-x86-asan",
           "cmake --build build/host-x86-asan --parallel %d --target host-tests" % JOBS,
           "ctest --test-dir build/host-x86-asan --verbose --timeout 600 --no-tests=error"]),
    Stage("fuzz", "the fuzzers for a minute each, and how much work calls do between two looks",
          ["tests/fuzz/run --seconds 60",
           "cmake --build build/host-x86-fuzz --parallel %d --target bounds_tests" % JOBS,
           "build/host-x86-fuzz/tests/bounds/bounds_tests"], minutes=30),
    Stage("census", "random domains and small models, everything counted again after each operation",
          ["tests/census/run models", "tests/census/run world --operations 1000000",
           "tests/census/run --asan world --operations 40000"], ["host"], 30),
    Stage("docs", "the pages made from the tables in the code are up to date", ["tools/docs --check"], ["host"]),
    Stage("mutants", "ten seeded faults, chosen by the commit, which the tests must catch",
          ["JOBS=1 tests/mutants/run --sample 10"], ["host", "arm64-host"]),
    Stage("guests", "our own guest kernel as dom0", ["tests/guests/run --hv xenith"], ["gcc"]),
    Stage("bochs", "the same in Bochs: x2APIC, PCID, SMAP, AVX-512",
          ["tests/guests/run --machine bochs --skip policy"], ["guests"]),
    Stage("watchdog", "NMIs: the watchdog finds a CPU that spins, `nmi=` decides about others", ["tests/guests/nmi"], ["guests"]),
    Stage("system", "Debian's dom0 in QEMU", ["tests/system/run --hv xenith -j %d" % JOBS], ["gcc"], 40),
    Stage("partitions", "domains without dom0 on both architectures, and tools/partition",
          ["tests/tools/partition_test.py", "tests/system/partitions"], ["gcc", "arm64"]),
    Stage("bench", "no operation of the benchmark guest costs more than in the stored table", ["tests/bench/run --check"], ["gcc"]),
    Stage("toolstack", "what Debian's tools print, against what they print on Debian's Xen",
          ["tests/system/toolstack/run"], ["system"]),
    Stage("clang", "the x86_64 release image with clang and its lock analysis",
          ["tools/build --preset x86_64-clang-release"]),
    Stage("arm64", "the arm64 release image with g++", ["tools/build arm64"]),
    Stage("arm64-guest", "our own arm64 kernel as dom0, on both interrupt controllers",
          ["tests/guests/arm/run --gic 3 --smp 2", "tests/guests/arm/run --gic 2 --smp 2", "tests/guests/arm/run --cpu max"], ["arm64"]),
    Stage("arm64-hostile", "a guest that does all it can against the arm64 host",
          ["tests/guests/arm/run --hostile --gic 3", "tests/guests/arm/run --hostile --gic 2"], ["arm64"], 30),
    Stage("arm64-bench", "no operation of the arm64 benchmark guest costs more than in the stored table",
          ["tests/bench/run --arch arm64 --check"], ["arm64"]),
    Stage("arm64-host", "the guest side of Arm in a process, with ASan and UBSan",
          ["cmake --preset host-arm-asan",
           "cmake --build build/host-arm-asan --parallel %d --target host-tests" % JOBS,
           "ctest --test-dir build/host-arm-asan --verbose --timeout 600 --no-tests=error"]),
    Stage("arm64-dom0", "Debian's arm64 dom0 in QEMU, on GICv2 and GICv3, and guests of its tools",
          ["tests/system/arm64 -j %d" % JOBS], ["arm64"]),
    Stage("abi", "the public headers against those of libxen-dev", ["tests/abi/run"]),
    Stage("headers", "what the builds were made from", ["tools/check-structure --builds"],
          ["gcc", "clang", "arm64"]),
]


class Running:
    """A stage at work: its commands run one after the other in a shell, output into the log."""

    def __init__(self, stage):
        self.stage, self.start = stage, time.monotonic()
        self.beat = self.start
        self.log = open(stage.log(), "w")
        script = "set -e\n" + "".join("echo '$ %s'\n%s\n" % (c, c) for c in stage.commands)
        self.process = subprocess.Popen(
            ["timeout", "%dm" % stage.minutes, "bash", "-c", script], cwd=TOP, stdout=self.log,
            stderr=self.log, stdin=subprocess.DEVNULL, env={**os.environ, "JOBS": str(JOBS)})

    def seconds(self):
        return time.monotonic() - self.start

    def text(self):
        with open(self.stage.log(), errors="replace") as log:
            return log.read()

    def heartbeat(self):
        if time.monotonic() - self.beat > HEARTBEAT:
            self.beat = time.monotonic()
            last = [line for line in self.text().splitlines() if line.strip()][-1:]
            say("...", self.stage.name, "%4.0f s: %s" % (self.seconds(), "".join(last)[:70]))

    def count(self):
        """(passed, failed) from the log; a stage that counts nothing is one test."""
        status, text = self.process.returncode, self.text()
        pairs = [(int(good), int(bad)) for good, bad in COUNT.findall(text)]
        passed, failed = pairs[-1] if pairs else (sum(map(int, CATCH.findall(text))), 0)
        if status and not failed:
            failed = 1
        if not status and not passed and not failed:
            passed = 1
        return passed, failed

    def finish(self):
        self.log.close()
        passed, failed = self.count()
        status = self.process.returncode
        detail = "%6.1f s, %d passed, %d failed" % (self.seconds(), passed, failed)
        say("FAILED" if failed else "ok", self.stage.name, detail)
        if failed:
            why = " (out of time)" if status == 124 else ""
            print("  status %d%s; the end of %s:" % (status, why, self.stage.log()))
            for line in self.text().splitlines()[-30:]:
                print("    | " + line)
            sys.stdout.flush()
        return passed, failed


def say(what, name, detail=""):
    print("%-6s  %-10s %s" % (what, name, detail), flush=True)


def chosen(names):
    """The named stages and, before them, what they need."""
    by_name = {stage.name: stage for stage in STAGES}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        sys.exit("tests/run: no stage %s; there are: %s" % (
            ", ".join(unknown), " ".join(by_name)))
    wanted = set(names or by_name)
    while True:
        more = {need for name in wanted for need in by_name[name].needs} - wanted
        if not more:
            return [stage for stage in STAGES if stage.name in wanted]
        wanted |= more


def run(waiting):
    """Start what may start, two at a time; a stage whose need failed counts as failed."""
    passed = failed = 0
    good, bad, running = set(), set(), []
    try:
        while waiting or running:
            for stage in [s for s in waiting if set(s.needs) & bad]:
                waiting.remove(stage)
                bad.add(stage.name)
                failed += 1
                say("FAILED", stage.name, "not run: it needs %s" % " ".join(stage.needs))
            ready = [s for s in waiting if set(s.needs) <= good]
            while ready and len(running) < LANES:
                stage = ready.pop(0)
                waiting.remove(stage)
                say("start", stage.name, stage.about)
                running.append(Running(stage))
            time.sleep(0.1)
            for one in [r for r in running if r.process.poll() is not None]:
                running.remove(one)
                more_passed, more_failed = one.finish()
                passed, failed = passed + more_passed, failed + more_failed
                (bad if more_failed else good).add(one.stage.name)
            for one in running:
                one.heartbeat()
    finally:
        for one in running:
            one.process.terminate()
    return passed, failed


def main():
    arguments = sys.argv[1:]
    if arguments == ["--list"]:
        for stage in STAGES:
            print("%-10s %s" % (stage.name, stage.about))
        return 0
    os.makedirs(LOGS, exist_ok=True)
    start = time.monotonic()
    passed, failed = run(chosen(arguments))
    print("%.1f minutes; logs in %s" % ((time.monotonic() - start) / 60, LOGS))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
