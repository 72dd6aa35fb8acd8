# SPDX-License-Identifier: MIT
"""Runs the benchmark guest on a hypervisor, with the plugin beside it, and gives what each row costs."""

import os
import re
import struct
import subprocess
import sys
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools", "dom0"))

import place

OUT = os.path.join(place.BUILD, "bench")
GUEST = os.path.join(OUT, "pv-bench.elf")
PLUGIN = os.path.join(OUT, "plugin", "bench.so")
COMPILER = "g++-12"
# The clock runs with the instructions, the date is always the same: so two runs agree in each one.
MACHINE = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "EPYC,+svm,+npt,-smap,-monitor,-rdtscp",
           "-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2024-01-01,clock=vm", "-smp", "1",
           "-display", "none", "-nodefaults", "-no-user-config", "-serial", "stdio", "-no-reboot"]
CONSOLE = "console=com1 com1=115200 loglvl=none guest_loglvl=none"
SMALL = "dom0_mem=256M,max:256M dom0_max_vcpus=2"
LINE = re.compile(r"^([BN]) (\w+) = (-?\d+)(?: / (\d+))?\s*$", re.M)
TIMEOUT = 300


@dataclass
class Figures:
    """What PER units cost: instructions, weights beyond one each, cache lines of data and of code."""
    plain: int
    per: int = 1
    weights: int = None             # None: nothing was counted but instructions
    data: int = None
    code: int = None

    def weighted(self):
        return None if self.weights is None else self.plain + self.weights

    def lines(self):
        return None if self.data is None else self.data + self.code


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise place.Failed("%s failed:\n%s" % (" ".join(command), done.stdout[-4000:]))


def build(*parts):
    """The guest and the plugin, or only PARTS of them."""
    os.makedirs(place.LOGS, exist_ok=True)
    for name in parts or ("guest", "plugin"):
        folder = os.path.join(OUT, name)
        run(["cmake", "-G", "Ninja", "-S", os.path.join(HERE, name), "-B", folder,
             "-DCMAKE_CXX_COMPILER=" + COMPILER])
        run(["cmake", "--build", folder])


def versions(qemu="qemu-system-x86_64", compiler=COMPILER):
    def first_line(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]
    return {"qemu": first_line(qemu, "--version"), "compiler": first_line(compiler, "--version")}


def memory_size(path):
    """KiB between the lowest and the highest address that the image loads (ELF: PT_LOAD)."""
    with open(path, "rb") as image:
        data = image.read()
    wide = data[4] == 2
    table, start, length = ("<Q", 0x18, 0x28) if wide else ("<I", 0x0c, 0x14)
    at, = struct.unpack_from(table, data, 0x20 if wide else 0x1c)
    size, count = struct.unpack_from("<HH", data, 0x36 if wide else 0x2a)
    ends = []
    for header in range(at, at + count * size, size):
        if struct.unpack_from("<I", data, header)[0] == 1:
            first, = struct.unpack_from(table, data, header + start)
            ends.append((first, first + struct.unpack_from(table, data, header + length)[0]))
    return (max(end for _, end in ends) - min(first for first, _ in ends) + 1023) // 1024


def boot(image, arguments, memory, modules, name, plugin, timeout=TIMEOUT):
    """One run of QEMU to the machine's reset; what came on the console. Paths below the repository are relative: QEMU
    hands them to the hypervisor, which would take longer over longer ones."""
    command = MACHINE + ["-m", str(memory), "-kernel", os.path.relpath(image, place.TOP), "-append", "%s %s" % (CONSOLE, arguments),
                         "-initrd", modules, "-plugin", ",".join([PLUGIN] + plugin)]
    return run_machine(command, name, timeout)


def run_machine(command, name, timeout=TIMEOUT, enough=None):
    """Runs QEMU to its end, or until ENOUGH() says so; what came on the console, and where that is kept."""
    log = os.path.join(place.LOGS, "bench-%s.log" % name)
    until = time.monotonic() + timeout
    with open(log, "wb") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                                  cwd=place.TOP) as machine:
        while machine.poll() is None and not (enough and enough()) and time.monotonic() < until:
            time.sleep(0.02)
        if machine.poll() is None:
            machine.kill()
    with open(log, "rb") as out:
        return out.read().decode("utf-8", "replace").replace("\r", ""), log


def weighed(path):
    """The plugin's rows, in the guest's order: (kind, [instructions, weights, data, code, and of the first two what is the
    hypervisor's] or [])."""
    with open(path) as rows:
        words = [line.split() for line in rows]
    return [(kind, [] if rest == ["-"] else list(map(int, rest))) for kind, *rest in words]


def printed_rows(name):
    """The rows that the guest printed in its last run of that name, in order."""
    with open(os.path.join(place.LOGS, "bench-%s.log" % name), errors="replace") as log:
        return [row for _, row, _, _ in LINE.findall(log.read().replace("\r", ""))]


def combined(text, rows, log):
    """What the guest printed, together with what the plugin saw between the marks of the same rows."""
    printed = LINE.findall(text)
    if len(printed) != len(rows):
        raise place.Failed("the guest printed %d rows, the plugin saw %d (%s)" % (len(printed), len(rows), log))
    found, overhead = {}, None
    for (kind, name, count, per), (_, seen) in zip(printed, rows):
        if kind == "N":
            continue                        # could not be measured: the guest says why in its log
        figures = found[name] = Figures(int(count), int(per))
        if seen:
            figures.weights, figures.data, figures.code = seen[1:4]
            if name != "to_first_instruction":
                overhead = agree(name, seen[0] - figures.plain, overhead)
    return found


def agree(name, more, overhead):
    """Plugin and TSC count the same, but for reading the TSC, and an instruction that faults counts there once more."""
    if overhead is None:
        overhead = more
    if not 0 <= more - overhead <= 1:
        raise place.Failed("%s: the plugin counts %d more than the TSC, in other rows %d" % (name, more, overhead))
    return overhead


def guest(image, name, arguments, *plugin):
    """Figures of each row of the guest, in its order."""
    out = os.path.join(OUT, name + ".rows")
    text, log = boot(image, "%s %s" % (SMALL, arguments), 1024, os.path.relpath(GUEST, place.TOP), name,
                     ["out=" + out, "begin=reset", *plugin])
    if "== done" not in text:
        raise place.Failed("%s: the guest did not reach its end (%s)" % (name, log))
    found = combined(text, weighed(out), log)
    found["image_kib"] = Figures(memory_size(image))
    return found
