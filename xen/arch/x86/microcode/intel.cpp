// SPDX-License-Identifier: MIT
// Intel's container: patches one after the other (SDM volume 3, 9.11.1 to 9.11.3).
#include "arch/x86/microcode/container.hpp"

namespace xen::microcode {
namespace {

struct Header {
    u32 version, revision, date, signature, checksum, loader, platforms, data_bytes, total_bytes, reserved[3];
};
static_assert(sizeof(Header) == 48);

struct Extended {
    u32 count, checksum, reserved[3];
};
struct ExtendedEntry {
    u32 signature, platforms, checksum;
};

constexpr u32 kOldData = 2000, kOldTotal = 2048, kUnit = 1024;

u32 sum(Bytes b) {
    u32 n = 0;
    for (usize i = 0; i + 4 <= b.size(); i += 4) n += read_at<u32>(b, i).value();
    return n;
}

u32 data_bytes(const Header& h) { return h.data_bytes ? h.data_bytes : kOldData; }
u32 total_bytes(const Header& h) { return h.data_bytes ? h.total_bytes : kOldTotal; }

bool plausible(const Header& h, usize room) {
    u64 data = data_bytes(h), total = total_bytes(h);
    return h.version == 1 && h.loader == 1 && data % 4 == 0 && total % kUnit == 0 && total <= room &&
           data + sizeof(Header) <= total;
}

// The table of further processors behind the data.
Maybe<Extended> extended(Bytes patch, const Header& h) {
    usize begin = sizeof(Header) + data_bytes(h);
    auto e = read_at<Extended>(patch, begin);
    if (!e || e.value().count > (patch.size() - begin - sizeof(Extended)) / sizeof(ExtendedEntry)) return nothing;
    return e.value();
}

usize extended_bytes(const Extended& e) { return sizeof(Extended) + e.count * sizeof(ExtendedEntry); }

// The sums of the whole patch, and of its table, are zero.
bool intact(Bytes patch, const Header& h) {
    if (sum(patch) != 0) return false;
    if (patch.size() - sizeof(Header) - data_bytes(h) < sizeof(Extended)) return true;
    Maybe<Extended> e = extended(patch, h);
    return e && sum(patch.subspan(sizeof(Header) + data_bytes(h), extended_bytes(*e))) == 0;
}

bool fits(u32 signature, u32 platforms, const Processor& p) {
    return signature == p.signature && ((platforms & p.platform) || !(platforms | p.platform));
}

bool is_for(Bytes patch, const Header& h, const Processor& p) {
    if (fits(h.signature, h.platforms, p)) return true;
    usize begin = sizeof(Header) + data_bytes(h);
    Maybe<Extended> e = extended(patch, h);
    for (u32 i = 0; e && i < e->count; ++i) {
        auto entry = read_at<ExtendedEntry>(patch, begin + sizeof(Extended) + i * sizeof(ExtendedEntry));
        if (entry && fits(entry.value().signature, entry.value().platforms, p)) return true;
    }
    return false;
}

// Revisions are signed: negative ones are for tests of the vendor.
bool newer(u32 a, u32 b) { return static_cast<s32>(a) > static_cast<s32>(b); }

}  // namespace

Result<Patch> find_intel(Bytes container, const Processor& p) {
    Patch best;
    bool any = false;
    if (container.empty()) return Errno::inval;
    while (!container.empty()) {
        Header h = TRY(read_at<Header>(container, 0));
        if (!plausible(h, container.size())) return Errno::inval;
        Bytes patch = container.subspan(0, total_bytes(h));
        if (!intact(patch, h)) return Errno::inval;
        container = container.subspan(patch.size());
        if (!is_for(patch, h, p)) continue;
        any = true;
        if (newer(h.revision, best.bytes.empty() ? p.revision : best.revision)) best = {patch, h.revision};
    }
    if (!any) return Errno::noent;
    if (best.bytes.empty()) return Errno::exist;
    return best;
}

}  // namespace xen::microcode
