// SPDX-License-Identifier: MIT
#include "common/boot/efi_map.hpp"

#include <xen/multiboot.hpp>

namespace xen::boot {
namespace {

struct Descriptor {
    u32 type, pad;
    u64 start, virtual_start, pages, attributes;
};

constexpr u64 kWriteBack = 8;

// What is free once boot services have ended, and what is ACPI's.
MemoryType type_of(const Descriptor& d) {
    switch (d.type) {
    case 1: case 2: case 3: case 4: case 7: return d.attributes & kWriteBack ? MemoryType::ram : MemoryType::reserved;
    case 8: return MemoryType::unusable;
    case 9: return MemoryType::acpi;
    case 10: return MemoryType::nvs;
    default: return MemoryType::reserved;
    }
}

}  // namespace

void read_efi_map(Bytes map, u64 entry_bytes, BootInfo& out) {
    if (entry_bytes < sizeof(Descriptor)) return;
    for (u64 at = 0; auto d = read_at<Descriptor>(map, at); at += entry_bytes)
        add_range(out, Paddr{d.value().start}, d.value().pages << kPageShift, type_of(d.value()));
}

}  // namespace xen::boot
