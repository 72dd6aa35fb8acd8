# SPDX-License-Identifier: MIT
"""QEMU's arm64 "virt" machine with EL2: what machine.py is for x86. Its loaders: "direct", QEMU loads the hypervisor as a
kernel image, and dom0's kernel and initramfs as modules that it names in the device tree; "efi", GRUB from UEFI; "uefi", UEFI
starts the hypervisor, which reads a configuration file. Any other is "direct"."""

import os
import subprocess

import machine
import place

# Where QEMU puts them: a kernel image of Debian's takes 33 MiB in memory.
KERNEL_ADDRESS, INITRD_ADDRESS = 0x4A000000, 0x4D000000

HYPERVISOR_ARGUMENTS = "console=dtuart loglvl=info"
FIRMWARE = "/usr/share/AAVMF/AAVMF_CODE.fd"
FIRMWARE_VARIABLES = "/usr/share/AAVMF/AAVMF_VARS.fd"
GRUB_MODULES = ["part_msdos", "fat", "normal", "configfile", "echo", "fdt", "xen_boot"]


class Machine(machine.Machine):
    """Has the GIC's version beside what every machine has; a kernel of "gzip" is packed; threads and accel mean nothing here."""

    gic = 3

    def kernel_file(self):
        return place.packed(place.bzimage()) if self.kernel == "gzip" else place.bzimage()   # Debian's is an arm64 image as it is

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
        board = "virt,virtualization=on,gic-version=%d" % self.gic
        if self.loader in ("efi", "uefi"):
            board += ",acpi=off"        # else the firmware hands over ACPI tables and no device tree
        return (["qemu-system-aarch64", "-machine", board,
                 "-accel", accel, "-cpu", self.cpu or "cortex-a57", "-smp", str(self.smp), "-m", str(self.memory),
                 "-display", "none", "-nodefaults", "-no-user-config"]
                + (self.firmware() + self.partition() if self.loader in ("efi", "uefi") else self.direct()) + self.devices)

    def direct(self):
        return ["-kernel", self.hypervisor, "-append", self.arguments()] + self.dom0_modules()

    def firmware(self):
        return machine.flash(FIRMWARE, FIRMWARE_VARIABLES, self.work, "qemu-efi-aarch64")

    def partition(self):
        """A disk that firmware boots from: EFI/BOOT with an image of this machine's default name, and what that one reads."""
        folder = os.path.join(self.work, "esp")
        boot = os.path.join(folder, "EFI", "BOOT")
        os.makedirs(boot)
        files = {"vmlinuz": self.kernel_file(), "initrd": self.initrd}
        if self.loader == "efi":
            files["hypervisor"] = self.hypervisor
            self.grub(os.path.join(boot, "BOOTAA64.EFI"))
            place.write(os.path.join(boot, "grub.cfg"), self.grub_config().encode())
        else:
            files["BOOTAA64.EFI"] = self.hypervisor
            place.write(os.path.join(boot, "BOOTAA64.cfg"), self.config_file().encode())
        for name, path in files.items():
            machine.link_or_copy(path, os.path.join(boot, name))
        return ["-drive", "if=none,id=esp,format=raw,readonly=on,file=fat:" + folder, "-device", "virtio-blk-pci,drive=esp"]

    @staticmethod
    def grub(out):
        modules = os.path.join(place.ROOT, "usr/lib/grub/arm64-efi")
        made = subprocess.run(["grub-mkimage", "-O", "arm64-efi", "-d", modules, "-p", "/EFI/BOOT", "-o", out] + GRUB_MODULES,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode:
            raise place.Failed("grub-mkimage failed:\n" + made.stdout)

    def grub_config(self):
        return ("set timeout=0\n"
                "echo 'GRUB: loading the hypervisor and dom0'\n"
                "xen_hypervisor $prefix/hypervisor %s\n"
                "xen_module $prefix/vmlinuz %s\n"
                "xen_module $prefix/initrd\n"
                "boot\n" % (self.arguments(), self.kernel_arguments))

    def config_file(self):
        """What the hypervisor reads (docs/arm64.md)."""
        return ("[global]\n"
                "default=debian\n"
                "[debian]\n"
                "options=%s\n"
                "kernel=vmlinuz %s\n"
                "ramdisk=initrd\n" % (self.arguments(), self.kernel_arguments))


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
