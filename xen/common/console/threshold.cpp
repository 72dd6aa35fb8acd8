// SPDX-License-Identifier: MIT
#include "common/console/threshold.hpp"

#include "lib/format.hpp"

namespace xen::console {
namespace {

struct Name {
    const char* text;
    u8 value;
};
constexpr Name kNames[] = {{"none", 0}, {"error", 1}, {"warning", 2}, {"info", 3}, {"debug", 4}, {"all", 4}};

Maybe<u8> value_of(Str name) {
    for (const Name& n : kNames)
        if (name == Str{n.text}) return n.value;
    return nothing;
}

}  // namespace

Maybe<Threshold> parse_threshold(Str text) {
    usize slash = text.find('/');
    Maybe<u8> lower = value_of(text.substr(0, slash));
    if (!lower) return nothing;
    if (slash == Str::npos) return Threshold{*lower, *lower};
    Maybe<u8> upper = value_of(text.substr(slash + 1));
    if (!upper) return nothing;
    return Threshold{*lower, *upper > *lower ? *upper : *lower};
}

Verdict judge(Threshold t, log::Level level) {
    u8 l = static_cast<u8>(level);  // always 0, error 1, ...
    if (l == 0) return Verdict::print;
    if (l <= t.lower) return Verdict::print;
    return l <= t.upper ? Verdict::limited : Verdict::drop;
}

usize format_threshold(char* to, usize cap, Threshold t) {
    auto name = [](u8 level) { return level >= 4 ? "all" : kNames[level].text; };
    return format(to, cap, "%s/%s", name(t.lower), name(t.upper));
}

Threshold moved(Threshold t, int levels) {
    int lower = t.lower + levels;
    t.lower = static_cast<u8>(lower < 0 ? 0 : lower > 4 ? 4 : lower);
    if (t.upper < t.lower) t.upper = t.lower;
    return t;
}

const char* level_name(u8 level) {
    constexpr const char* kText[] = {"Nothing", "Errors", "Errors and warnings", "Errors, warnings and info", "All"};
    return kText[level < 5 ? level : 4];
}

}  // namespace xen::console
