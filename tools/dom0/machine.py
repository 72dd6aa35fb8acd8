# SPDX-License-Identifier: MIT
"""One QEMU machine with a hypervisor, dom0's kernel and its initramfs: builds its command line, and
the ISO where GRUB is to load it. Nothing here waits for the machine: see watch.py."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field

import place

# QEMU 7.2's TCG has faults that stock Xen meets as well, so these features are masked: with SMAP its
# IRET from user mode reads the stack as supervisor, MWAIT with ECX != 0 raises #GP, and RDTSCP exits
# with RDTSC's code. What the model names and TCG lacks is masked too: it would only warn about it.
TCG_CPU = ("EPYC,+svm,+npt,-smap,-monitor,-rdtscp,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,"
           "-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec")
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"

HYPERVISOR_ARGUMENTS = "console=com1 com1=115200 loglvl=info"
KERNEL_ARGUMENTS = "console=hvc0 panic=5 loglevel=6"


@dataclass
class Machine:
    hypervisor: str                     # path of the multiboot image
    initrd: str
    work: str                           # folder for what belongs to this run alone
    kernel: str = "bzimage"             # or "elf"
    loader: str = "bios"                # GRUB from BIOS; "efi": GRUB from UEFI; "direct": QEMU
    accel: str = "tcg"
    cpu: str = ""
    smp: int = 1
    threads: int = 1                    # of each core
    memory: int = 1792                  # MiB
    hypervisor_arguments: str = HYPERVISOR_ARGUMENTS
    dom0_memory: int = 0                # MiB; 0 leaves it to the hypervisor
    kernel_arguments: str = KERNEL_ARGUMENTS
    devices: list = field(default_factory=list)     # further QEMU arguments

    def arguments(self):
        text = self.hypervisor_arguments
        if self.dom0_memory:
            text += " dom0_mem=%dM,max:%dM" % (self.dom0_memory, self.dom0_memory)
        return text

    def kernel_file(self):
        if self.kernel == "elf":
            return place.vmlinux()
        return place.bzimage() if self.kernel == "bzimage" else self.kernel

    def command(self):
        """The QEMU command without its serial port and monitor."""
        cpu = self.cpu or (TCG_CPU if self.accel == "tcg" else "host")
        accel = "tcg,thread=multi" if self.accel == "tcg" and self.smp > 1 else self.accel
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", accel, "-cpu", cpu,
                   "-smp", "%d,threads=%d" % (self.smp, self.threads), "-m", str(self.memory), "-display", "none",
                   "-nodefaults", "-no-user-config"]
        if self.loader == "direct":
            command += self.direct()
        else:
            command += ["-cdrom", self.iso(), "-boot", "d"]
        if self.loader == "efi":
            command += self.firmware()
        return command + self.devices

    def direct(self):
        """QEMU's own multiboot1 loader; commas in the list of modules are doubled."""
        def quoted(text):
            return text.replace(",", ",,")
        modules = "%s %s,%s" % (quoted(self.kernel_file()), quoted(self.kernel_arguments),
                                quoted(self.initrd))
        return ["-kernel", self.hypervisor, "-append", self.arguments(), "-initrd", modules]

    def firmware(self):
        return flash(FIRMWARE, FIRMWARE_VARIABLES, self.work, "ovmf")

    def grub_config(self):
        return ("serial --unit=0 --speed=115200\n"
                "terminal_output serial\n"
                "set timeout=0\n"
                "insmod all_video\n"
                "echo 'GRUB: loading the hypervisor and dom0'\n"
                "multiboot2 /boot/hypervisor %s\n"
                "module2 --nounzip /boot/vmlinuz %s\n"
                "module2 --nounzip /boot/initrd\n"
                "boot\n" % (self.arguments(), self.kernel_arguments))

    def boot_files(self):
        """What the ISO has in /boot: paths and names."""
        return [(self.hypervisor, "hypervisor"), (self.kernel_file(), "vmlinuz"), (self.initrd, "initrd")]

    def iso(self):
        """An ISO that boots through GRUB from BIOS and from UEFI; returns its path."""
        tree = os.path.join(self.work, "iso")
        shutil.rmtree(tree, ignore_errors=True)
        os.makedirs(tree + "/boot/grub")
        for source, name in self.boot_files():
            link_or_copy(source, os.path.join(tree, "boot", name))
        with open(tree + "/boot/grub/grub.cfg", "w") as config:
            config.write(self.grub_config())
        out = os.path.join(self.work, "boot.iso")
        made = subprocess.run(["grub-mkrescue", "-o", out, tree], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shutil.rmtree(tree)
        if made.returncode:
            raise place.Failed("grub-mkrescue failed:\n" + made.stdout)
        return out


def flash(firmware, its_variables, work, package):
    """QEMU's arguments for EFI firmware, with variables of the run's own."""
    for path in (firmware, its_variables):
        if not os.path.exists(path):
            raise place.Failed("no %s here (package %s): run tools/deps" % (path, package))
    variables = os.path.join(work, "efi-variables")
    shutil.copyfile(its_variables, variables)
    return ["-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + firmware,
            "-drive", "if=pflash,format=raw,unit=1,file=" + variables]


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def is_multiboot(path):
    """Whether PATH has a multiboot1 header: its magic, 4-byte aligned, in the first 8 KiB."""
    with open(path, "rb") as image:
        head = image.read(8192)
    magic = (0x1BADB002).to_bytes(4, "little")
    return any(head[at:at + 4] == magic for at in range(0, len(head) - 3, 4))


def hypervisor(choice):
    """The image that --hv names: "xenith", "debian" or a path."""
    if choice == "debian":
        return place.debian_hypervisor()
    path = os.path.join(place.BUILD, "x86_64", "xen") if choice == "xenith" else choice
    if not os.path.exists(path):
        hint = ": build it with tools/build" if choice == "xenith" else ""
        raise place.Failed("there is no %s%s" % (path, hint))
    if not is_multiboot(path):
        raise place.Failed("%s has no multiboot header in its first 8 KiB" % path)
    return path
