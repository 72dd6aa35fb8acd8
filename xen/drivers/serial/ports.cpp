// SPDX-License-Identifier: MIT
// com1 and com2: from the command line to console devices.
#include <xen/serial.hpp>

#include <asm/mapping.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include "drivers/serial/ns16550.hpp"
#include "drivers/serial/registers.hpp"
#include "lib/words.hpp"

namespace xen::serial {
namespace {

constexpr unsigned kPorts = 2;
constexpr const char* kNames[kPorts] = {"com1", "com2"};
constexpr u64 kLastPort = 0xffff;
constexpr usize kRegisters = 8;   // bytes
constexpr Nanos kPollEvery = millis(20);

struct Port {
    Ns16550& uart;
    PortOrMemory& regs;
    Config config{};
    bool used = false;
    unsigned number = 0;
};
constinit PortOrMemory registers[kPorts];
constinit Ns16550 uarts[kPorts]{Ns16550{registers[0]}, Ns16550{registers[1]}};
constinit Port ports[kPorts]{{uarts[0], registers[0]}, {uarts[1], registers[1]}};
Timer poll_timers[kPorts];

bool is_serial(pci::Address a) {
    u32 id = pci::read(a, 0, 4);
    return id != 0xffffffff && pci::read(a, 8, 4) >> 16 == 0x0700;   // class 7, subclass 0
}

// Bus 0 is where a console port is; others are named by port=.
Maybe<pci::Address> find_serial(unsigned skip) {
    for (unsigned devfn = 0; devfn < 256; ++devfn) {
        pci::Address a{0, 0, static_cast<u8>(devfn)};
        if (is_serial(a) && skip-- == 0) return a;
    }
    return nothing;
}

// A bridge of the firmware's making may not let accesses through yet.
void open_bridge(const Config& c) {
    if (!c.bridge) return;
    pci::write(*c.bridge, 4, 2, pci::read(*c.bridge, 4, 2) | 3);
}

bool find_registers(unsigned n, Config& c) {
    if (!c.from_pci) return true;
    open_bridge(c);
    Maybe<pci::Address> a = c.device ? c.device : find_serial(n);
    if (!a) return false;
    u32 bar = pci::read(*a, 0x10, 4);
    c.io_base = bar & 1 ? bar & ~3u : bar & ~15u;
    c.irq = 0;
    pci::write(*a, 4, 2, pci::read(*a, 4, 2) | (bar & 1 ? 1 : 2));
    if (!(bar & 1)) pci::protect(*a);   // ABI: one behind ports stays the hardware domain's to configure
    return c.io_base != 0;
}

bool open(Port& p) {
    if (p.config.io_base <= kLastPort) {
        p.regs.use_port(static_cast<u16>(p.config.io_base));
    } else {
        void* at = arch::map_device(Paddr{p.config.io_base}, kRegisters);
        if (!at) return false;
        p.regs.use_memory(static_cast<volatile u8*>(at));
    }
    return p.uart.present();
}

void init_port(unsigned n, Str text) {
    Port& p = ports[n];
    if (p.used || (text.empty() && !has_word(option::values().console, kNames[n]))) return;
    p.number = n;
    p.config = default_config(n);
    if (!parse_config(text, p.config))
        log_warning("%s=%.*s is not understood", kNames[n], static_cast<int>(text.size()), text.data());
    if (!find_registers(n, p.config) || !open(p)) return log_warning("%s: there is no serial port", kNames[n]);
    p.uart.setup(p.config);
    p.used = true;
    console::add_device(p.uart, kNames[n]);
}

void poll(void* port) {
    Port& p = *static_cast<Port*>(port);
    u64 flags = arch::irq_save();
    p.uart.interrupt();
    arch::irq_restore(flags);
    poll_timers[p.number].set(time::now() + kPollEvery.raw());
}

}  // namespace

void init() {
    init_port(0, option::values().com1);
    init_port(1, option::values().com2);
}

void init_interrupts() {
    for (unsigned n = 0; n < kPorts; ++n) {
        Port& p = ports[n];
        if (!p.used) continue;
        auto handler = [](void* d) { static_cast<Port*>(d)->uart.interrupt(); };
        if (p.config.irq && irq::request(p.config.irq, handler, &p, kNames[n])) {
            p.uart.use_interrupts(true);
            continue;
        }
        p.config.irq = 0;
        poll_timers[n].init(poll, &p, arch::cpu_id());
        poll_timers[n].set(time::now() + kPollEvery.raw());
    }
}

Resources resources(unsigned n) {
    const Port& p = ports[n];
    if (!p.used || p.config.io_base > kLastPort) return {};
    u16 first = static_cast<u16>(p.config.io_base);
    return {first, static_cast<u16>(first + kRegisters - 1), p.config.irq};
}

}  // namespace xen::serial
