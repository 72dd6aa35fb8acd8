// SPDX-License-Identifier: MIT
// Non-maskable interrupts. The machine's own go to the boot CPU: option `nmi` says whether they are ignored, told to the
// hardware domain through its NMI callback, or end the machine. The others' are those that this hypervisor sends.
#include "arch/x86/platform/nmi.hpp"

#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <xen/apic.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/assert.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/domain.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/percpu.hpp>
#include <xen/softirq.hpp>

#include <atomic>

#include "arch/x86/platform/state.hpp"

namespace xen::platform {
namespace {

constexpr u16 kSystemPort = 0x61;
constexpr CpuId kBootCpu{0};

NmiPolicy policy = NmiPolicy::fatal;
std::atomic<u32> reported{0};     // reasons on their way to the hardware domain
std::atomic<bool> expected{false};   // the debug key's is on its way
XEN_PERCPU constinit PerCpu<u64> counts{};

const char* name_of(u32 reasons) {
    if (reasons & XEN_NMIREASON_pci_serr) return "PCI system error (SERR)";
    if (reasons & XEN_NMIREASON_io_error) return "I/O check error";
    return "unknown reason";
}

// In a softirq: waking a vCPU takes locks.
void tell_hardware_domain() {
    u32 reasons = reported.exchange(0, std::memory_order_acq_rel);
    if (!reasons || !domain::dom0) return;
    __atomic_fetch_or(&domain::dom0->shared->arch.nmi_reason, reasons, __ATOMIC_SEQ_CST);
    if (Vcpu* v = domain::dom0->vcpu(VcpuId{0})) arch::raise_nmi(*v);
}

void report(u32 reasons) {
    reported.fetch_or(reasons, std::memory_order_acq_rel);
    softirq::raise(softirq::Kind::nmi);
    apic::kick_self_in_nmi(vectors::kEventCheck);   // a guest may run here: back to it only through the softirqs
}

// Not one of ours, on the boot CPU.
void act(const arch::GuestRegs& interrupted, u8 port) {
    u32 reasons = nmi_reasons(port);
    if (port & (kSystemError | kIoCheck)) arch::outb(kSystemPort, nmi_acknowledge(port));
    switch (policy) {
    case NmiPolicy::fatal: panic_at(interrupted, "NMI: %s", name_of(reasons));
    case NmiPolicy::dom0: report(reasons); [[fallthrough]];
    case NmiPolicy::ignore: log_warning("NMI: %s", name_of(reasons));
    }
}

void dump_nmis(char) {
    for (usize i : cpu_online)
        log_line("CPU %zu: %llu NMIs", i, static_cast<unsigned long long>(counts.on(CpuId{static_cast<u32>(i)})));
}

void trigger_nmi(char) {
    log_line("Triggering an NMI on CPU %u", arch::cpu_id().raw());
    expected.store(true, std::memory_order_relaxed);
    apic::send_nmi(arch::cpu_id());
}

bool is_ours(const arch::GuestRegs& interrupted) {
    return watchdog_nmi(interrupted) || expected.exchange(false, std::memory_order_relaxed);
}

}  // namespace

void init_nmi() {
    const Str word = option::values().nmi;
    policy = config::debug ? NmiPolicy::fatal : NmiPolicy::dom0;
    if (Maybe<NmiPolicy> p = nmi_policy(word)) policy = *p;
    else if (!word.empty()) log_warning("nmi=%.*s is none of ignore, dom0, fatal", static_cast<int>(word.size()), word.data());
    softirq::set_handler(softirq::Kind::nmi, tell_hardware_domain);
    console::register_key('n', dump_nmis, "NMI statistics");
    console::register_key('N', trigger_nmi, "trigger an NMI", console::KeyKind::action);
}

void handle_nmi(const arch::GuestRegs& interrupted) {
    if (stop_if_asked()) return;
    ++counts.local();
    lock_check::InterruptScope scope;
    console::enter_nmi();
    u8 port = arch::cpu_id() == kBootCpu ? arch::inb(kSystemPort) : u8{0};
    bool machine = port & (kSystemError | kIoCheck);
    if (machine || (!is_ours(interrupted) && arch::cpu_id() == kBootCpu)) act(interrupted, port);
    console::leave_nmi();
}

}  // namespace xen::platform
