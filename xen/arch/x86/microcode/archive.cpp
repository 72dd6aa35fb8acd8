// SPDX-License-Identifier: MIT
// The start of an initial ramdisk: a cpio archive, format "newc" (each number is eight hexadecimal digits).
#include "arch/x86/microcode/container.hpp"

namespace xen::microcode {
namespace {

constexpr usize kHeaderBytes = 110, kDigits = 8, kFirstNumber = 6;
constexpr usize kFileBytes = 6, kNameBytes = 11;    // which of the numbers
constexpr Str kEnd = "TRAILER!!!";

Maybe<u32> hex(Bytes b, usize which) {
    u32 v = 0;
    for (usize i = 0; i < kDigits; ++i) {
        u8 c = b[kFirstNumber + which * kDigits + i];
        u32 digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10u
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10u
                                           : 16u;
        if (digit == 16) return nothing;
        v = v << 4 | digit;
    }
    return v;
}

bool has_magic(Bytes b) {
    Str found{reinterpret_cast<const char*>(b.data()), kFirstNumber};
    return found == Str{"070701"} || found == Str{"070702"};
}

usize padded(usize n) { return (n + 3) & ~usize{3}; }

}  // namespace

Maybe<Bytes> file_in_archive(Bytes archive, Str name) {
    for (usize at = 0; archive.size() - at >= kHeaderBytes;) {
        Bytes entry = archive.subspan(at);
        if (!has_magic(entry)) return nothing;
        Maybe<u32> bytes = hex(entry, kFileBytes), name_bytes = hex(entry, kNameBytes);
        if (!bytes || !name_bytes || *name_bytes == 0) return nothing;
        usize data_at = padded(kHeaderBytes + *name_bytes);
        if (data_at > entry.size() || *bytes > entry.size() - data_at) return nothing;
        Str found{reinterpret_cast<const char*>(entry.data()) + kHeaderBytes, *name_bytes - 1};
        if (found == name) return entry.subspan(data_at, *bytes);
        if (found == kEnd) return nothing;
        usize next = data_at + padded(*bytes);
        if (next > entry.size()) return nothing;
        at += next;
    }
    return nothing;
}

Str archive_name(arch::Vendor v) {
    return v == arch::Vendor::intel ? Str{"kernel/x86/microcode/GenuineIntel.bin"} : Str{"kernel/x86/microcode/AuthenticAMD.bin"};
}

Result<Patch> find_newest(Bytes container, const Processor& p) {
    switch (p.vendor) {
    case arch::Vendor::intel: return find_intel(container, p);
    case arch::Vendor::amd: return find_amd(container, p);
    case arch::Vendor::other: break;
    }
    return Errno::inval;
}

}  // namespace xen::microcode
