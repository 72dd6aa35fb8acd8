// SPDX-License-Identifier: MIT
// Microcode: containers of both vendors, for processors that the input chooses, and archives. Sums are put right where a
// patch looks like Intel's.
#include <vector>

#include "arch/x86/microcode/container.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

using Blob = std::vector<u8>;

void repair_intel(Blob& b, Input& choices) {
    if (b.size() < 48 || choices.one_in(4)) return;
    u32 total, sum = 0;
    std::memcpy(&total, b.data() + 32, 4);
    if (!total) total = 2048;
    if (total > b.size() || total % 4) return;
    std::memset(b.data() + 16, 0, 4);
    for (usize i = 0; i < total; i += 4) {
        u32 v;
        std::memcpy(&v, b.data() + i, 4);
        sum += v;
    }
    sum = 0 - sum;
    std::memcpy(b.data() + 16, &sum, 4);
}

bool inside(Bytes part, const Blob& b) {
    return part.empty() || (part.data() >= b.data() && part.data() + part.size() <= b.data() + b.size());
}

}  // namespace

void run_microcode(Input in) {
    constexpr u32 kSignatures[] = {0x000506e3, 0x00800f12, 0x00a20f10, 0x000906ea};
    xen::microcode::Processor p{in.below(2) ? arch::Vendor::intel : arch::Vendor::amd, in.of(kSignatures),
                                1u << in.below(8), in.one_in(4) ? in.take<u32>() : 0x10};
    unsigned kind = in.below(3);
    Input choices = in;
    (void)in.take<u8>();
    Bytes raw = in.rest();
    Blob b{raw.begin(), raw.end()};
    Bytes all{b.data(), b.size()};
    if (kind == 0) {
        auto file = xen::microcode::file_in_archive(all, xen::microcode::archive_name(p.vendor));
        if (file && !inside(*file, b)) broken("a file outside of its archive");
        return;
    }
    if (p.vendor == arch::Vendor::intel) repair_intel(b, choices);
    auto patch = xen::microcode::find_newest(all, p);
    if (patch && !inside(patch.value().bytes, b)) broken("a patch outside of its container");
    if (patch && static_cast<s32>(patch.value().revision) <= static_cast<s32>(p.revision) && p.vendor == arch::Vendor::intel)
        broken("a patch that is no newer");
}

}  // namespace xen::fuzz
