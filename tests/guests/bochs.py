# SPDX-License-Identifier: MIT
"""The machine that has what QEMU's TCG lacks: Bochs with the Skylake-X model, two CPUs, booted by GRUB from an ISO.

Bochs runs without a display: its "term" library wants TERM and no terminal, and its debugger, with which Debian builds
it, gets "c" from a file. It sends no exit status worth reading: what counts is on the serial port."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

MODEL = "corei7_skylake_x"
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
VGA_BIOS = "/usr/share/vgabios/vgabios.bin"
GRUB_MODULES = "/usr/lib/grub/i386-pc"
AFTER_END = 5           # seconds for the hypervisor's last lines
# Bochs has no logical x2APIC destinations, and its serial port has the speed of a real one: Xen would drop lines;
# and it has no microcode that mends GDS, for which Xen hides AVX.
DEBIAN_ARGS = "x2apic_phys=1 sync_console spec-ctrl=gds-mit=no"
# Its NMIs go through x2APIC; that it finds no CPU stuck is a test as well.
XENITH_ARGS = "watchdog watchdog_timeout=2"
# What Xenith's log must say of such a machine.
EXPECTED = [
    ("x2APIC", r"Local APIC in x2APIC mode, physical destinations"),
    ("features", r"CPU features in use: PCID SMEP SMAP FSGSBASE 1GB-pages XSAVE XSAVEOPT$"),
    ("XSAVE", r"XSAVE: components 0xe7, area of 2688 bytes"),
    ("CPUs", r"2 of 2 CPUs run"),
    ("watchdog", r"NMI watchdog: a CPU may stand still for 2 s"),
]
# MWAIT is no operation: in Bochs it misses stores of other CPUs. Unknown MSRs fault, as on a processor, but for those
# that Bochs lacks and each system reads without care (0x1a0).
CONFIGURATION = """\
plugin_ctrl: unmapped=1, biosdev=1, serial=1, extfpuirq=1, speaker=0, gameport=0, parallel=0, iodebug=0
config_interface: textconfig
display_library: term, options="hideIPS"
cpu: model={model}, count={smp}, ips=50000000, quantum=16, reset_on_triple_fault=0, ignore_bad_msrs=1, mwait_is_nop=1
memory: guest={memory}, host={memory}
clock: sync=none, time0=946684800
romimage: file="{bios}", options=fastboot
vgaromimage: file="{vga_bios}"
vga: extension=none, update_freq=1, realtime=0
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="{serial}"
log: {log}
logprefix: %t%e%d
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
"""


class Failed(Exception):
    """Something this machine lacks."""


def require():
    needs = [("bochs", "bochs"), ("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mformat", "mtools")]
    missing = [package for tool, package in needs if not shutil.which(tool)]
    missing += [package for path, package in ((BIOS, "bochsbios"), (VGA_BIOS, "vgabios"), (GRUB_MODULES, "grub-pc-bin"))
                if not os.path.exists(path)]
    if missing:
        raise Failed("packages missing: %s (tools/deps installs them)" % " ".join(missing))


def make_iso(work, image, arguments, module, words):
    tree = work / "iso"
    (tree / "boot/grub").mkdir(parents=True)
    shutil.copyfile(image, tree / "boot/hypervisor")
    shutil.copyfile(module, tree / "boot/guest")
    (tree / "boot/grub/grub.cfg").write_text(
        "serial --unit=0 --speed=115200\nterminal_output serial\nset gfxpayload=text\n"
        f"multiboot2 /boot/hypervisor {arguments}\nmodule2 --nounzip /boot/guest {words}\nboot\n")
    out = work / "boot.iso"
    made = subprocess.run(["grub-mkrescue", "-d", GRUB_MODULES, "-o", out, tree, "--compress=no", "--fonts=", "--locales=",
                           "--themes="], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        raise Failed("grub-mkrescue failed:\n" + made.stdout)
    return out


def watch(machine, log_path, timeout):
    """Until the guest is done, the machine ends or time is up; returns the text and why it ended."""
    deadline = time.monotonic() + timeout
    while True:
        alive = machine.poll() is None
        data = log_path.read_bytes()
        if b"== done" in data and deadline > time.monotonic() + AFTER_END:
            deadline = time.monotonic() + AFTER_END
        if not alive:
            return data, "Bochs ended"
        if time.monotonic() > deadline:
            return data, "done" if b"== done" in data else f"no end after {timeout} s"
        time.sleep(0.3)


def boot(image, arguments, module, words, smp, timeout, log_path):
    """Returns the console's lines and why the run ended."""
    require()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    log_path.write_bytes(b"")
    work = pathlib.Path(tempfile.mkdtemp(prefix="bochs.", dir=log_path.parent))
    try:
        iso = make_iso(work, image, arguments, module, words)
        (work / "bochsrc").write_text(CONFIGURATION.format(
            model=MODEL, smp=smp, memory=512, bios=BIOS, vga_bios=VGA_BIOS, iso=iso, serial=log_path,
            log=log_path.with_suffix(".bochs")))
        (work / "commands").write_text("c\nq\n")
        with open(work / "console", "w") as console:
            machine = subprocess.Popen(["bochs", "-q", "-f", "bochsrc", "-rc", "commands"], cwd=work,
                                       stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                       env={**os.environ, "TERM": "vt100"})
            try:
                data, ended = watch(machine, log_path, timeout)
            finally:
                machine.kill()
                machine.wait()
        return data.decode("utf-8", "replace").replace("\r", "").split("\n"), ended
    finally:
        shutil.rmtree(work, ignore_errors=True)


def missing_lines(lines):
    """What the hypervisor should have said of this machine and did not."""
    said = [line.partition("(XEN) ")[2] for line in lines]   # GRUB's last line has no end
    return [(name, pattern) for name, pattern in EXPECTED if not any(re.search(pattern, line) for line in said)]
