# SPDX-License-Identifier: MIT
"""QEMU's arm64 "virt" machine with EL2: what machine.py is for x86. QEMU loads the hypervisor as a
kernel image, and dom0's kernel and initramfs as modules that it names in the device tree."""

import os

import machine
import place

# Where QEMU puts them: a kernel image of Debian's takes 33 MiB in memory.
KERNEL_ADDRESS, INITRD_ADDRESS = 0x4A000000, 0x4D000000

HYPERVISOR_ARGUMENTS = "console=dtuart loglvl=info"


class Machine(machine.Machine):
    """Has the GIC's version beside what every machine has; loader, kernel, threads and accel mean nothing here."""

    gic = 3

    def kernel_file(self):
        return place.bzimage()          # Debian's is an arm64 image as it is

    def dom0_modules(self):
        """dom0's kernel and ramdisk, where QEMU's guest-loader puts them and tells of them."""
        def module(address, what):
            return ["-device", "guest-loader,addr=%#x,%s" % (address, what)]
        return (module(KERNEL_ADDRESS, "kernel=%s,bootargs=%s" % (
                    self.kernel_file(), self.kernel_arguments.replace(",", ",,")))
                + module(INITRD_ADDRESS, "initrd=" + self.initrd))

    def command(self):
        """The QEMU command without its serial port and monitor."""
        accel = "tcg,thread=multi" if self.smp > 1 else "tcg"
        return (["qemu-system-aarch64", "-machine", "virt,virtualization=on,gic-version=%d" % self.gic,
                 "-accel", accel, "-cpu", self.cpu or "cortex-a57", "-smp", str(self.smp), "-m", str(self.memory),
                 "-display", "none", "-nodefaults", "-no-user-config",
                 "-kernel", self.hypervisor, "-append", self.arguments()]
                + self.dom0_modules() + self.devices)


def is_image(path):
    """Whether PATH begins as an arm64 kernel image does (Linux Documentation/arm64/booting)."""
    with open(path, "rb") as image:
        return image.read(64)[56:60] == b"ARM\x64"


def hypervisor(choice):
    """The image that --hv names: "xenith", "debian" or a path."""
    if choice == "debian":
        return place.debian_hypervisor()
    path = os.path.join(place.BUILD, "arm64", "xen") if choice == "xenith" else choice
    if not os.path.exists(path):
        hint = ": build it with tools/build arm64" if choice == "xenith" else ""
        raise place.Failed("there is no %s%s" % (path, hint))
    if not is_image(path):
        raise place.Failed("%s is no arm64 image" % path)
    return path
