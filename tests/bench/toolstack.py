# SPDX-License-Identifier: MIT
"""The rows of a guest that Debian's tools start in Debian's dom0: its creation to its userspace, one request to its disk,
one packet to or from its network card. The guest's own programs (domu) mark where counting begins and ends."""

import os
import re
import sys

import measure                          # finds tools/dom0
import initrd
import place

sys.path.insert(0, os.path.join(place.TOP, "tests", "system"))
import domu

REQUESTS = 512
# In the order of the marks: the row, and how many units are between them. An echo is two packets.
ROWS = [("guest_to_userspace", 1), ("block_request", REQUESTS), ("network_packet", 2 * REQUESTS)]
OURS = "_hypervisor"                    # of a row: the instructions that the hypervisor itself ran
DOM0, MACHINE = 1024, 1216              # MiB: the guest has 96
KERNEL = "console=hvc0 panic=5 loglevel=4 xenith.do=domu"
OUT = os.path.join(measure.OUT, "toolstack")


def names():
    return [row + tail for row, _ in ROWS for tail in ("", OURS)]


def program(name, *arguments):
    """Compiles a source of this folder; returns its bytes."""
    source, out = os.path.join(measure.HERE, name), os.path.join(OUT, os.path.basename(name) + ".elf")
    measure.run([measure.COMPILER, "-nostdlib", "-static", "-o", out, source, *arguments])
    with open(out, "rb") as data:
        return data.read()


def content(*path):
    with open(os.path.join(*path), "rb") as data:
        return data.read()


def ramdisk():
    """What the guest's userspace is."""
    pv, abi = (os.path.join(place.TOP, *path) for path in (("tests", "guests", "pv"), ("xen", "include")))
    requests = program("domu/requests.cpp", "-std=gnu++20", "-O2", "-ffreestanding", "-fno-stack-protector", "-fno-exceptions",
                       "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-fno-tree-loop-distribute-patterns", "-I", pv,
                       "-I", os.path.join(measure.HERE, "guest"), "-isystem", abi)
    return initrd.extra(os.path.join(OUT, "guest-initrd"), domu.build(),
                        {"bench/first": program("domu/first.S"), "bench/requests": requests})


def build():
    """dom0's initramfs; returns its path."""
    os.makedirs(OUT, exist_ok=True)
    scripts = os.path.join(place.TOP, "tests", "system", "guest")
    files = {"do/" + name: content(scripts, name) for name in ("lib.sh", "domu-lib.sh")}
    files["do/domu.sh"] = content(measure.HERE, "dom0", "domu.sh")
    files["do/expect"] = b"REQUESTS=%d\n" % REQUESTS
    files["bench/begin"] = program("dom0/begin.S")
    files["domu/kernel"], files["domu/initrd"] = content(place.vmlinux()), content(ramdisk())
    return initrd.extra(os.path.join(OUT, "initrd"), initrd.build(), files)


def figures(rows):
    found = {}
    for (name, per), (_, seen) in zip(ROWS, rows):
        plain, weights, data, code, own, own_weights = seen
        found[name] = measure.Figures(plain, per, weights, data, code)
        found[name + OURS] = measure.Figures(own, per, own_weights)
    return found


def guest(image, name, arguments, ramdisk_of_dom0, *plugin):
    """Figures of the rows; instructions are the plugin's count, in which a halted CPU has no part."""
    out = os.path.join(measure.OUT, name + "-toolstack.rows")
    text, log = measure.boot(image, "dom0_mem=%dM,max:%dM %s" % (DOM0, DOM0, arguments), MACHINE,
                             "%s %s,%s" % (os.path.relpath(place.vmlinux(), place.TOP), KERNEL,
                                           os.path.relpath(ramdisk_of_dom0, place.TOP)),
                             name + "-toolstack", ["out=" + out, *plugin], 900)
    rows = measure.weighed(out)
    wrong = re.findall(r"\[FAIL\] (.*)", text)
    if wrong or len(rows) != len(ROWS) or not all(seen for _, seen in rows) or "script domu ended with status 0" not in text:
        raise place.Failed("%s: the guest of Debian's dom0: %s (%s)" % (name, "; ".join(wrong) or "did not reach its end", log))
    return figures(rows)
