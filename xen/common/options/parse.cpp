// SPDX-License-Identifier: MIT
// The command line, word by word.
#include <xen/log.hpp>

#include "common/options/state.hpp"
#include "common/options/table.hpp"
#include "lib/format.hpp"
#include "lib/string.hpp"

namespace xen::option {
namespace {

constexpr usize kLongest = 2048;
char line[kLongest];
char published_line[kLongest];

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// The next word; quotes keep spaces inside.
Str take_word(Str& rest) {
    usize i = 0;
    while (i < rest.size() && is_space(rest[i])) ++i;
    usize start = i;
    for (char quote = 0; i < rest.size() && (quote || !is_space(rest[i])); ++i) {
        if (rest[i] == '"' || rest[i] == '\'') quote = quote == rest[i] ? '\0' : quote ? quote : rest[i];
    }
    Str word = rest.substr(start, i - start);
    rest = rest.substr(i);
    return word;
}

Str unquoted(Str s) {
    bool quoted = s.size() >= 2 && (s[0] == '"' || s[0] == '\'') && s[s.size() - 1] == s[0];
    return quoted ? s.substr(1, s.size() - 2) : s;
}

const Option* find(Str name) {
    for (const Option& o : table())
        if (name == Str{o.name}) return &o;
    return nullptr;
}

#define STR(s) static_cast<int>((s).size()), (s).data()

void warn_unknown(Str name) {
    Str near = nearest(name);
    if (near.empty()) log_warning("unknown option '%.*s': ignored", STR(name));
    else log_warning("unknown option '%.*s': ignored; did you mean '%.*s'?", STR(name), STR(near));
}

void apply(Str word) {
    usize equals = word.find('=');
    Str name = word.substr(0, equals);
    Str text = equals == Str::npos ? Str{} : unquoted(word.substr(equals + 1));
    bool negated = false;
    const Option* o = find(name);
    if (!o && name.starts_with("no-")) {
        o = find(name.substr(3));
        negated = true;
    }
    if (!o) return warn_unknown(name);
    if (!assign(*o, text, negated))
        log_warning("option '%.*s' is no value for %s (%s): ignored", STR(word), o->name, o->values);
}

template <class F>
void each_word(Str text, F f) {
    for (;;) {
        Str word = take_word(text);
        if (word.empty() || word == Str{"--"}) return;
        f(word);
    }
}

}  // namespace

void parse(Str command_line) {
    usize n = copy_string(line, sizeof(line), command_line);
    if (n < command_line.size()) log_warning("the command line is longer than %zu characters: cut", kLongest - 1);
    copy_string(published_line, sizeof(published_line), Str{line, n});
    parsed = Values{};
    each_word(Str{line, n}, apply);
}

const Values& values() { return parsed; }

Str published() { return published_line; }

void publish_dom0_memory(u64 bytes, u64 max_bytes) {
    char text[kLongest];
    usize used = 0;
    each_word(Str{line}, [&](Str word) {
        if (word.starts_with("dom0_mem=")) return;
        used += format(text + used, sizeof(text) - used, "%.*s ", STR(word));
        if (used >= sizeof(text)) used = sizeof(text) - 1;
    });
    format(text + used, sizeof(text) - used, "dom0_mem=%luM,max:%luM", bytes >> 20, max_bytes >> 20);
    copy_string(published_line, sizeof(published_line), Str{text});
}

}  // namespace xen::option
