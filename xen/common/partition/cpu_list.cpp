// SPDX-License-Identifier: MIT
#include "common/partition/reader.hpp"
#include "lib/words.hpp"

namespace xen::partition {
namespace {

Maybe<u32> number(Str s) {
    if (s.empty() || s.size() > 6) return nothing;
    u32 v = 0;
    for (char c : s) {
        if (c < '0' || c > '9') return nothing;
        v = v * 10 + static_cast<u32>(c - '0');
    }
    return v;
}

}  // namespace

Maybe<CpuMask> cpu_list(Str text) {
    CpuMask m;
    bool any = false;
    for (Str word : Words{text}) {
        usize dash = word.find('-');
        auto first = number(word.substr(0, dash));
        auto last = dash == Str::npos ? first : number(word.substr(dash + 1));
        if (!first || !last || *last < *first || *last >= kMaxCpus) return nothing;
        for (u32 cpu = *first; cpu <= *last; ++cpu) m.set(cpu);
        any = true;
    }
    return any ? Maybe<CpuMask>{m} : nothing;
}

}  // namespace xen::partition
