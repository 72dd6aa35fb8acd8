// SPDX-License-Identifier: MIT
#include "drivers/serial/pl011.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/boot_tree.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>

namespace xen::serial {
namespace {

// DDI 0183 3.2, 3.3.
constexpr unsigned kData = 0x00, kFlags = 0x18, kLineControl = 0x2c, kControl = 0x30, kMask = 0x38, kMasked = 0x40, kClear = 0x44;
constexpr u32 kBusy = 1 << 3, kReceiveEmpty = 1 << 4, kTransmitFull = 1 << 5;
constexpr u32 kEightBitsFifo = 0x70, kOn = 0x301, kInput = 1 << 4 | 1 << 6;   // received, receive timeout
// A character takes 10 ms at 1200 baud; a register access takes about 100 ns.
constexpr unsigned kPatience = 1'000'000;

constinit Pl011 port;
constinit bool used = false;
Maybe<device_tree::Node> node;

// /chosen's stdout-path, a path or an alias, with settings behind a colon.
Maybe<device_tree::Node> chosen_console() {
    const device_tree::Tree& t = boot::tree();
    Maybe<device_tree::Node> chosen = t.find("/chosen");
    Maybe<Str> path = chosen ? chosen->text("stdout-path") : Maybe<Str>{};
    if (!path) return nothing;
    Str name = path->substr(0, path->find(':'));
    if (name.starts_with("/")) return t.find(name);
    Maybe<device_tree::Node> aliases = t.find("/aliases");
    Maybe<Str> full = aliases ? aliases->text(name) : Maybe<Str>{};
    return full ? t.find(*full) : Maybe<device_tree::Node>{};
}

bool is_pl011(const Maybe<device_tree::Node>& n) { return n && (n->compatible("arm,pl011") || n->compatible("arm,sbsa-uart")); }

Maybe<device_tree::Node> find() {
    if (Maybe<device_tree::Node> n = chosen_console(); is_pl011(n)) return n;
    if (Maybe<device_tree::Node> n = boot::tree().find_compatible("arm,pl011")) return n;
    return boot::tree().find_compatible("arm,sbsa-uart");
}

// A specifier of the GIC: type, number, flags; type 0 counts from 32.
Maybe<u32> line_of(device_tree::Node n) {
    auto i = n.interrupt(0);
    if (!i || i.value().cells.size() < 2 || i.value().cells[0] != 0) return nothing;
    return i.value().cells[1] + 32;
}

}  // namespace

// The lock, or after a panic, when its holder was stopped or interrupted for good, nothing: found out once.
class SCOPED_CAPABILITY Pl011::Access {
public:
    explicit Access(Pl011& uart) ACQUIRE(uart.lock_) NO_THREAD_SAFETY_ANALYSIS : uart_{uart}, flags_{arch::irq_save()} {
        for (unsigned i = 0; console::panicking() && !(locked_ = uart.lock_.try_acquire()); ++i) {
            if (i == kPatience) uart.abandoned_.store(true, std::memory_order_relaxed);
            if (uart.abandoned_.load(std::memory_order_relaxed)) return;
            arch::relax();
        }
        if (!locked_) uart.lock_.acquire();
        locked_ = true;
    }
    ~Access() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
        if (locked_) uart_.lock_.release();
        arch::irq_restore(flags_);
    }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

private:
    Pl011& uart_;
    u64 flags_;
    bool locked_ = false;
};

void Pl011::open(char* registers, bool full) {
    regs_ = registers;
    arch::mmio_write32(regs_ + kMask, 0);
    if (!full) return;
    arch::mmio_write32(regs_ + kLineControl, kEightBitsFifo);
    arch::mmio_write32(regs_ + kControl, kOn);
}

bool Pl011::wait_until_clear(u32 flag) {
    for (unsigned i = 0; i < (dead_ ? 1 : kPatience); ++i) {   // no second long wait for one that did not answer
        if (!(arch::mmio_read32(regs_ + kFlags) & flag)) {
            dead_ = false;
            return true;
        }
        arch::relax();
    }
    dead_ = true;
    return false;
}

void Pl011::put(char c) {
    if (wait_until_clear(kTransmitFull)) arch::mmio_write32(regs_ + kData, static_cast<u8>(c));
}

void Pl011::write(Str text) {
    Access a{*this};
    for (char c : text) {
        if (c == '\n') put('\r');
        put(c);
    }
}

void Pl011::flush() {
    Access a{*this};
    wait_until_clear(kBusy);
}

int Pl011::poll() {
    Access a{*this};
    if (arch::mmio_read32(regs_ + kFlags) & kReceiveEmpty) return -1;
    return static_cast<int>(arch::mmio_read32(regs_ + kData) & 0xff);
}

void Pl011::use_interrupt() {
    Access a{*this};
    arch::mmio_write32(regs_ + kClear, kInput);
    arch::mmio_write32(regs_ + kMask, kInput);
}

// What arrived goes on without our lock: it may end in an event for the hardware domain.
void Pl011::interrupt() {
    arch::mmio_write32(regs_ + kClear, arch::mmio_read32(regs_ + kMasked));
    for (int c; (c = poll()) >= 0;) console::receive(static_cast<char>(c));
}

void init_pl011() {
    if (used) return;
    node = find();
    auto at = node ? node->machine_reg(0) : Result<device_tree::Range>{Errno::noent};
    void* registers = at ? arch::map_device(Paddr{at.value().start}, kPageSize) : nullptr;
    if (!registers) return log_warning("dtuart: there is no PL011 in the device tree");
    port.open(static_cast<char*>(registers), node->compatible("arm,pl011"));
    used = true;
    console::add_device(port, "dtuart");
}

void init_pl011_interrupt() {
    Maybe<u32> line = used ? line_of(*node) : Maybe<u32>{};
    if (!line) return;
    auto handler = [](void*) { port.interrupt(); };
    if (irq::request(*line, handler, nullptr, "dtuart")) port.use_interrupt();
    else log_warning("dtuart: no interrupt, no input");
}

Maybe<device_tree::Node> console_node() { return used ? node : Maybe<device_tree::Node>{}; }

}  // namespace xen::serial
