# SPDX-License-Identifier: MIT
"""From checked sections to a plan: files with their sizes and addresses, and what two domains may not both have."""

import os
from dataclasses import dataclass, field

import fdt
import text

PAGE = 4096
MODULE_ALIGNMENT = 0x200000
ARM_RAM = 0x40000000              # of QEMU's virt
MOST_PORT = 4095
MOST_SPIS = 960


@dataclass
class Module:
    kind: str                     # kernel, ramdisk, devices
    path: str
    size: int
    index: int = 0                # among the boot loader's modules (x86_64)
    address: int = 0              # where it is loaded (arm64)


@dataclass
class Domain:
    name: str
    section: text.Section
    modules: list = field(default_factory=list)
    shared: list = field(default_factory=list)     # (region, guest address, role)
    channels: list = field(default_factory=list)   # (channel's number, end, port)


@dataclass
class Plan:
    machine: text.Section
    domains: list
    regions: list
    channels: list                # of two (domain, port)
    folder: str = "."
    files: list = field(default_factory=list)      # modules in the order of loading, each file once

    @property
    def arm(self):
        return self.machine["arch"] == "arm64"

    def path(self, name):
        return name if os.path.isabs(name) else os.path.normpath(os.path.join(self.folder, name))


def overlap(a, b):
    return a[0] < b[0] + b[1] and b[0] < a[0] + a[1]


def find_modules(plan, domain, mistakes):
    for kind in ("kernel", "ramdisk", "devices"):
        if kind not in domain.section.values:
            continue
        path = plan.path(domain.section[kind])
        if not os.path.isfile(path):
            mistakes.add(domain.section.at(kind), "%s: there is no file %s" % (kind, path))
            continue
        domain.modules.append(Module(kind, path, os.path.getsize(path)))
        if not domain.modules[-1].size:
            mistakes.add(domain.section.at(kind), "%s: %s is empty" % (kind, path))


def check_devices(plan, domain, mistakes):
    """A partial tree is one, and what it names stands in the machine's tree, where that is known."""
    line = domain.section.at("devices")
    for path in [m.path for m in domain.modules if m.kind == "devices"]:
        try:
            for name in fdt.paths_of_devices(path):
                host = plan.machine.values.get("host-tree")
                if host and not fdt.find(fdt.read_file(plan.path(host))[0], name):
                    mistakes.add(line, "devices: the machine's tree has no node %s" % name)
        except (OSError, ValueError) as problem:
            mistakes.add(line, "devices: %s" % problem)


def place_modules(plan):
    """Each file is loaded once, whoever uses it."""
    at, known = plan.machine["modules-at"], {}
    for domain in plan.domains:
        for m in domain.modules:
            if m.path not in known:
                known[m.path] = m
                m.index, m.address = len(known), at
                at = (at + m.size + MODULE_ALIGNMENT - 1) // MODULE_ALIGNMENT * MODULE_ALIGNMENT
                plan.files.append(m)
            m.index, m.address = known[m.path].index, known[m.path].address
    return at


def check_domain(plan, d, mistakes):
    s = d.section
    if s["memory"] and s["memory"] % PAGE:
        mistakes.add(s.at("memory"), "memory: expected: whole pages of 4K")
    if not 1 <= s["cpus"] <= 128:
        mistakes.add(s.at("cpus"), "cpus: expected: 1 to 128")
    banks = s["static-memory"] or []
    for start, length in banks:
        if start % PAGE or length % PAGE:
            mistakes.add(s.at("static-memory"), "static-memory: expected: whole pages of 4K")
    if banks and s["memory"] and sum(length for _, length in banks) != s["memory"]:
        mistakes.add(s.at("static-memory"), "static-memory: expected: as much as 'memory'")
    if s["direct-map"] and not banks:
        mistakes.add(s.at("direct-map"), "direct-map: expected: with 'static-memory', which says where")
    for key in ("static-memory", "direct-map", "devices", "interrupts", "enhanced"):
        if not plan.arm and s.values.get(key):
            mistakes.add(s.at(key), "%s: only on arm64" % key)
    if (s["interrupts"] or 0) > MOST_SPIS:
        mistakes.add(s.at("interrupts"), "interrupts: expected: at most %d" % MOST_SPIS)
    for cpu in s["pin"] or []:
        if cpu >= plan.machine["cpus"]:
            mistakes.add(s.at("pin"), "pin: the machine has no CPU %d" % cpu)
            break


def claims(plan):
    """Machine memory that somebody has: (start, bytes), whose, line."""
    for d in plan.domains:
        for b in d.section["static-memory"] or []:
            yield b, "domain '%s'" % d.name, d.section.at("static-memory")
    for r in plan.regions:
        if "at" in r.values and r["size"]:
            yield (r["at"], r["size"]), "shared region '%s'" % r.name, r.at("at")
    if plan.arm:
        for m in plan.files:
            yield (m.address, m.size), "module %s" % os.path.basename(m.path), plan.machine.at("modules-at")


