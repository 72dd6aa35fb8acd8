// SPDX-License-Identifier: MIT
// What the device tree says of the machine's memory and of what the loader put there: /memory, /reserved-memory, /chosen with
// its modules (multiboot,module; the first kernel and the first ramdisk are dom0's) and the command line.
#include <new>

#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/device_tree.hpp>
#include <xen/log.hpp>
#include <xen/multiboot.hpp>
#include <xen/option.hpp>
#include <xen/partition.hpp>

#include "arch/arm/boot/boot.hpp"
#include "common/boot/efi_map.hpp"

namespace xen::boot {

BootInfo info;
FreeRanges free_memory;

namespace {

using device_tree::Node;
using device_tree::Range;
using device_tree::Tree;

constexpr u64 kTreeWindow = 0x40c000000000;   // of the device area's upper half
constexpr u64 kTreeMost = 2 << 20;            // Linux Documentation/arm64/booting
constexpr u64 kMapWindow = kTreeWindow + (u64{4} << 20);

// A tree has no default; this one is made by read_tree().
union Slot {
    constexpr Slot() : none{} {}
    char none;
    Tree tree;
};
Slot slot;
const Tree* opened = nullptr;
Range tree_at{};

// First its head, which says how long it is.
XEN_INIT Bytes map_tree(Paddr at) {
    u64 offset = page_offset(at.raw());
    auto* start = reinterpret_cast<const u8*>(kTreeWindow + offset);
    auto map_bytes = [&](u64 bytes) {
        return arch::map_xen(kTreeWindow, at - offset, (offset + bytes + kPageSize - 1) & kPageMask, arch::pte::kReadOnly).ok();
    };
    if (!map_bytes(8)) return {};
    auto size = Tree::size({start, 8});
    if (!size || size.value() > kTreeMost || !map_bytes(size.value())) return {};
    return {start, size.value()};
}

XEN_INIT void add_memory(Node n) {
    if (n.text("device_type").value_or(Str{}) != "memory" || !n.enabled()) return;
    for (usize i = 0; i < n.reg_count(); ++i)
        if (auto r = n.reg(i); r && !add_range(info, Paddr{r.value().start}, r.value().bytes, MemoryType::ram))
            log_warning("more memory ranges than the %zu that are kept", BootInfo::kMaxRanges);
}

bool from_efi() { return efi_handover.map.bytes; }

// What firmware says counts, and what the tree says of memory does not.
XEN_INIT void add_efi_memory() {
    u64 offset = page_offset(efi_handover.map.start), bytes = offset + efi_handover.map.bytes;
    if (!arch::map_xen(kMapWindow, Paddr{efi_handover.map.start - offset}, (bytes + kPageSize - 1) & kPageMask, arch::pte::kReadOnly).ok())
        panic("no memory for page tables");
    read_efi_map({reinterpret_cast<const u8*>(kMapWindow + offset), efi_handover.map.bytes}, efi_handover.entry_bytes, info);
}

XEN_INIT void add_all_memory() {
    info.efi = from_efi();
    info.loader = info.efi ? Str{"EFI firmware"} : Str{"the device tree"};
    if (info.efi) return add_efi_memory();
    for (Node n : opened->root().children()) add_memory(n);
}

XEN_INIT void reserve(Range r) { static_cast<void>(add_range(info, Paddr{r.start}, r.bytes, MemoryType::reserved)); }

XEN_INIT void add_reserved() {
    if (Maybe<Node> parent = opened->find("/reserved-memory"))
        for (Node n : parent->children())
            for (usize i = 0; i < n.reg_count(); ++i)
                if (auto r = n.reg(i)) reserve(r.value());
}

bool is_module(Node n) { return n.compatible("multiboot,module") || n.compatible("xen,multiboot-module"); }

// ABI: loaders count on the cells of the root where /chosen says nothing (QEMU's guest-loader does).
XEN_INIT Maybe<Range> range_of_module(Node n) {
    Maybe<Node> says = n.parent();
    while (says && !says->has("#address-cells")) says = says->parent();
    usize address = says ? says->address_cells() : 2, size = says ? says->size_cells() : 2;
    Maybe<u64> start = n.cells("reg").number(0, address), bytes = n.cells("reg").number(address, size);
    if (!start || !bytes) return nothing;
    return Range{*start, *bytes};
}

XEN_INIT void add_module(Node n, Str cmdline) {
    Maybe<Range> r = range_of_module(n);
    if (!r || info.module_count == BootInfo::kMaxModules) return;
    info.modules[info.module_count++] = {Paddr{r->start}, r->bytes, cmdline};
}

// The one of this kind, else (loaders that give no kinds) the module of that place in the list.
XEN_INIT Maybe<Node> module_of(Node chosen, Str kind, unsigned place) {
    unsigned at = 0;
    Maybe<Node> by_place;
    for (Node n : chosen.children()) {
        if (!is_module(n)) continue;
        if (n.compatible(kind)) return n;
        bool other = n.compatible("multiboot,kernel") || n.compatible("multiboot,ramdisk");
        if (at++ == place && !other) by_place = n;
    }
    return by_place;
}

// ABI: GRUB pads it with more than one NUL.
XEN_INIT Str arguments_in(Node n, Str name) {
    auto p = n.property(name);
    return p ? p->text(usize{0}).value_or(Str{}) : Str{};
}

XEN_INIT void add_modules(Node chosen) {
    Maybe<Node> kernel = module_of(chosen, "multiboot,kernel", 0);
    if (!kernel) return;
    Str cmdline = arguments_in(*kernel, "bootargs");
    if (cmdline.empty()) cmdline = arguments_in(chosen, "xen,dom0-bootargs");
    add_module(*kernel, cmdline);
    if (Maybe<Node> ramdisk = module_of(chosen, "multiboot,ramdisk", 1); ramdisk && !(*ramdisk == *kernel)) add_module(*ramdisk, {});
}

XEN_INIT void add_efi_module(const efi::Piece& p, Str cmdline) {
    if (p.bytes) info.modules[info.module_count++] = {Paddr{p.start}, p.bytes, cmdline};
}

// The command line that the image was started with, or its configuration file.
XEN_INIT void take_efi_options() {
    if (!from_efi()) return;
    if (efi_handover.options.size()) info.cmdline = efi::view(efi_handover.options);
    if (!efi_handover.from_file) return;
    add_efi_module(efi_handover.kernel, efi::view(efi_handover.kernel_options));
    add_efi_module(efi_handover.ramdisk, {});
}

// Those of domains described at boot, too.
XEN_INIT void keep_modules(Node below) {
    for (Node n : below.children()) {
        Maybe<Range> r = is_module(n) ? range_of_module(n) : Maybe<Range>{};
        if (r) free_memory.remove(Paddr{r->start}, Paddr{r->start + r->bytes});
        else keep_modules(n);
    }
}

XEN_INIT void find_free_memory(const Maybe<Node>& chosen) {
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram) free_memory.add(info.memory[i].start, info.memory[i].end());
    free_memory.remove(info.image_start, info.image_end);
    free_memory.remove(Paddr{tree_at.start}, Paddr{tree_at.start + tree_at.bytes});
    // ABI: memory that the tree's reservation block names (modules of old loaders are there) is RAM all the same.
    for (usize i = 0; i < opened->reservation_count(); ++i) {
        Range r = opened->reservation(i);
        free_memory.remove(Paddr{r.start}, Paddr{r.start + r.bytes});
    }
    if (chosen) keep_modules(*chosen);
    static constinit partition::ClaimedMemory claimed;
    if (!partition::claimed_memory(*opened, claimed)) log_warning("more memory is described for domains than %zu places", claimed.size());
    for (Range r : claimed) free_memory.remove(Paddr{r.start}, Paddr{r.start + r.bytes});
    for (const efi::Piece& p : {efi_handover.kernel, efi_handover.ramdisk})
        if (p.bytes) free_memory.remove(Paddr{p.start}, Paddr{p.start + p.bytes});
}

}  // namespace

