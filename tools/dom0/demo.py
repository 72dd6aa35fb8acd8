# SPDX-License-Identifier: MIT
"""The part of tools/run behind the build: dom0's files, the machine, its console."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import arm
import initrd
import machine
import place
import watch


KVM = "/dev/kvm"


class Step:
    """with Step("text"): one line with the time it took."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.start = time.monotonic()

    def __exit__(self, kind, error, trace):
        result = "FAILED" if kind else "done"
        print("  %s: %s, %.1f s" % (self.name, result, time.monotonic() - self.start), flush=True)


def positive(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("%s is not a number above 0" % text)
    return int(text)


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/run", add_help=False)
    parser.add_argument("--arch", choices=["x86_64", "arm64"], default="x86_64")
    parser.add_argument("--gic", type=int, choices=[2, 3], default=3)
    parser.add_argument("--check", action="store_true")     # the options only: tools/run, before the build
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--smp", type=positive, default=2)
    parser.add_argument("--mem", type=positive, default=1792)
    parser.add_argument("--dom0-mem", type=int, default=0)
    parser.add_argument("--kernel", choices=["bzimage", "elf"], default="bzimage")
    parser.add_argument("--accel", choices=["tcg", "kvm"], default="tcg")
    parser.add_argument("--cpu", default="")
    parser.add_argument("--hv", default="xenith")
    parser.add_argument("--hv-args", default="")
    parser.add_argument("--kernel-args", default="")
    parser.add_argument("--qemu", default="")
    parser.add_argument("--timeout", type=positive, default=420)
    parser.add_argument("--log", default=os.path.join(place.LOGS, "run.log"))
    loader = parser.add_mutually_exclusive_group()
    loader.add_argument("--efi", dest="loader", action="store_const", const="efi", default="bios")
    loader.add_argument("--direct", dest="loader", action="store_const", const="direct")
    return parser.parse_args(arguments)


def assemble(choice, work):
    with Step("Debian's kernel and Xen tools"):
        place.fetch()
    with Step("dom0's initramfs"):
        image = initrd.build()
    do = "listing" if choice.once else "listing,shell"
    if choice.arch == "arm64":
        return assemble_arm(choice, work, image, do)
    return machine.Machine(
        hypervisor=machine.hypervisor(choice.hv), initrd=image, work=work, kernel=choice.kernel,
        loader=choice.loader, accel=choice.accel, cpu=choice.cpu, smp=choice.smp,
        memory=choice.mem, dom0_memory=choice.dom0_mem, devices=choice.qemu.split(),
        hypervisor_arguments=(machine.HYPERVISOR_ARGUMENTS + " " + choice.hv_args).strip(),
        kernel_arguments=("%s xenith.do=%s %s" % (machine.KERNEL_ARGUMENTS, do,
                                                  choice.kernel_args)).strip())


def assemble_arm(choice, work, image, do):
    box = arm.Machine(
        hypervisor=arm.hypervisor(choice.hv), initrd=image, work=work, cpu=choice.cpu, smp=choice.smp,
        loader="efi" if choice.loader == "efi" else "direct",
        memory=choice.mem, dom0_memory=choice.dom0_mem, devices=choice.qemu.split(),
        hypervisor_arguments=(arm.HYPERVISOR_ARGUMENTS + " " + choice.hv_args).strip(),
        kernel_arguments=("%s xenith.do=%s %s" % (machine.KERNEL_ARGUMENTS, do, choice.kernel_args)).strip())
    box.gic = choice.gic
    return box


def why_no_kvm():
    """What is in the way of --accel kvm, or None."""
    try:
        os.close(os.open(KVM, os.O_RDWR))
    except PermissionError:
        return "no right to use %s: join the group kvm" % KVM
    except OSError as problem:
        return "this machine has no KVM (%s: %s)" % (KVM, problem.strerror)
    with open("/proc/cpuinfo") as cpus:
        if not re.search(r"^flags\s*:.*\b(vmx|svm)\b", cpus.read(), re.M):
            return ("this machine has no KVM of hardware (neither vmx nor svm in /proc/cpuinfo), and one of "
                    "software does not run hypervisors")
    return None


def check_accelerator(choice):
    if choice.arch == "arm64" and choice.accel == "kvm":
        raise place.Failed("--arch arm64: there is no --accel kvm")
    wrong = why_no_kvm() if choice.accel == "kvm" else None
    if wrong:
        raise place.Failed("--accel kvm: %s; leave the option out, QEMU's TCG works everywhere" % wrong)


def verdict(lines):
    """None if the console shows a complete listing, else what is wrong."""
    failed = [line for line in lines if "[dom0] FAILED" in line]
    if failed:
        return failed[0].strip()
    if not any("[dom0] userspace" in line for line in lines):
        return "dom0 did not reach its userspace"
    if not any("script listing ended with status 0" in line for line in lines):
        return "xl's listing did not complete"
    return None


def boot_once(choice, command, work):
    outcome = watch.run(command, choice.log, work, timeout=choice.timeout, silence=150,
                        show=lambda line: print(line, flush=True))
    wrong = verdict(outcome.lines)
    if not wrong and outcome.why != "poweroff":
        wrong = "dom0 did not power off"
    if wrong:
        hint = "; without --accel kvm it may work" if choice.accel == "kvm" else ""
        raise place.Failed("%s; %s%s" % (wrong, outcome.explain(), hint))
    print("  dom0 came up, xl answered, the machine powered off: %.1f s" % outcome.seconds)


def boot_with_shell(choice, command):
    """QEMU takes over the terminal; the console is also in the log."""
    os.makedirs(os.path.dirname(choice.log), exist_ok=True)
    console = "stdio,id=console,mux=on,signal=off,logfile=" + choice.log
    status = subprocess.run(command + [
        "-no-reboot", "-chardev", console, "-serial", "chardev:console",
        "-mon", "chardev=console", "-echr", "0x1d"]).returncode
    with open(choice.log, errors="replace") as log:
        wrong = verdict(log.read().splitlines())
    if wrong or status:
        raise place.Failed(wrong or "QEMU ended with status %d" % status)


def main():
    choice = options(sys.argv[1:])
    place.use(choice.arch)
    start = time.time()
    sys.stdout.reconfigure(errors="replace")
    os.makedirs(place.OUT, exist_ok=True)
    work = tempfile.mkdtemp(prefix="run.", dir=place.OUT)
    try:
        check_accelerator(choice)
        if choice.check:
            return 0
        box = assemble(choice, work)
        with Step("QEMU command" if box.loader == "direct" else "GRUB ISO"):
            command = box.command()
        loader = {"bios": "BIOS and GRUB", "efi": "UEFI and GRUB", "direct": "QEMU's -kernel"}
        print("  booting through %s, %d CPUs, %d MiB; the log: %s" % (
            loader[box.loader], choice.smp, choice.mem, choice.log), flush=True)
        if choice.once:
            boot_once(choice, command, work)
        else:
            boot_with_shell(choice, command)
    except place.Failed as problem:
        print("tools/run: FAILED: %s" % problem, file=sys.stderr)
        if os.path.exists(choice.log) and os.path.getmtime(choice.log) >= start:
            print("the console's log: %s" % choice.log, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tools/run: interrupted", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
