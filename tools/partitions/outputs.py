# SPDX-License-Identifier: MIT
"""What is written from a plan: the device tree, the module list, QEMU's command line, U-Boot's script, GRUB's entry."""

import os
import shlex

import fdt

COMPATIBLE = {"kernel": ("multiboot,kernel", "multiboot,module"), "ramdisk": ("multiboot,ramdisk", "multiboot,module"),
              "devices": ("multiboot,device-tree", "multiboot,module")}


def phandle(channel, end, base):
    return base + 2 * channel + end


def module_node(plan, m, arguments):
    node = fdt.Node("%s@%x" % (m.kind, m.address) if plan.arm else m.kind)
    node.properties["compatible"] = fdt.strings(*COMPATIBLE[m.kind])
    if plan.arm:
        node.properties["reg"] = fdt.wide(m.address, m.size)
    else:
        node.properties["module-index"] = fdt.cells(m.index)
    if m.kind == "kernel" and arguments:
        node.properties["bootargs"] = fdt.strings(arguments)
    return node


def region_node(region, guest, role):
    node = fdt.Node("shared-%s" % region.name)
    where = [region["at"]] if "at" in region.values else []
    node.properties.update({"compatible": fdt.strings("xen,domain-shared-memory-v1"), "xen,shm-id": fdt.strings(region.name),
                            "xen,shared-mem": fdt.wide(*where, guest, region["size"])})
    if role:
        node.properties["role"] = fdt.strings(role)
    return node


def channel_node(plan, channel, end, port, base):
    node = fdt.Node("evtchn@%d" % port)
    node.properties.update({"compatible": fdt.strings("xen,evtchn-v1"), "phandle": fdt.cells(phandle(channel, end, base)),
                            "xen,evtchn": fdt.cells(port, phandle(channel, 1 - end, base))})
    return node


def vcpu_nodes(section):
    for i in range(section["cpus"] if section["pin"] else 0):
        cpus = ",".join(map(str, section["pin"]))
        yield fdt.Node("vcpu%d" % i, {"compatible": fdt.strings("xen,vcpu"), "id": fdt.cells(i), "hard-affinity": fdt.strings(cpus)})


def domain_node(plan, d, base):
    s, node = d.section, fdt.Node(d.name)
    node.properties.update({"compatible": fdt.strings("xen,domain"), "#address-cells": fdt.cells(2), "#size-cells": fdt.cells(2),
                            "memory": fdt.wide(s["memory"] >> 10), "cpus": fdt.cells(s["cpus"])})
    if s["console"]:
        node.properties["vpl011"] = b""
    if s["enhanced"]:
        node.properties["xen,enhanced"] = b"" if s["enhanced"] == "yes" else fdt.strings("no-xenstore")
    if s["interrupts"] is not None:
        node.properties["nr_spis"] = fdt.cells(s["interrupts"])
    if s["static-memory"]:
        node.properties.update({"#xen,static-mem-address-cells": fdt.cells(2), "#xen,static-mem-size-cells": fdt.cells(2),
                                "xen,static-mem": fdt.wide(*(n for b in s["static-memory"] for n in b))})
    if s["direct-map"]:
        node.properties["direct-map"] = b""
    node.children += [module_node(plan, m, s["arguments"]) for m in d.modules]
    node.children += vcpu_nodes(s)
    node.children += [region_node(*shared) for shared in d.shared]
    node.children += [channel_node(plan, *c, base) for c in d.channels]
    return node


def host_tree(plan):
    if not plan.arm or "host-tree" not in plan.machine.values:
        return fdt.Node(""), [], 0
    return fdt.read_file(plan.path(plan.machine["host-tree"]))


def device_paths(plan):
    """Nodes of the machine that partial trees name."""
    for module in [m for d in plan.domains for m in d.modules if m.kind == "devices"]:
        yield from fdt.paths_of_devices(module.path)


def tree(plan):
    """The domains in the machine's own tree, or alone."""
    root, reservations, boot_cpu = host_tree(plan)
    handles = [int.from_bytes(n.properties["phandle"], "big") for n in root.walk() if "phandle" in n.properties]
    base = max(handles, default=0) + 1
    for path in device_paths(plan):
        node = fdt.find(root, path)
        if node:
            node.properties["xen,passthrough"] = b""
    chosen = root.child("chosen")
    if not chosen:
        chosen = fdt.Node("chosen")
        root.children.append(chosen)
    if plan.machine["options"] and plan.arm:
        chosen.properties["xen,xen-bootargs"] = fdt.strings(plan.machine["options"])
    chosen.properties.setdefault("#address-cells", fdt.cells(2))
    chosen.properties.setdefault("#size-cells", fdt.cells(2))
    chosen.children += [domain_node(plan, d, base) for d in plan.domains]
    return fdt.write(root, reservations, boot_cpu)