bool has_tree() { return opened != nullptr; }
const Tree& tree() { return *opened; }

XEN_INIT void read_tree(Paddr at) {
    Bytes bytes = map_tree(at);
    auto t = Tree::open(bytes);
    if (!t) panic("no device tree at %#lx: %s", at.raw(), Tree::why_not(bytes));
    opened = ::new (static_cast<void*>(&slot)) Tree{t.value()};
    tree_at = {at.raw(), bytes.size()};
    add_all_memory();
    add_reserved();
    normalise(info);
    info.image_start = arch::image_physical(image_start);
    info.image_end = arch::image_physical(image_end);
    Maybe<Node> chosen = opened->find("/chosen");
    if (chosen) {
        Maybe<Str> line = chosen->text("xen,xen-bootargs");
        info.cmdline = (line ? line : chosen->text("bootargs")).value_or(Str{});
        if (!efi_handover.from_file) add_modules(*chosen);
    }
    take_efi_options();
    find_free_memory(chosen);
}

XEN_INIT Taken taken_memory() {
    Taken t;
    (void)t.push({info.image_start.raw(), info.image_end - info.image_start});
    (void)t.push(tree_at);
    for (usize i = 0; i < info.module_count; ++i) (void)t.push({info.modules[i].start.raw(), info.modules[i].bytes});
    for (usize i = 0; i < opened->reservation_count(); ++i) (void)t.push(opened->reservation(i));
    return t;
}

XEN_INIT void log_tree_info() {
    Str model = opened->root().text("model").value_or(Str{"unknown"});
    log_info("machine: %.*s", static_cast<int>(model.size()), model.data());
    for (usize i = 0; i < info.memory_count; ++i) {
        const MemoryRange& r = info.memory[i];
        log_debug("memory %#018lx-%#018lx %s", r.start.raw(), r.end().raw() - 1, r.type == MemoryType::ram ? "usable" : "reserved");
    }
    for (usize i = 0; i < info.module_count; ++i)
        log_debug("module %#018lx-%#018lx", info.modules[i].start.raw(), info.modules[i].start.raw() + info.modules[i].bytes - 1);
}

XEN_INIT void limit_memory() {
    Paddr limit{option::values().mem_limit & kPageMask};
    if (!option::values().mem_limit) return;
    bool fits = info.image_end <= limit;
    for (usize i = 0; i < info.module_count; ++i) fits = fits && info.modules[i].start + info.modules[i].bytes <= limit;
    if (!fits) return log_warning("mem=%luM is too little for what the loader put where it is: ignored", limit.raw() >> 20);
    if (limit_ram(info, limit)) free_memory.remove(limit, Paddr{kPageMask});
}

}  // namespace xen::boot
