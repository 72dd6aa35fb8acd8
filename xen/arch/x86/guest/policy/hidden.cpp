// SPDX-License-Identifier: MIT
// `cpuid=no-FEATURE,...`: features that nobody is to see.
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "arch/x86/guest/policy/features.hpp"
#include "lib/nearest.hpp"
#include "lib/words.hpp"

namespace xen::policy {
namespace {

struct Name {
    const char* name;
    u16 feature;
};
constexpr Name kNames[] = {
#define XEN_CPUFEATURE(name, value) {#name, static_cast<u16>(value)},
#include <public/arch-x86/cpufeatureset.h>
#undef XEN_CPUFEATURE
};

// As the ABI's header spells it: capitals, underscores.
struct Spelling {
    char text[32];
    usize length = 0;
    explicit Spelling(Str s) {
        for (char c : s)
            if (length < sizeof(text)) text[length++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c == '-' ? '_' : c;
    }
    operator Str() const { return {text, length}; }
};

void warn_unknown(Str asked, Str name) {
    Str near = nearest_name(name, kNames);
    if (near.empty())
        return log_warning("cpuid=%.*s: no such feature: ignored", static_cast<int>(asked.size()), asked.data());
    log_warning("cpuid=%.*s: no such feature: ignored; did you mean '%.*s'?", static_cast<int>(asked.size()), asked.data(),
                static_cast<int>(near.size()), near.data());
}

// "no-X", "X=off" hide X; "X" and "X=on" leave it as the processor has it.
void take_word(FeatureSet& hidden, Str word) {
    bool hide = word.starts_with("no-");
    Str name = hide ? word.substr(3) : word;
    if (usize equals = name.find('='); equals != Str::npos) {
        Maybe<bool> on = option::boolean(name.substr(equals + 1));
        if (!on) return log_warning("cpuid=%.*s: not a yes or no: ignored", static_cast<int>(word.size()), word.data());
        hide = hide != !*on;
        name = name.substr(0, equals);
    }
    Spelling wanted{name};
    for (const Name& n : kNames) {
        if (Str{n.name} != wanted) continue;
        if (hide) hidden.set(n.feature);
        return;
    }
    warn_unknown(word, wanted);
}

}  // namespace

FeatureSet hidden_features(Str list) {
    FeatureSet hidden;
    for (Str word : Words{list}) take_word(hidden, word);
    return hidden;
}

FeatureSet without(FeatureSet f, const FeatureSet& hidden) {
    bool any = false;
    for (unsigned i = 0; i < arch::kFeatureWords; ++i) {
        any = any || (f.word[i] & hidden.word[i]);
        f.word[i] &= ~hidden.word[i];
    }
    return any ? consistent(f) : f;
}

}  // namespace xen::policy
