# SPDX-License-Identifier: MIT
"""Machines whose dom0 checks what it finds, as a file of cases describes them: what tests/system/run does for x86 and
tests/system/arm64 for arm64."""

import argparse
import concurrent.futures
import configparser
import fcntl
import hashlib
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools", "dom0"))

import domu
import images
import initrd
import machine
import microcode
import place
import watch

LOGS = os.path.join(place.LOGS, "system")
DISK_MIB = 16
HYPERVISOR_ARGUMENTS = "console=com1 com1=115200 loglvl=all guest_loglvl=all"
# Debian's Xen switches an AMD processor's vector registers when they are first used; under QEMU 7.2 domains then lose
# them now and then (the case "registers" under Debian's Xen without this option).
ONLY_FOR = {"debian": "spec-ctrl=eager-fpu", "xenith": ""}
# The clock runs with the instructions, the date is always the same (as in tests/bench).
COUNTED = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2024-01-01,clock=vm"]
DEFAULTS = {"loader": "direct", "kernel": "elf", "smp": "1", "threads": "1", "mem": "1792", "dom0_mem": "1024",
            "scripts": "info", "ucode": "", "disk": "", "scratch": "", "nic": "", "net_mib": "64", "screen": "", "resets": "0", "hv_args": "",
            "serial": "port", "keys": "", "cpu": "", "icount": "", "qemu": "", "domu": "", "image": "", "store": "", "timeout": "900", "only": "", "long": ""}


def pattern(name, size):
    """Bytes that no zeroed or stale buffer looks like, the same every time."""
    return random.Random(name).randbytes(size)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Disk:
    """A disk image whose second half dom0 overwrites with the first, MiB by MiB, back to front."""

    def __init__(self, kind, work):
        self.path = os.path.join(work, "disk.img")
        data = pattern("disk", DISK_MIB << 20)
        place.write(self.path, data)
        half = DISK_MIB // 2
        pieces = [data[i << 20:(i + 1) << 20] for i in range(half)]
        self.after = b"".join(pieces + pieces[::-1])
        self.expect = {"DISK": kind, "DISK_MIB": DISK_MIB, "DISK_SHA256": sha256(data),
                       "DISK_SHA256_AFTER": sha256(self.after)}
        device = {"virtio": "virtio-blk-pci,drive=disk", "ahci": "ide-hd,drive=disk,bus=ide.0"}[kind]
        self.arguments = ["-drive", "if=none,id=disk,format=raw,file=" + self.path, "-device", device]

    def verify(self):
        with open(self.path, "rb") as image:
            if image.read() != self.after:
                return ["the disk image does not hold what dom0 was to write"]
        return []


class Scratch(Disk):
    """A disk with the same pattern, for dom0's guests to do with as they like."""

    def verify(self):
        return []


class Image:
    """A disk that a guest boots from (images.py), in a copy-on-write view."""

    def __init__(self, kind, work):
        path = {"grub": images.grub, "debian": images.debian}[kind]()
        self.expect = {"IMAGE": kind}
        self.arguments = ["-drive", "if=none,id=image,format=raw,snapshot=on,file=" + path,
                          "-device", "virtio-blk-pci,drive=image"]

    @staticmethod
    def verify():
        return []


class Network:
    """A card on QEMU's user network, with a TFTP server and two TCP addresses that are commands."""

    def __init__(self, kind, work):
        small, large = pattern("small", 200_000), pattern("large", 4 << 20)
        folder = os.path.join(work, "tftp")
        place.write(os.path.join(folder, "small"), small)
        source = os.path.join(work, "large")
        place.write(source, large)
        self.received, self.want = os.path.join(work, "received"), small + large
        self.expect = {"NIC": kind, "NET_SMALL_SHA256": sha256(small),
                       "NET_LARGE_SHA256": sha256(large)}
        network = ("user,id=net,restrict=on,tftp=%s,guestfwd=tcp:10.0.2.100:80-cmd:cat %s,"
                   "guestfwd=tcp:10.0.2.101:80-cmd:tee %s" % (folder, source, self.received))
        device = {"virtio": "virtio-net-pci", "e1000": "e1000", "e1000e": "e1000e"}[kind] + ",netdev=net,romfile="
        self.arguments = ["-netdev", network, "-device", device]

    def verify(self):
        with open(self.received, "rb") as data:
            if data.read() != self.want:
                return ["the host did not receive what dom0 was to send"]
        return []


