#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""tools/partition: what it writes is a tree that dtc reads, and each mistake is told with its line."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools", "partitions"))

import fdt

X86 = """[machine]
arch = x86_64
memory = 1G
cpus = 2
options = "console=com1"

[domain left]
memory = 64M
kernel = one
arguments = "a # b"   # a comment
pin = 0

[domain right]
memory = 64M
kernel = one
ramdisk = two
pin = 1

[channel]
left = 10
right = 11
"""

ARM = """[machine]
arch = arm64
memory = 1G
cpus = 4
options = "console=dtuart"

[domain front]
memory = 128M
cpus = 2
kernel = one
static-memory = 0x60000000+64M, 0x68000000+64M
enhanced = yes

[domain back]
memory = 64M
kernel = one
ramdisk = two
console = no

[shared mailbox]
size = 64K
at = 0x70000000
front = 0x50000000 owner
back = 0x58000000 borrower
"""


class Tool(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, size in (("one", 5000), ("two", 3 << 20), ("empty", 0)):
            self.put(name, b"x" * size)

    def put(self, name, data):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def run_tool(self, text):
        out = os.path.join(self.folder.name, "out")
        source = self.put("text", text.encode())
        done = subprocess.run([os.path.join(TOP, "tools", "partition"), source, "--out", out], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.replace(source, "text"), out

    def written(self, text):
        status, said, out = self.run_tool(text)
        self.assertEqual(status, 0, said)
        with open(os.path.join(out, "description.dtb"), "rb") as tree:
            data = tree.read()
        checked = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", os.path.join(out, "description.dtb")], stdout=subprocess.PIPE, text=True)
        self.assertEqual(checked.returncode, 0)
        return fdt.read(data)[0].child("chosen"), out

    def content(self, out, name):
        with open(os.path.join(out, name)) as f:
            return f.read()

    def test_x86(self):
        chosen, out = self.written(X86)
        left, right = chosen.children
        self.assertEqual(left.properties["memory"], fdt.wide(65536))
        self.assertEqual(left.child("kernel").properties["bootargs"], b"a # b\0")
        self.assertEqual(left.child("kernel").properties["module-index"], fdt.cells(1))
        self.assertEqual(right.child("kernel").properties["module-index"], fdt.cells(1))     # the same file, loaded once
        self.assertEqual(right.child("ramdisk").properties["module-index"], fdt.cells(2))
        self.assertEqual(right.child("vcpu0").properties["hard-affinity"], b"1\0")
        a, b = left.child("evtchn"), right.child("evtchn")
        self.assertEqual(a.properties["xen,evtchn"], fdt.cells(10) + b.properties["phandle"])
        self.assertEqual(b.properties["xen,evtchn"], fdt.cells(11) + a.properties["phandle"])
        self.assertEqual([line.split()[0] for line in self.content(out, "modules.txt").splitlines()], ["1", "2"])
        self.assertIn("multiboot2 /boot/xen console=com1", self.content(out, "grub.cfg"))
        self.assertIn("qemu-system-x86_64", self.content(out, "qemu.sh"))

    def test_arm(self):
        chosen, out = self.written(ARM)
        front, back = chosen.children
        self.assertEqual(front.properties["xen,static-mem"], fdt.wide(0x60000000, 64 << 20, 0x68000000, 64 << 20))
        self.assertIn("vpl011", front.properties)
        self.assertNotIn("vpl011", back.properties)
        self.assertEqual(front.child("kernel").properties["reg"], fdt.wide(0x50000000, 5000))
        self.assertEqual(back.child("ramdisk").properties["reg"], fdt.wide(0x50200000, 3 << 20))
        self.assertEqual(back.child("shared-mailbox").properties["xen,shared-mem"], fdt.wide(0x70000000, 0x58000000, 65536))
        self.assertEqual(chosen.properties["xen,xen-bootargs"], b"console=dtuart\0")
        self.assertIn("loader,file=", self.content(out, "qemu.sh"))
        script = self.content(out, "boot.cmd")
        self.assertIn("fdt mknode /chosen front\n", script)
        self.assertIn('fdt set /chosen/front compatible "xen,domain"', script)
        self.assertIn("fdt set /chosen/front memory <0x0 0x20000>", script)
        self.assertIn("booti ${kernel_addr_r} - ${fdt_addr}", script)

    def test_host_tree(self):
        host = fdt.Node("", {"model": b"board\0"}, [fdt.Node("chosen", {"stdout-path": b"/uart\0"}), fdt.Node("gic", {"phandle": fdt.cells(7)})])
        self.put("host.dtb", fdt.write(host, [(0x1000, 0x2000)], 3))
        text = ARM.replace("cpus = 4", "cpus = 4\nhost-tree = host.dtb") + "[channel]\nfront = 1\nback = 2\n"
        chosen, out = self.written(text)
        self.assertEqual(chosen.properties["stdout-path"], b"/uart\0")
        self.assertEqual(chosen.child("front").child("evtchn").properties["phandle"], fdt.cells(8))
        with open(os.path.join(out, "description.dtb"), "rb") as tree:
            root, reservations, boot_cpu = fdt.read(tree.read())
        self.assertEqual((root.properties["model"], reservations, boot_cpu), (b"board\0", [(0x1000, 0x2000)], 3))

    def test_devices(self):
        self.put("host.dtb", fdt.write(fdt.Node("", {}, [fdt.Node("clock@9000"), fdt.Node("uart@1000")])))
        text = ARM.replace("cpus = 4", "cpus = 4\nhost-tree = host.dtb").replace("ramdisk = two", "devices = part.dtb")
        for path, refused in (("/clock@9000", None), ("/clock@8000", "devices: the machine's tree has no node /clock@8000")):
            self.put("part.dtb", fdt.write(fdt.Node("", {}, [fdt.Node("passthrough", {}, [fdt.Node("clock", {"xen,path": fdt.strings(path)})])])))
            if refused:
                shutil.rmtree(out)
                self.refused(text, 18, refused)
                continue
            chosen, out = self.written(text)
            with open(os.path.join(out, "description.dtb"), "rb") as tree:
                root = fdt.read(tree.read())[0]
            self.assertIn("xen,passthrough", root.child("clock").properties)
            self.assertNotIn("xen,passthrough", root.child("uart").properties)
            self.assertEqual(chosen.child("back").child("devices").properties["compatible"], fdt.strings("multiboot,device-tree", "multiboot,module"))
            self.assertIn("fdt set /clock@9000 xen,passthrough\n", self.content(out, "boot.cmd"))
        self.refused(ARM.replace("ramdisk = two", "devices = two"), 17, "devices: no device tree of version 17")

    def refused(self, text, line, message):
        status, said, out = self.run_tool(text)
        self.assertEqual(status, 1, said)
        self.assertIn("text:%d: " % line, said)
        self.assertIn(message, said)
        self.assertFalse(os.path.exists(out))

    def test_mistakes(self):
        for old, new, line, message in (
                ("arch = x86_64", "arch = mips", 2, "arch: expected: arm64 or x86_64"),
                ("arch = x86_64", "", 1, "[machine] needs 'arch'"),
                ("memory = 1G", "memory = lots", 3, "memory: expected: a size"),
                ("memory = 1G", "memry = 1G", 3, "unknown key 'memry' in [machine]; 'memory' is near"),
                ("memory = 1G", "memory", 3, "expected: KEY = VALUE"),
                ("cpus = 2", "memory = 2G", 4, "'memory' is given already, in line 3"),
                ("[domain left]", "[domian left]", 7, "expected: a section, [machine], [domain NAME], [shared NAME] or [channel]; 'domain' is near"),
                ("[domain left]", "[domain]", 7, "[domain] needs a name"),
                ("[domain right]", "[domain left]", 13, "[domain left] is there already, in line 7"),
                ("kernel = one\nramdisk", "kernel = three\nramdisk", 15, "kernel: there is no file"),
                ("ramdisk = two", "ramdisk = empty", 16, "empty is empty"),
                ("pin = 1", "pin = 0", 17, "domain 'right' and domain 'left' are both pinned to CPU 0"),
                ("pin = 1", "pin = 2", 17, "the machine has no CPU 2"),
                ("pin = 1", "pin = 1-0", 17, "pin: expected: CPUs such as"),
                ("right = 11", "right = 0", 21, "right: expected: a port, 1 to 4095"),
                ("right = 11", "wright = 11", 21, "unknown key 'wright' in [channel]; 'right' is near"),
                ("right = 11", "", 19, "a channel has two ends"),
                ("right = 11", "right = 11\n[channel]\nleft = 10\nright = 12", 23, "port 10 of 'left' has a channel already, in line 20"),
                ("memory = 1G", "memory = 64M", 3, "memory: the domains and modules need 132M, the machine has 64M"),
                ("ramdisk = two", "static-memory = 0x60000000+64M", 16, "static-memory: only on arm64")):
            with self.subTest(new=new, message=message):
                self.assertIn(old, X86)
                self.refused(X86.replace(old, new, 1), line, message)

    def test_overlaps(self):
        for old, new, line, message in (
                ("ramdisk = two", "static-memory = 0x6bfff000+64M", 17, "domain 'back' (0x6bfff000+0x4000000) overlaps with domain 'front' (0x68000000+0x4000000)"),
                ("at = 0x70000000", "at = 0x6b000000", 22, "shared region 'mailbox' (0x6b000000+0x10000) overlaps with domain 'front'"),
                ("at = 0x70000000", "at = 0x90000000", 22, "lies outside of the machine's memory"),
                ("0x60000000+64M, 0x68000000+64M", "0x50000000+128M", 11, "overlaps with domain 'front'"),
                ("borrower", "owner", 24, "region 'mailbox' has two owners, 'front' and 'back'"),
                ("0x60000000+64M, 0x68000000+64M", "0x60000000+64M", 11, "as much as 'memory'")):
            with self.subTest(new=new):
                self.assertIn(old, ARM)
                self.refused(ARM.replace(old, new, 1), line, message)

    def test_trees_are_read_or_refused(self):
        data = fdt.write(fdt.Node("", {"a": b"b\0"}, [fdt.Node("c", {"d": fdt.cells(1, 2)})]))
        self.assertEqual(fdt.read(data)[0].child("c").properties["d"], fdt.cells(1, 2))
        for n in range(len(data)):
            with self.assertRaises(ValueError):
                fdt.read(data[:n])


if __name__ == "__main__":
    run = unittest.main(exit=False, verbosity=0).result
    failed = len(run.failures) + len(run.errors)
    print("%d passed, %d failed" % (run.testsRun - failed, failed))
    sys.exit(bool(failed))
