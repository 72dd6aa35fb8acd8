// SPDX-License-Identifier: MIT
// The command line. Every option stands once, in common/options/table.hpp: name, type, default, help; from
// that one list come the parser, the hypfs entries and docs/options.md. Values are read-only after parse(),
// but for the numbers among those that make_changeable() lists.
#pragma once

#include <xen/config/arm.hpp>
#include <xen/cpumask.hpp>

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::option {

// dom0_mem and friends: absolute bytes or a fraction, as Xen's syntax allows.
struct Dom0Memory {
    Maybe<u64> size{}, min{}, max{};   // bytes; the defaults stand in the table's text
    bool size_relative = false, max_relative = false, min_relative = false;   // "all but that much"
};

struct Values {
    Dom0Memory dom0_mem{};
    u32 dom0_max_vcpus_min = 0, dom0_max_vcpus_max = ~0u;   // "N" or "min-max"
    bool dom0_vcpus_pin = false;
    Str console{config::arm ? "dtuart" : "com1,vga"};
    Str com1{}, com2{};
    Str vga{};
    Str loglvl{"warning"}, guest_loglvl{"none/warning"};
    u64 conring_size = 1 << 20;
    Str console_timestamps{"none"};
    Str conswitch{"a"};
    bool sync_console = false;
    bool noreboot = false;
    Str reboot{};
    bool watchdog = false;
    u32 watchdog_timeout = 5;
    u32 maxcpus = 0;              // 0: all
    u64 mem_limit = 0;            // bytes; 0: all RAM
    Str sched{"credit"};
    bool smt = true;
    Str ucode{};
    u32 tbuf_size = 0;
    u32 tevt_mask = 0;
    Str xsm{"dummy"};
    u32 gnttab_max_frames = 64, gnttab_max_maptrack_frames = 1024;
    Str iommu{"no"};
    Str cpuid{};
    bool x2apic = true;
    Str nmi{};
};

// A boolean as the command line spells it; the empty text, an option alone, is yes.
Maybe<bool> boolean(Str text);

// Boot CPU, once, before anything asks. Unknown options: one warning line each with the nearest known name.
void parse(Str command_line);
const Values& values();
// What guests and tools see (XENVER_commandline): with the effective absolute dom0_mem=…,max:….
Str published();
void publish_dom0_memory(u64 bytes, u64 max_bytes);

// The few options that may change while the machine runs (hypfs writes them). Whom they concern registers them at boot;
// the caller of set() and show() serialises.
struct Changeable {
    const char* name;
    Status (*set)(Str text);                    // Errno::inval when it is no value
    usize (*show)(char* to, usize cap);         // the length that the text has
    u32 most;                                   // the most characters of a value
};
void make_changeable(const Changeable& c);
const Changeable* changeable(Str name);         // nullptr: not this one
// For numbers: changes the value itself; Errno::range above 2^31 - 1.
Status change_number(u32 Values::*member, Str text);

}  // namespace xen::option
