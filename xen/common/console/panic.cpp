// SPDX-License-Identifier: MIT
// The end: what happened, on every console, then a reboot or a halt. A panic within a panic stops at once.
#include <xen/assert.hpp>

#include <asm/cpu.hpp>
#include <xen/arch_platform.hpp>
#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/platform.hpp>
#include <xen/time.hpp>

#include "common/console/state.hpp"
#include "lib/format.hpp"

namespace xen {
namespace {

std::atomic<u32> panicking{0};      // CPU plus 1
char message[512];

// The first CPU to panic goes on; others stop, and so does the same one again.
void enter_panic() {
    u32 none = 0, me = arch::cpu_id().raw() + 1;
    if (panicking.compare_exchange_strong(none, me, std::memory_order_acq_rel)) return;
    if (none == me) platform::reboot_now();
    arch::halt_forever();
}

void print_current() {
    const Vcpu* v = arch::current_vcpu();
    if (!v || !v->domain) return;
    if (v->is_idle()) log_line("Current: idle vCPU of CPU %u", arch::cpu_id().raw());
    else log_line("Current: d%uv%u on CPU %u", v->domain->id.raw(), v->id.raw(), arch::cpu_id().raw());
}

[[noreturn]] void finish() {
    if (option::values().noreboot) {
        log_line("Manual reset required ('noreboot' specified)");
        arch::halt_forever();
    }
    log_line("Reboot in five seconds...");
    time::busy_wait(seconds(5));
    platform::reboot();
}

// Alone, and with consoles that nobody holds up.
void begin() {
    arch::irq_disable();
    enter_panic();
    platform::stop_other_cpus();
    if (!console::state.started) platform::init_emergency_console();
    console::force_sync();
    print_current();
}

[[noreturn, gnu::format(printf, 1, 0)]] void end(const char* fmt, va_list args) {
    usize n = vformat(message, sizeof message, fmt, args);
    while (n && n < sizeof message && message[n - 1] == '\n') message[--n] = 0;
    log_line(" ");
    log_line("****************************************");
    log_line("Panic on CPU %u:", arch::cpu_id().raw());
    log_line("%s", message);
    log_line("****************************************");
    log_line(" ");
    finish();
}

}  // namespace

void panic(const char* fmt, ...) {
    begin();
    arch::dump_execution_state();
    va_list args;
    va_start(args, fmt);
    end(fmt, args);
}

void panic_at(const arch::GuestRegs& place, const char* fmt, ...) {
    begin();
    arch::dump_state(place);
    va_list args;
    va_start(args, fmt);
    end(fmt, args);
}

void bug(const char* condition, const char* file, int line) { panic("Xen BUG at %s:%d: %s", file, line, condition); }

}  // namespace xen
