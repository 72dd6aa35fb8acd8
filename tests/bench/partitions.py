# SPDX-License-Identifier: MIT
"""The row of domains that start with the hypervisor: from reset until four of them, beside no dom0, have written a line each."""

import os
import sys
import tempfile

import measure                          # finds tools/dom0
import place

sys.path.insert(0, os.path.join(place.TOP, "tests", "system"))
import partition_machines
import image as kernel                  # of tests/guests/arm, which the one above finds

ROW = "four_guests_to_first_line"
GUESTS = 4
LINE = "the first line of a guest"      # partition/main.cpp
SOURCES = os.path.join(measure.HERE, "partition")
GUEST = os.path.join(kernel.OUT, "bench-partition")
OPTIONS = "console=dtuart noreboot"
TEXT = """[machine]
arch = arm64
memory = 1G
host-tree = %s
options = "%s"
""" + "".join("""[domain guest%d]
memory = 64M
kernel = %s
arguments = "bench"
""" % (i, GUEST) for i in range(GUESTS))


def build():
    """The domains' kernel."""
    kernel.build("bench-partition", [os.path.join(SOURCES, "main.cpp")], "-I", os.path.join(measure.HERE, "arm64"))


def with_domains(machine, arguments, work):
    """The command of a machine whose tree has the domains."""
    tree = os.path.join(work, "machine.dtb")
    measure.run([word + ",dumpdtb=" + tree if word.startswith("virt,") else word for word in machine])
    folder, modules = partition_machines.describe(TEXT % (tree, "%s %s" % (OPTIONS, arguments)), work)
    command = machine + ["-dtb", os.path.join(folder, "description.dtb")]
    for address, path in modules:
        command += ["-device", "loader,file=%s,addr=%s,force-raw=on" % (path, address)]
    return command


def guest(machine, image, name, arguments, *plugin):
    """Figures of the row. Nothing ends these domains: the machine is stopped when the plugin has seen the last line."""
    out = os.path.join(measure.OUT, name + "-partitions.rows")
    place.write(out, b"")
    with tempfile.TemporaryDirectory(prefix="partitions.", dir=measure.OUT) as work:
        command = with_domains(machine, arguments, work) + ["-kernel", image, "-plugin", ",".join(
            [measure.PLUGIN, "out=" + out, "begin=reset", "ends=%d" % GUESTS, *plugin])]
        text, log = measure.run_machine(command, name + "-partitions", enough=lambda: os.path.getsize(out) > 0)
    rows = measure.weighed(out)
    if len(rows) != 1 or not rows[0][1] or text.count(LINE) != GUESTS:
        raise place.Failed("%s: four domains did not reach their first lines (%s)" % (name, log))
    plain, weights, data, code = rows[0][1][:4]
    return {ROW: measure.Figures(plain - GUESTS, 1, weights, data, code)}
