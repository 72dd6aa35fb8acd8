# SPDX-License-Identifier: MIT
"""Machines whose domains tools/partition describes, and the kernels of tests/guests/partition."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
for folder in ("tests/guests/arm", "tools/partitions"):
    sys.path.insert(0, os.path.join(TOP, folder))

import arm
import domu
import fdt
import image
import initrd
import machine
import place


def describe(text, work):
    """What tools/partition makes of the text, in a folder below WORK: the folder, and (address or "", path) of each file."""
    source, folder = os.path.join(work, "description.txt"), os.path.join(work, "out")
    place.write(source, text.encode())
    made = subprocess.run([os.path.join(TOP, "tools", "partition"), source, "--out", folder], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        raise place.Failed("tools/partition: " + made.stdout)
    with open(os.path.join(folder, "modules.txt")) as listed:
        words = [line.rstrip("\n").split(" ") for line in listed]
    return folder, [(w[1] if len(w) > 2 else "", w[-1]) for w in words]


class X86(machine.Machine):
    def prepare(self, text):
        folder, modules = describe(text, self.work)
        self.modules = [os.path.join(folder, "description.dtb")] + [path for _, path in modules]
        return self

    def direct(self):
        return ["-kernel", self.hypervisor, "-append", self.arguments(), "-initrd", ",".join(self.modules)]

    def boot_files(self):
        return [(self.hypervisor, "hypervisor")] + [(path, "module%d" % i) for i, path in enumerate(self.modules)]

    def grub_config(self):
        lines = ["serial --unit=0 --speed=115200", "terminal_output serial", "set timeout=0",
                 "multiboot2 /boot/hypervisor " + self.arguments()]
        lines += ["module2 --nounzip /boot/module%d" % i for i in range(len(self.modules))]
        return "\n".join(lines + ["boot", ""])


class Arm(arm.Machine):
    """The domains stand in the tree that QEMU has for this machine. Without DOM0 it has no modules of dom0's."""

    dom0 = False

    def dom0_modules(self):
        return super().dom0_modules() if self.dom0 else []

    def prepare(self, text):
        tree, command = os.path.join(self.work, "machine.dtb"), self.command()
        command[command.index("-machine") + 1] += ",dumpdtb=" + tree
        subprocess.run(command + ["-serial", "null"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       stdin=subprocess.DEVNULL)
        folder, modules = describe(text.replace("arch = arm64", "arch = arm64\nhost-tree = %s\noptions = \"%s\"" % (
            tree, self.arguments())), self.work)
        self.devices = self.devices + ["-dtb", os.path.join(folder, "description.dtb")]
        for address, path in modules:
            self.devices += ["-device", "loader,file=%s,addr=%s,force-raw=on" % (path, address)]
        return self


def clock():
    """A partial device tree that gives the machine's real-time clock; returns its path."""
    device = fdt.Node("pl031@2000000", {
        "compatible": fdt.strings("arm,pl031", "arm,primecell"), "reg": fdt.wide(0x2000000, 0x1000), "interrupts": fdt.cells(0, 2, 4),
        "xen,reg": fdt.wide(0x9010000, 0x1000, 0x2000000), "xen,path": fdt.strings("/pl031@9010000"),
        "xen,force-assign-without-iommu": b""})
    root = fdt.Node("", {"#address-cells": fdt.cells(2), "#size-cells": fdt.cells(2)}, [
        fdt.Node("gic", {"phandle": fdt.cells(65000)}),
        fdt.Node("passthrough", {"compatible": fdt.strings("simple-bus"), "ranges": b"", "#address-cells": fdt.cells(2),
                                 "#size-cells": fdt.cells(2)}, [device])])
    path = os.path.join(place.OUT, "clock.dtb")
    place.write(path, fdt.write(root))
    return path


def x86_files():
    place.use("x86_64")
    place.fetch()
    return {"guest": domu.kernel("partition"), "kernel": place.vmlinux(), "bzimage": place.bzimage(), "debian": domu.build(),
            "ramdisk": os.path.join(HERE, "partitions")}


def arm_files():
    place.use("arm64")
    place.fetch()
    guest = image.build("partition", ["../partition/%s.cpp" % name for name in ("talk", "tree", "arm")])
    return {"guest": guest, "kernel": place.bzimage(), "packed": place.packed(place.bzimage()), "debian": domu.build(),
            "ramdisk": os.path.join(HERE, "partitions"), "devices": clock()}


def x86(case, hypervisor, work):
    return X86(hypervisor=machine.hypervisor(hypervisor), initrd="", work=work, loader=case.loader, smp=case.cpus, memory=case.memory,
               cpu=machine.TCG_CPU, hypervisor_arguments="console=com1 com1=115200 loglvl=all")


def arm64(case, hypervisor, work):
    box = Arm(hypervisor=arm.hypervisor(hypervisor), initrd=initrd.build() if case.dom0 else "", work=work, cpu=case.cpu, smp=case.cpus,
              memory=case.memory, dom0_memory=case.dom0, hypervisor_arguments="console=dtuart loglvl=all",
              kernel_arguments=machine.KERNEL_ARGUMENTS + " xenith.do=shell")
    box.gic, box.dom0 = case.gic, bool(case.dom0)
    return box
