// SPDX-License-Identifier: MIT
// Sets of processor features, by the ABI's numbers (public/arch-x86/cpufeatureset.h).
#pragma once

#include <asm/policy.hpp>

#include "lib/string.hpp"

namespace xen::policy {

// 0x80000001 edx repeats these bits of leaf 1 on AMD's processors.
inline constexpr u32 kRepeated1d = 0x0183f3ff;

FeatureSet named_features();      // that the ABI knows at all
FeatureSet offered_features();    // that PV guests get
FeatureSet possible_features();   // that PV guests may get
FeatureSet consistent(FeatureSet f);   // without those whose base is missing

// Those that `cpuid=` (a list of [no-]NAME) takes away; unknown names are warned of.
FeatureSet hidden_features(Str list);
FeatureSet without(FeatureSet f, const FeatureSet& hidden);   // and without what needs the hidden ones

inline FeatureSet operator&(FeatureSet a, const FeatureSet& b) {
    for (unsigned i = 0; i < arch::kFeatureWords; ++i) a.word[i] &= b.word[i];
    return a;
}
inline FeatureSet operator|(FeatureSet a, const FeatureSet& b) {
    for (unsigned i = 0; i < arch::kFeatureWords; ++i) a.word[i] |= b.word[i];
    return a;
}

}  // namespace xen::policy
