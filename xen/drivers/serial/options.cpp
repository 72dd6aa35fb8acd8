// SPDX-License-Identifier: MIT
#include "drivers/serial/options.hpp"

#include "lib/words.hpp"

namespace xen::serial {
namespace {

Maybe<unsigned> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return nothing;
}

Maybe<u64> number(Str t, unsigned base) {
    if (base == 0) {
        base = t.starts_with("0x") || t.starts_with("0X") ? 16 : 10;
        if (base == 16) t = t.substr(2);
    }
    if (t.empty() || t.size() > 16) return nothing;
    u64 v = 0;
    for (char c : t) {
        Maybe<unsigned> d = digit(c);
        if (!d || *d >= base) return nothing;
        v = v * base + *d;
    }
    return v;
}

// Cuts the text at the first `c`; what is behind it goes to `rest`.
Str cut(Str text, char c, Str& rest) {
    usize at = text.find(c);
    rest = at == Str::npos ? Str{} : text.substr(at + 1);
    return text.substr(0, at);
}

bool set_number(Str t, u32& to) {
    Maybe<u64> v = number(t, 0);
    if (!v || *v > 0xffffffff) return false;
    to = static_cast<u32>(*v);
    return true;
}

bool set_baud(Str t, Config& c) {
    Str base;
    Str baud = cut(t, '/', base);
    if (baud == "auto") c.baud = 0;
    else if (!baud.empty() && !set_number(baud, c.baud)) return false;
    u32 highest = 0;
    if (base.empty()) return true;
    if (!set_number(base, highest) || highest > 0xfffffff) return false;
    c.clock_hz = highest * 16;
    return true;
}

bool set_data(char d, Config& c) {
    if (d < '5' || d > '8') return false;
    c.data_bits = static_cast<u8>(d - '0');
    return true;
}

bool set_parity(Str t, Config& c) {
    if (t.empty() || Str{"noems"}.find(t[0]) == Str::npos) return false;
    c.parity = t[0];
    return true;
}

bool set_stop(char s, Config& c) {
    if (s != '1' && s != '2') return false;
    c.stop_bits = static_cast<u8>(s - '0');
    return true;
}

bool set_line(Str t, Config& c) {
    return t.size() == 3 && set_data(t[0], c) && set_parity(t.substr(1, 1), c) && set_stop(t[2], c);
}

bool set_io(Str t, Config& c) {
    if (t == "pci" || t == "amt") {
        c.from_pci = true;
        c.irq = 0;
        return true;
    }
    Maybe<u64> v = number(t, 0);
    if (!v) return false;
    c.io_base = *v;
    return true;
}

bool set_irq(Str t, Config& c) {
    if (t == "msi") {
        c.irq = 0;  // PCI ports are polled
        return true;
    }
    return set_number(t, c.irq);
}

bool set_bdf(Str t, Maybe<pci::Address>& to) {
    to = parse_bdf(t);
    return static_cast<bool>(to);
}

bool set_device(Str t, Config& c) {
    c.from_pci = true;
    return set_bdf(t, c.device);
}

bool set_named(Str name, Str value, Config& c) {
    if (name == "baud") return set_baud(value, c);
    if (name == "clock-hz") return set_number(value, c.clock_hz);
    if (name == "data-bits") return value.size() == 1 && set_data(value[0], c);
    if (name == "parity") return set_parity(value, c);
    if (name == "stop-bits") return value.size() == 1 && set_stop(value[0], c);
    if (name == "io-base") return set_io(value, c);
    if (name == "irq") return set_irq(value, c);
    if (name == "port") return set_device(value, c);
    if (name == "bridge") return set_bdf(value, c.bridge);
    return name == "dev" && set_io(value, c);
}

bool set_positional(unsigned field, Str t, Config& c) {
    switch (field) {
    case 0: return set_baud(t, c);
    case 1: return set_line(t, c);
    case 2: return set_io(t, c);
    case 3: return set_irq(t, c);
    case 4: return set_device(t, c);
    case 5: return set_bdf(t, c.bridge);
    default: return false;
    }
}

// A field left empty keeps its value.
bool set_field(unsigned field, Str item, Config& c) {
    if (item.empty()) return true;
    Str value;
    Str name = cut(item, '=', value);
    return name.size() < item.size() ? set_named(name, value, c) : set_positional(field, item, c);
}

}  // namespace

Config default_config(unsigned port) {
    Config c;
    c.io_base = port ? 0x2f8 : 0x3f8;
    c.irq = port ? 3 : 4;
    return c;
}

Maybe<pci::Address> parse_bdf(Str text) {
    Str rest;
    Str first = cut(text, ':', rest);
    Str more, function;
    Str second = cut(rest, ':', more);
    Str segment = more.empty() ? Str{"0"} : first;
    Str bus = more.empty() ? first : second;
    Str device = cut(more.empty() ? second : more, '.', function);
    Maybe<u64> s = number(segment, 16), b = number(bus, 16), d = number(device, 16), f = number(function, 16);
    if (!s || !b || !d || !f || *s > 0xffff || *b > 0xff || *d > 31 || *f > 7) return nothing;
    return pci::Address{static_cast<u16>(*s), static_cast<u8>(*b), static_cast<u8>(*d << 3 | *f)};
}

bool parse_config(Str text, Config& c) {
    unsigned field = 0;
    for (Str item : Words{text})
        if (!set_field(field++, item, c)) return false;
    return true;
}

}  // namespace xen::serial
