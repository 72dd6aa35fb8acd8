// SPDX-License-Identifier: MIT
// NUMA: SRAT (5.2.16) and SLIT (5.2.17).
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

enum Type : u8 { kCpu = 0, kMemory = 1, kX2Cpu = 2 };
constexpr u32 kEnabled = 1, kHotPlug = 2;

// The domain's upper three bytes were added later; they are reserved, not zero, in revision 1.
u32 domain_of_cpu(Bytes e, u8 revision) {
    u32 high = revision < 2 ? 0 : field<u8>(e, 9) | u32{field<u8>(e, 10)} << 8 | u32{field<u8>(e, 11)} << 16;
    return field<u8>(e, 2) | high << 8;
}

void add_cpu(Srat& s, Bytes e, u8 revision) {
    if (e.size() < 16 || !(field<u32>(e, 4) & kEnabled)) return;
    static_cast<void>(s.cpus.push({field<u8>(e, 3), domain_of_cpu(e, revision)}));
}

void add_x2_cpu(Srat& s, Bytes e) {
    if (e.size() < 24 || !(field<u32>(e, 12) & kEnabled)) return;
    static_cast<void>(s.cpus.push({field<u32>(e, 8), field<u32>(e, 4)}));
}

void add_memory(Srat& s, Bytes e, u8 revision) {
    u32 flags = field<u32>(e, 28);
    u64 bytes = field<u64>(e, 16);
    u64 start = field<u64>(e, 8);
    if (e.size() < 40 || !(flags & kEnabled) || !bytes || start + bytes < start) return;
    u32 domain = field<u32>(e, 2);
    static_cast<void>(s.memory.push({revision < 2 ? domain & 0xff : domain, Paddr{start}, bytes, (flags & kHotPlug) != 0}));
}

}  // namespace

Status parse_srat(Bytes t, Srat& out) {
    if (!has_signature(t, "SRAT") || t.size() < 48) return Errno::inval;
    u8 revision = t[8];
    for_each_entry(t, 48, [&](u8 type, Bytes e) {
        if (type == kCpu) add_cpu(out, e, revision);
        else if (type == kX2Cpu) add_x2_cpu(out, e);
        else if (type == kMemory) add_memory(out, e, revision);
    });
    return {};
}

Status parse_slit(Bytes t, Slit& out) {
    u64 n = field<u64>(t, kHeaderBytes);
    if (!has_signature(t, "SLIT") || n > kMaxLocalities || t.size() < kHeaderBytes + 8 + n * n) return Errno::inval;
    out.count = static_cast<u32>(n);
    for (usize i = 0; i < n; ++i)
        for (usize j = 0; j < n; ++j) out.distance[i][j] = t[kHeaderBytes + 8 + i * n + j];
    return {};
}

}  // namespace xen::acpi