class Screen:
    """A VGA card that dom0 paints in the colours below, as its console."""

    COLOURS = {"grey": (0xAA, 0xAA, 0xAA), "blue": (0x00, 0x00, 0xAA)}

    def __init__(self, kind, work):
        self.work = work
        self.expect = {"SCREEN": kind, "COLOURS": " ".join(self.COLOURS)}
        self.arguments = ["-vga", "std"]

    def verify(self):
        wrong = []
        for name, colour in self.COLOURS.items():
            share = self.share(os.path.join(self.work, name + ".ppm"), colour)
            if share < 0.9:
                wrong.append("%d %% of the screen are %s" % (share * 100, name))
        return wrong

    @staticmethod
    def share(path, colour):
        """How much of a picture (PPM: "P6 WIDTH HEIGHT 255", then the pixels) has a colour, or nearly."""
        if not os.path.exists(path):
            return 0
        with open(path, "rb") as picture:
            size, pixels = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s(.*)", picture.read(), re.S).group(1, 3)
        pixels = pixels[:len(pixels) // 3 * 3]
        planes = [pixels[i::3] for i in range(3)]
        close = sum(all(abs(p - c) <= 8 for p, c in zip(pixel, colour)) for pixel in zip(*planes))
        return close / max(1, len(planes[0])) if int(size) else 0


class Case:
    """One machine of a file of cases; subclasses say what another architecture's differ in."""

    FILE, DEFAULTS, LOG = "cases.ini", DEFAULTS, "%s.log"

    def __init__(self, name, keys, choice, image):
        self.name, self.keys, self.image = name, keys, image
        self.choice = "debian" if choice == "debian" else "xenith"
        self.log = os.path.join(LOGS, self.LOG % name)

    def number(self, key):
        return int(self.keys[key])

    def dom0_files(self, work, expect):
        files = {}
        for name in os.listdir(os.path.join(HERE, "guest")):
            with open(os.path.join(HERE, "guest", name), "rb") as script:
                files["do/" + name] = script.read()
        for name, path in self.guest_files().items():
            with open(path, "rb") as content:
                files["domu/" + name] = content.read()
        lines = ["%s='%s'\n" % pair for pair in expect.items()]
        files["do/expect"] = "".join(lines).encode()
        if not self.keys["ucode"]:
            return initrd.extra(os.path.join(work, "initrd"), initrd.build(), files)
        early = microcode.container(int(self.keys["ucode"], 16))
        files["do/ucode.bin"] = early
        return initrd.extra(os.path.join(work, "initrd"), initrd.build(), files, microcode.archive(early))

    # What guests are started from, by the names in the file of cases; what is made before the first machine starts.
    KNOWN = {"kernel": place.vmlinux, "bzimage": place.bzimage, "initrd": domu.build, "small": domu.small,
             "storm": domu.storm, "pace": domu.pace, "grub": place.pv_grub}
    SHARED = [place.vmlinux, domu.build, domu.small, domu.storm, domu.pace]

    def guest_files(self):
        return {name: self.KNOWN[name]() for name in self.keys["domu"].split()}

    @staticmethod
    def hypervisor(choice):
        return machine.hypervisor(choice)

    def machine(self, work, parts):
        keys = self.keys
        expect = {"SMP": keys["smp"], "MEM": keys["mem"], "DOM0_MEM": keys["dom0_mem"],
                  "HV": self.choice, "NET_MIB": keys["net_mib"]}
        for part in parts:
            expect.update(part.expect)
        words = machine.KERNEL_ARGUMENTS + " xenith.do=" + keys["scripts"].replace(" ", ",")
        if keys["store"]:
            words += " xenith.store=" + keys["store"]
        return self.box(
            hypervisor=self.image, initrd=self.dom0_files(work, expect), work=work, loader=keys["loader"],
            smp=self.number("smp"), memory=self.number("mem"), dom0_memory=self.number("dom0_mem"), kernel_arguments=words,
            devices=[argument for part in parts for argument in part.arguments] + keys["qemu"].split() +
            (COUNTED if keys["icount"] else []))

    def box(self, **common):
        """The machine, from what all architectures' have and what is x86's own."""
        keys = self.keys
        return machine.Machine(
            kernel=keys["kernel"], threads=self.number("threads"), cpu=",".join(filter(None, (machine.TCG_CPU, keys["cpu"]))),
            hypervisor_arguments=" ".join((HYPERVISOR_ARGUMENTS, ONLY_FOR[self.choice], keys["hv_args"])).strip(), **common)

    def parts(self, work):
        kinds = (("disk", Disk), ("scratch", Scratch), ("image", Image), ("nic", Network), ("screen", Screen))
        return [kind(self.keys[key], work) for key, kind in kinds if self.keys[key]]

    def run(self):
        """Returns (number of checks that passed, list of what is wrong, the outcome)."""
        work = tempfile.mkdtemp(prefix="system.", dir=place.OUT)
        try:
            parts = self.parts(work)
            resets = self.number("resets")
            options = {"timeout": self.number("timeout"), "resets": resets,
                       "serial": self.keys["serial"], "keys": self.typed()}
            if resets:
                options.update(stop_at="[dom0] userspace", stop_count=resets + 1)
            outcome = watch.run(self.machine(work, parts).command(), self.log, work, **options)
            wrong = self.judge(outcome)
            for part in parts:
                wrong += [] if wrong else part.verify()
            return len(re.findall(r"\[ok\] ", outcome.text())), wrong, outcome
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def typed(self):
        """The pairs of a console line's pattern and the keys typed after it; ^A is Ctrl-a."""
        pairs = [line.split(" -> ") for line in self.keys["keys"].splitlines() if line]
        return [(text, keys.replace("^A", "\1").replace("^M", "\r")) for text, keys in pairs]

    def judge(self, outcome):
        text = outcome.text()
        wrong = re.findall(r"\[FAIL\] (.*)", text)
        wrong += ["dom0: " + line for line in re.findall(r"\[dom0\] FAILED: (.*)", text)]
        resets = self.number("resets")
        if resets:
            if outcome.why != "stopped":
                wrong.append("dom0 did not come up %d times: %s" % (resets + 1, outcome.explain()))
            return wrong
        if "[dom0] userspace" not in text:
            wrong.append("dom0 did not reach its userspace")
        for script in self.keys["scripts"].split():
            if script == "shell":       # what is typed there ends the machine
                continue
            if "script %s ended with status 0" % script not in text:
                wrong.append("script %s did not run to its end" % script)
        if outcome.why != "poweroff":
            wrong.append("dom0 did not power off: " + outcome.explain())
        return wrong


def read_cases(kind, choice, image):
    parser = configparser.ConfigParser(default_section="none")
    parser.read(os.path.join(HERE, kind.FILE))
    cases = []
    for name in parser.sections():
        unknown = set(parser[name]) - set(kind.DEFAULTS)
        if unknown:
            raise place.Failed("%s: [%s] has unknown keys: %s" % (kind.FILE, name, ", ".join(unknown)))
        cases.append(kind(name, {**kind.DEFAULTS, **parser[name]}, choice, image))
    return [case for case in cases if case.keys["only"] in ("", case.choice)]


def prepare(kind):
    """Make what all cases share, once, even when two test programs start together."""
    os.makedirs(LOGS, exist_ok=True)
    os.makedirs(place.OUT, exist_ok=True)
    with open(os.path.join(place.OUT, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place.fetch()
        initrd.build()
        for make in kind.SHARED:
            make()


def show(case, result, lock):
    good, wrong, outcome = result
    with lock:
        print("%-6s %-16s %6.1f s  %3d checks" % (
            "FAILED" if wrong else "ok", case.name, outcome.seconds, good + len(wrong)), flush=True)
        for line in wrong[:12]:
            print("         %s" % line)
        if wrong:
            print("         log: %s" % case.log, flush=True)


def run_all(cases, jobs):
    lock = threading.Lock()

    def one(case):
        try:
            result = case.run()
        except place.Failed as problem:
            result = 0, [str(problem)], watch.Outcome()
        show(case, result, lock)
        return bool(result[1])

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        failed = sum(pool.map(one, cases))
    return failed


def parse(program, about):
    parser = argparse.ArgumentParser(prog=program, description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*", help="names of cases (default: all but the long ones)")
    parser.add_argument("--hv", default="xenith", help="xenith, debian (Debian's Xen 4.17) or a path")
    parser.add_argument("--long", action="store_true", help="the long cases too")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1),
                        help="machines at a time (%(default)s)")
    return parser.parse_args()


def main(program, about, kind=Case):
    choice = parse(program, about)
    try:
        if choice.list:
            print("\n".join(case.name for case in read_cases(kind, choice.hv, None)))
            return 0
        prepare(kind)
        cases = read_cases(kind, choice.hv, kind.hypervisor(choice.hv))
        unknown = set(choice.case) - {case.name for case in cases}
        if unknown:
            raise place.Failed("no case named %s (see --list)" % ", ".join(sorted(unknown)))
        chosen = [case for case in cases if case.name in choice.case or
                  not choice.case and (choice.long or not case.keys["long"])]
        start = time.monotonic()
        failed = run_all(chosen, choice.jobs)
    except place.Failed as problem:
        print("%s: FAILED: %s" % (program, problem), file=sys.stderr)
        return 1
    print("%.0f s, logs in %s" % (time.monotonic() - start, LOGS))
    print("%d passed, %d failed" % (len(chosen) - failed, failed))
    return 1 if failed else 0
