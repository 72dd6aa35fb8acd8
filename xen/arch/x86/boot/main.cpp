// SPDX-License-Identifier: MIT
// The boot CPU's way from the entry point to the first guest.
#include <asm/boot_vector.hpp>
#include <asm/cpu.hpp>
#include <asm/cpu_area.hpp>
#include <asm/entry.hpp>
#include <asm/features.hpp>
#include <asm/fixup.hpp>
#include <asm/m2p.hpp>
#include <asm/smp.hpp>
#include <asm/policy.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/console.hpp>
#include <xen/control.hpp>
#include <xen/dom0.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/partition.hpp>
#include <xen/platform.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/security.hpp>
#include <xen/trace.hpp>
#include <xen/vga.hpp>

#include "arch/x86/boot/boot.hpp"
#include "arch/x86/microcode/microcode.hpp"
#include "common/smp/smp.hpp"
#include "lib/string.hpp"

extern "C" {
[[noreturn]] void boot_main(xen::u32 magic, xen::u64 info);
[[noreturn]] void switch_stack(void* top, void (*fn)());
extern void (*const init_array_start[])();
extern void (*const init_array_end[])();
}

namespace xen {
namespace {

constexpr CpuId kBootCpu{0};

// This CPU's copy of the per-CPU data; the template stays as it is for the others.
XEN_INIT void set_block(arch::CpuBlock& b) {
    b = {};
    b.percpu_offset = boot_percpu - percpu_start;
    b.softirqs = &softirq::pending_mask.remote(kBootCpu);
}

XEN_INIT void init_percpu() {
    memcpy(boot_percpu, percpu_start, static_cast<usize>(percpu_end - percpu_start));
    arch::percpu_offsets[0] = boot_percpu - percpu_start;
    set_block(arch::cpu_block());
}

XEN_INIT void run_constructors() {
    for (auto f = init_array_start; f != init_array_end; ++f) (*f)();
}

XEN_INIT void init_subsystems() {
    domain::init();
    arch::publish_m2p();
    rcu::init();
    platform::init_irqs();
    arch::init_smp();
    platform::init_time();
    microcode::init(boot::info);
    policy::init();
    security::init(option::values().xsm);
    sched::init();
    if (!sched::init_cpu(kBootCpu)) panic("no memory for the boot CPU's scheduler");
    event::init();
    grant::init();
    control::init();
}

// On the boot CPU's final stack, with everything mapped and the heap in place.
XEN_INIT void start_xen() {
    arch::load_tables(kBootCpu);
    cpu_online.set(0);
    init_subsystems();
    arch::irq_enable();
    smp::start_others(option::values().maxcpus);
    if constexpr (config::tracebuffer) trace::init();
    platform::init_late();
    boot::build_domains();
    switch_stack(&arch::cpu_block(), [] {
        console::finish_boot();
        vga::release();
        if (domain::dom0) dom0::hand_over_screen(boot::info);
        boot::release_init_memory();
        if (domain::dom0) (void)domain::unpause_by_controller(*domain::dom0).ok();
        partition::release();
        enter_current();
    });
}

// Before the local APIC's input for them is closed: a request of theirs that is pending then would never go away.
XEN_INIT void mask_8259s() {
    arch::outb(0x21, 0xff);
    arch::outb(0xa1, 0xff);
}

XEN_INIT void init_memory() {
    boot::build_page_tables();
    platform::init_consoles(boot::info);
    console::init();
    boot::log_loader_info();
    arch::log_features();
    platform::init_early(boot::info);
    memory::init(boot::info);
    boot::release_free_memory();
    console::init_ring();
    arch::init_trampoline(boot::trampoline);
    if (!arch::create_area(kBootCpu)) panic("no memory for the boot CPU");
    set_block(arch::block_of(kBootCpu));
}

}  // namespace
}  // namespace xen

XEN_INIT void boot_main(xen::u32 magic, xen::u64 at) {
    using namespace xen;
    init_percpu();
    run_constructors();
    arch::load_boot_idt();
    arch::set_boot_thread();
    arch::detect_features();
    if (arch::features.smap) arch::patch_smap();
    console::init_early();
    Status read = boot::read_loader_info(magic, Paddr{at});
    option::parse(boot::info.cmdline);
    if (!read) panic("the boot loader's information cannot be used (magic %#x)", magic);
    boot::limit_memory();
    boot::restore_text_mode();
    arch::setup_cpu();
    mask_8259s();
    init_memory();
    switch_stack(&arch::block_of(kBootCpu), start_xen);
}