def check_overlaps(plan, mistakes):
    all_claims = list(claims(plan))
    for i, (a, who, line) in enumerate(all_claims):
        for b, other, other_line in all_claims[:i]:
            if overlap(a, b):
                mistakes.add(max(line, other_line), "%s (0x%x+0x%x) overlaps with %s (0x%x+0x%x)" % (who, *a, other, *b))
        if plan.arm and (a[0] < ARM_RAM or a[0] + a[1] > ARM_RAM + (plan.machine["memory"] or 0)):
            mistakes.add(line, "%s (0x%x+0x%x) lies outside of the machine's memory" % (who, *a))
    for i, d in enumerate(plan.domains):
        for other in plan.domains[:i]:
            both = sorted(set(d.section["pin"] or []) & set(other.section["pin"] or []))
            if both:
                mistakes.add(d.section.at("pin"), "domain '%s' and domain '%s' are both pinned to CPU %s"
                             % (d.name, other.name, ", ".join(map(str, both))))


def check_total(plan, mistakes):
    wanted = sum(d.section["memory"] or 0 for d in plan.domains) + sum(m.size for m in plan.files)
    if wanted > (plan.machine["memory"] or wanted):
        mistakes.add(plan.machine.at("memory"), "memory: the domains and modules need %dM, the machine has %dM"
                     % (wanted + (1 << 20) - 1 >> 20, plan.machine["memory"] >> 20))


def link_regions(plan, mistakes):
    names = {d.name: d for d in plan.domains}
    for r in plan.regions:
        if not plan.arm:
            mistakes.add(r.line, "shared memory is only on arm64")
        if len(r.name) > 15:
            mistakes.add(r.line, "a shared region's name has 15 characters at most")
        if r["size"] and (r["size"] | r.values.get("at", 0)) % PAGE:
            mistakes.add(r.line, "expected: whole pages of 4K")
        owners = [n for n, v in r.others.items() if isinstance(v, tuple) and v[1] == "owner"]
        if len(owners) > 1:
            mistakes.add(r.lines[owners[1]], "region '%s' has two owners, '%s' and '%s'" % (r.name, owners[0], owners[1]))
        for name, value in r.others.items():
            if name in names and isinstance(value, tuple):
                names[name].shared.append((r, *value))


def link_channels(plan, sections, mistakes):
    names, used = {d.name: d for d in plan.domains}, {}
    for s in sections:
        ends = [(n[:-2] if n.endswith(".2") else n, port, s.lines[n]) for n, port in s.others.items() if isinstance(port, int)]
        if len(ends) != 2:
            mistakes.add(s.line, "a channel has two ends: two domains with a port each")
            continue
        for name, port, line in ends:
            if not 1 <= port <= MOST_PORT:
                mistakes.add(line, "%s: expected: a port, 1 to %d" % (name, MOST_PORT))
            if (name, port) in used:
                mistakes.add(line, "port %d of '%s' has a channel already, in line %d" % (port, name, used[name, port]))
            used[name, port] = line
        if all(name in names for name, _, _ in ends):
            number = len(plan.channels)
            plan.channels.append([(names[name], port) for name, port, _ in ends])
            for end, (name, port, _) in enumerate(ends):
                names[name].channels.append((number, end, port))


def plan(sections, mistakes, folder):
    machine = next((s for s in sections if s.kind == "machine"), None)
    domains = [Domain(s.name, s) for s in sections if s.kind == "domain"]
    if not machine:
        mistakes.add(1, "expected: a section [machine]")
        return None
    if not domains:
        mistakes.add(machine.line, "expected: at least one [domain NAME]")
    p = Plan(machine, domains, [s for s in sections if s.kind == "shared"], [], folder)
    for d in domains:
        find_modules(p, d, mistakes)
        check_domain(p, d, mistakes)
        check_devices(p, d, mistakes)
    place_modules(p)
    link_regions(p, mistakes)
    link_channels(p, [s for s in sections if s.kind == "channel"], mistakes)
    if not mistakes.lines:
        check_overlaps(p, mistakes)
        check_total(p, mistakes)
    return p


def summary(plan):
    lines = ["%s, %dM, %d CPUs" % (plan.machine["arch"], plan.machine["memory"] >> 20, plan.machine["cpus"])]
    for d in plan.domains:
        s = d.section
        where = ", CPUs " + ",".join(map(str, s["pin"])) if s["pin"] else ""
        lines.append("%s: %dM, %d virtual CPUs%s, %s" % (d.name, s["memory"] >> 20, s["cpus"], where,
                                                       ", ".join(os.path.basename(m.path) for m in d.modules)))
    for (a, pa), (b, pb) in plan.channels:
        lines.append("channel: %s %d - %s %d" % (a.name, pa, b.name, pb))
    for r in plan.regions:
        lines.append("shared: %s, %dK, %s" % (r.name, r["size"] >> 10, ", ".join(r.others)))
    return "\n".join(lines)
