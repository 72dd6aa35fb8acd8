# SPDX-License-Identifier: MIT
"""What measure.py is for x86: runs the benchmark guest of arm64 on a hypervisor, as dom0 of QEMU's "virt" machine. There the
plugin alone counts: the guest's clock ticks once in 16 instructions, and is held against it."""

import os
import sys

import measure                          # finds tools/dom0
import partitions
import place

sys.path.insert(0, os.path.join(place.TOP, "tests", "guests", "arm"))
import image as kernel

SOURCES = os.path.join(measure.HERE, "arm64")
GUEST = os.path.join(kernel.OUT, "bench.elf")
# dtb-randomness=off: the device tree has no random seeds.
QEMU = "qemu-system-aarch64"
MACHINE = ["-cpu", "cortex-a57", "-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2024-01-01,clock=vm", "-smp", "1",
           "-m", "1024", "-display", "none", "-nodefaults", "-no-user-config", "-monitor", "none", "-serial", "stdio", "-no-reboot"]
ARGUMENTS = "console=dtuart dom0_mem=128M dom0_max_vcpus=1 noreboot loglvl=none guest_loglvl=none"
TICK = 16                               # nanoseconds, each an instruction
# The rows that the version of the interrupt controller changes are measured with a GICv2, too.
GICV2 = "gic2_"
OF_GICV2 = ("vgic_read", "vgic_write", "timer_and_end", "sgi_and_end", "event_and_end")


def machine(gic=3):
    return [QEMU, "-machine", "virt,virtualization=on,gic-version=%d,dtb-randomness=off" % gic] + MACHINE


def versions():
    return measure.versions(QEMU, kernel.COMPILER)


def build():
    """The guests and the plugin."""
    measure.build("plugin")
    partitions.build()
    sources = sorted(name for name in os.listdir(SOURCES) if name.endswith((".cpp", ".S")))
    return kernel.build("bench", [os.path.join(SOURCES, name) for name in sources], "-I", SOURCES)


def fetch():
    """Debian's hypervisor for arm64; returns its path."""
    place.use("arm64")
    measure.run([os.path.join(place.TOP, "tools", "fetch"), "--arch", "arm64", place.ROOT, "xen-hypervisor-4.17-arm64"])
    return place.debian_hypervisor()


def boot(image, name, arguments, plugin, gic):
    """Debian's Xen takes the command line for dom0's, unless dom0 has one of its own."""
    modules = ["-device", "guest-loader,addr=0x4a000000,kernel=%s,bootargs=bench" % os.path.join(kernel.OUT, "bench")]
    command = machine(gic) + ["-kernel", image, "-append", "%s %s" % (ARGUMENTS, arguments)] + modules + [
        "-plugin", ",".join([measure.PLUGIN] + plugin)]
    return measure.run_machine(command, name)


def combined(text, rows, log):
    """What the guest printed, together with what the plugin saw between the marks of the same rows."""
    printed = measure.LINE.findall(text)
    if len(printed) != len(rows):
        raise place.Failed("the guest printed %d rows, the plugin saw %d (%s)" % (len(printed), len(rows), log))
    found = {}
    for (kind, name, count, per), (runs, seen) in zip(printed, rows):
        if kind == "N":
            raise place.Failed("%s could not be measured: %s (%s)" % (name, count, log))
        figures = found[name] = measure.Figures(int(count), int(per))
        if seen:
            figures.plain, figures.weights, figures.data, figures.code = seen[0] - 1, *seen[1:4]    # the mark itself
            if runs == "whole" and name != "to_first_instruction":
                agree(name, figures.plain, int(count))
    return found


def agree(name, plain, ticks):
    """The clock's count is of the run that is the shortest by it, and of full ticks."""
    if abs(plain - ticks * TICK) > 3 * TICK:
        raise place.Failed("%s: the plugin counts %d, the clock %d ticks of %d" % (name, plain, ticks, TICK))


def guest(image, name, arguments, *plugin, gic=3):
    """Figures of each row of the guest, in its order."""
    name = "arm64-" + name
    out = os.path.join(measure.OUT, name + ".rows")
    text, log = boot(image, name, arguments, ["out=" + out, "begin=reset", *plugin], gic)
    if "== done" not in text:
        raise place.Failed("%s: the guest did not reach its end (%s)" % (name, log))
    return combined(text, measure.weighed(out), log)


def column(image, name, arguments):
    """All rows of one hypervisor."""
    of_gicv2 = guest(image, name + "-gic2", arguments, gic=2)
    return {**guest(image, name, arguments), **{GICV2 + row: of_gicv2[row] for row in OF_GICV2},
            **partitions.guest(machine(), image, "arm64-" + name, arguments)}
