// SPDX-License-Identifier: MIT
// The feature words of the ABI and the registers that they are (public/arch-x86/cpufeatureset.h).
#include <asm/policy.hpp>

namespace xen::arch {
FeatureSet CpuPolicy::features() const {
    FeatureSet f;
    const CpuidRegs& e21 = extended[0x21];
    const u32 words[kFeatureWords] = {
        basic[1].d,   basic[1].c,   extended[1].d, extended[1].c, xstate[1].a,  feature[0].b, feature[0].c,
        extended[7].d, extended[8].b, feature[0].d, feature[1].a, e21.a, feature[1].b, feature[2].d, feature[1].c,
        feature[1].d, static_cast<u32>(arch_caps), static_cast<u32>(arch_caps >> 32), e21.c,
    };
    for (unsigned i = 0; i < kFeatureWords; ++i) f.word[i] = words[i];
    return f;
}

void CpuPolicy::set_features(const FeatureSet& f) {
    basic[1].d = f.word[0];
    basic[1].c = f.word[1];
    extended[1].d = f.word[2];
    extended[1].c = f.word[3];
    xstate[1].a = f.word[4];
    feature[0].b = f.word[5];
    feature[0].c = f.word[6];
    extended[7].d = f.word[7];
    extended[8].b = f.word[8];
    feature[0].d = f.word[9];
    feature[1].a = f.word[10];
    extended[0x21].a = f.word[11];
    feature[1].b = f.word[12];
    feature[2].d = f.word[13];
    feature[1].c = f.word[14];
    feature[1].d = f.word[15];
    arch_caps = f.word[16] | u64{f.word[17]} << 32;
    extended[0x21].c = f.word[18];
}

}  // namespace xen::arch
