// SPDX-License-Identifier: MIT
// Options that may change while the machine runs.
#include <xen/assert.hpp>

#include "common/options/state.hpp"
#include "common/options/table.hpp"

namespace xen::option {
namespace {

constexpr usize kMost = 8;
Changeable list[kMost];
usize used = 0;

}  // namespace

void make_changeable(const Changeable& c) {
    bug_if(used == kMost);
    list[used++] = c;
}

const Changeable* changeable(Str name) {
    for (usize i = 0; i < used; ++i)
        if (name == Str{list[i].name}) return &list[i];
    return nullptr;
}

Status change_number(u32 Values::*member, Str text) {
    u64 value;
    if (!parse_number(text, value)) return Errno::inval;
    if (value > 0x7fffffff) return Errno::range;
    __atomic_store_n(&(parsed.*member), static_cast<u32>(value), __ATOMIC_RELAXED);
    return {};
}

}  // namespace xen::option
