// SPDX-License-Identifier: MIT
#include "drivers/serial/tree_uart.hpp"

namespace xen::serial {
namespace {

using device_tree::Node;
using device_tree::Tree;

struct Compatible {
    const char* name;
    Kind kind;
};
constexpr Compatible kKnown[] = {{"arm,pl011", Kind::pl011},     {"arm,sbsa-uart", Kind::sbsa},  {"ns16550a", Kind::ns16550},
                                 {"ns16550", Kind::ns16550}, {"ns16450", Kind::ns16550}, {"ns8250", Kind::ns16550}};

// A path or an alias, with settings behind a colon.
Maybe<Node> chosen_console(const Tree& t) {
    Maybe<Node> chosen = t.find("/chosen");
    Maybe<Str> path = chosen ? chosen->text("stdout-path") : Maybe<Str>{};
    if (!path) return nothing;
    Str name = path->substr(0, path->find(':'));
    if (name.starts_with("/")) return t.find(name);
    Maybe<Node> aliases = t.find("/aliases");
    Maybe<Str> full = aliases ? aliases->text(name) : Maybe<Str>{};
    return full ? t.find(*full) : Maybe<Node>{};
}

// A UART that is disabled may be the firmware's own, or not be wired.
Maybe<Node> first_enabled(const Tree& t, const char* compatible) {
    for (Maybe<Node> n = t.root(); n; n = n->next())
        if (n->compatible(compatible) && n->enabled()) return n;
    return nothing;
}

u32 number_or(Node n, Str name, u32 otherwise) { return static_cast<u32>(n.number(name).value_or(otherwise)); }

}  // namespace

Maybe<TreeUart> find_uart(const Tree& tree) {
    if (Maybe<Node> n = chosen_console(tree))
        for (const Compatible& c : kKnown)
            if (n->compatible(c.name) && n->enabled()) return TreeUart{*n, c.kind};
    for (const Compatible& c : kKnown)
        if (Maybe<Node> n = first_enabled(tree, c.name)) return TreeUart{*n, c.kind};
    return nothing;
}

Maybe<MemoryRegisters::Layout> MemoryRegisters::layout_of(Node n) {
    constexpr u32 kMostShift = 4, kMostOffset = 0x800;
    Layout l{number_or(n, "reg-offset", 0), number_or(n, "reg-shift", 0), number_or(n, "reg-io-width", 1)};
    bool known = (l.width == 1 || (l.width == 4 && l.shift >= 2 && l.offset % 4 == 0)) && l.shift <= kMostShift && l.offset <= kMostOffset;
    return known ? Maybe<Layout>{l} : nothing;
}

}  // namespace xen::serial
