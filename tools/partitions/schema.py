# SPDX-License-Identifier: MIT
"""What may stand in a text of tools/partition: sections, their keys, the form of each value. The one place: the parser,
--keys and docs/partitions.md follow it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    name: str
    form: str          # see FORMS
    about: str
    required: bool = False
    many: bool = False  # a list, separated by commas
    default: object = None


FORMS = {
    "word": "a word", "text": "text", "path": "a file", "number": "a number", "size": "a size such as 64M, 1G or 4096K",
    "address": "an address such as 0x48000000", "yes": "yes or no", "enhanced": "yes, no, or no-store", "arch": "arm64 or x86_64", "cpus": "CPUs such as 0-1,3",
    "bank": "ADDRESS+SIZE, such as 0x60000000+128M", "place": "an address, then 'owner' or 'borrower' or nothing", "gic": "2 or 3",
}

SECTIONS = {
    "machine": [
        Key("arch", "arch", "the machine's architecture", required=True),
        Key("hypervisor", "path", "Xenith's image"),
        Key("options", "text", "its command line", default=""),
        Key("memory", "size", "of the machine", required=True),
        Key("cpus", "number", "of the machine", default=1),
        Key("host-tree", "path", "arm64: the machine's own device tree"),
        Key("modules-at", "address", "arm64: where modules are loaded", default=0x50000000),
        Key("cpu", "word", "QEMU's CPU model"),
        Key("gic", "gic", "arm64: version of the interrupt controller", default=3),
    ],
    "domain": [
        Key("memory", "size", "of the domain", required=True),
        Key("cpus", "number", "virtual CPUs", default=1),
        Key("kernel", "path", "its kernel", required=True),
        Key("ramdisk", "path", "its initial ramdisk"),
        Key("devices", "path", "arm64: partial device tree of devices it is given"),
        Key("arguments", "text", "its kernel's command line", default=""),
        Key("console", "yes", "an emulated UART on arm64; on x86_64 there always is one", default=True),
        Key("enhanced", "enhanced", "told of grants and event channels (arm64), and of a store that dom0 sets up", default=False),
        Key("pin", "cpus", "the machine's CPUs that it runs on; no other domain may name them"),
        Key("static-memory", "bank", "the machine's memory that it gets", many=True),
        Key("direct-map", "yes", "that memory at its own addresses", default=False),
        Key("interrupts", "number", "shared interrupt lines (arm64)"),
    ],
    "shared": [
        Key("size", "size", "of the region", required=True),
        Key("at", "address", "machine address"),
    ],   # and a key for each domain: place
    "channel": [],   # a key for each of two domains: number
}
NAMED = ("domain", "shared")


def key(section, name):
    return next((k for k in SECTIONS[section] if k.name == name), None)


def listing():
    lines = []
    for section, keys in SECTIONS.items():
        lines.append("[%s%s]" % (section, " NAME" if section in NAMED else ""))
        for k in keys:
            needed = "required" if k.required else "" if k.default in (None, "") else "default %s" % (
                "yes" if k.default is True else "no" if k.default is False else hex(k.default) if k.form == "address" else k.default)
            lines.append("  %-14s %s%s%s" % (k.name, k.about, "; " + needed if needed else "",
                                            " (%s%s)" % (FORMS[k.form], ", a list" if k.many else "")))
        if section == "shared":
            lines.append("  DOMAIN         where that domain sees it (%s)" % FORMS["place"])
        if section == "channel":
            lines.append("  DOMAIN         its port; two domains, or two ports of one as DOMAIN and DOMAIN.2 (a number)")
    return "\n".join(lines)
