// SPDX-License-Identifier: MIT
// The command line of the hypervisor, the forms of its values, and serial ports.
#include <xen/option.hpp>
#include <xen/time.hpp>

#include <string>

#include "common/console/threshold.hpp"
#include "common/console/timestamp.hpp"
#include "common/options/table.hpp"
#include "drivers/serial/options.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

void whole_line(const std::string& text) {
    option::parse(text.c_str());
    char value[64];
    for (const option::Option& o : option::table()) (void)option::show(o, value, sizeof(value));
    if (option::published().size() > text.size() + 64) broken("more options are published than were given");
    const option::Dom0Memory& m = option::values().dom0_mem;
    option::publish_dom0_memory(m.size ? *m.size : 1 << 20, m.max ? *m.max : 1 << 21);
    (void)option::published();
    option::parse("noreboot");
}

}  // namespace

void run_command_line(Input in) {
    unsigned kind = in.below(5);
    Bytes raw = in.rest();
    std::string text{reinterpret_cast<const char*>(raw.data()), raw.size()};
    text = text.c_str();   // up to a NUL, as a line is
    Str value{text.data(), text.size()};
    switch (kind) {
    case 0: {
        serial::Config c = serial::default_config(raw.size() & 1);
        (void)serial::parse_config(value, c);
        break;
    }
    case 1: (void)serial::parse_bdf(value); break;
    case 2: (void)console::parse_threshold(value); break;
    default: whole_line(text); break;
    }
}

}  // namespace xen::fuzz