def modules(plan):
    return "".join("%d %s%s\n" % (m.index, "0x%x " % m.address if plan.arm else "", m.path) for m in plan.files)


def qemu(plan, folder):
    m, dtb = plan.machine, os.path.join(folder, "description.dtb")
    image = plan.path(m["hypervisor"]) if "hypervisor" in m.values else "build/%s/xen" % m["arch"]
    common = ["-smp", str(m["cpus"]), "-m", str(m["memory"] >> 20), "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
              "-kernel", image]
    if plan.arm:
        command = ["qemu-system-aarch64", "-machine", "virt,virtualization=on,gic-version=%d" % m["gic"],
                   "-cpu", m["cpu"] or "cortex-a57", *common, "-append", m["options"], "-dtb", dtb]
        for f in plan.files:
            command += ["-device", "loader,file=%s,addr=0x%x,force-raw=on" % (f.path.replace(",", ",,"), f.address)]
    else:
        loaded = [dtb] + [f.path.replace(",", ",,") for f in plan.files]
        command = ["qemu-system-x86_64", *(["-cpu", m["cpu"]] if m["cpu"] else []), *common, "-append", m["options"],
                   "-initrd", ",".join(loaded)]
    return "#!/bin/sh\nexec " + " \\\n    ".join(shlex.quote(w) for w in command) + ' "$@"\n'


def fdt_value(value):
    """As U-Boot's `fdt set` takes it."""
    if not value:
        return ""
    texts = value[:-1].split(b"\0")
    if value.endswith(b"\0") and all(t and all(32 <= c < 127 for c in t) for t in texts):
        return " " + " ".join('"%s"' % t.decode().replace("\\", "\\\\").replace('"', '\\"') for t in texts)
    return " <%s>" % " ".join("0x%x" % int.from_bytes(value[i:i + 4], "big") for i in range(0, len(value), 4))


def uboot_node(path, node):
    parent = path.rsplit("/", 1)[0]
    yield "fdt mknode %s %s" % (parent, node.name)
    for name, value in node.properties.items():
        yield "fdt set %s %s%s" % (path, name, fdt_value(value))
    for child in node.children:
        yield from uboot_node(path + "/" + child.name, child)


UBOOT_HANDLES = 0x4000   # above what a machine's own tree has


def uboot(plan):
    """The hypervisor with U-Boot's own tree; files from ${devtype} ${devnum}, which `boot` sets."""
    image = os.path.basename(plan.machine["hypervisor"] or "xen")
    lines = ["# tools/partition: mkimage -A arm64 -T script -d boot.cmd boot.scr"]
    lines += ["load ${devtype} ${devnum}:${distro_bootpart} 0x%x %s" % (m.address, os.path.basename(m.path)) for m in plan.files]
    lines += ["load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} %s" % image,
              "fdt addr ${fdt_addr}", "fdt resize 0x4000",
              "fdt set /chosen \\#address-cells <0x2>", "fdt set /chosen \\#size-cells <0x2>"]
    if plan.machine["options"]:
        lines.append('fdt set /chosen xen,xen-bootargs "%s"' % plan.machine["options"])
    lines += ["fdt set %s xen,passthrough" % path for path in device_paths(plan)]
    for d in plan.domains:
        lines += [line.replace(" #", " \\#") for line in uboot_node("/chosen/" + d.name, domain_node(plan, d, UBOOT_HANDLES))]
    return "\n".join(lines + ["booti ${kernel_addr_r} - ${fdt_addr}"]) + "\n"


def grub(plan):
    image = os.path.basename(plan.machine["hypervisor"] or "xen")
    lines = ['menuentry "Xenith, %d domains" {' % len(plan.domains), "    multiboot2 /boot/%s %s" % (image, plan.machine["options"]),
             "    module2 /boot/description.dtb"]
    return "\n".join(lines + ["    module2 /boot/%s" % os.path.basename(m.path) for m in plan.files] + ["}"]) + "\n"


def write(plan, folder):
    os.makedirs(folder, exist_ok=True)
    contents = {"description.dtb": tree(plan), "modules.txt": modules(plan).encode(), "qemu.sh": qemu(plan, folder).encode()}
    contents.update({"boot.cmd": uboot(plan).encode()} if plan.arm else {"grub.cfg": grub(plan).encode()})
    for name, data in contents.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
    os.chmod(os.path.join(folder, "qemu.sh"), 0o755)
    return list(contents)
