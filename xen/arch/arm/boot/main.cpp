// SPDX-License-Identifier: MIT
// The boot CPU's way from the entry point to the first guest.
#include <asm/cpu.hpp>
#include <asm/cpu_area.hpp>
#include <asm/cpu_affinity.hpp>
#include <asm/entry.hpp>
#include <asm/errata.hpp>
#include <asm/mapping.hpp>
#include <asm/smp.hpp>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/console.hpp>
#include <xen/control.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/partition.hpp>
#include <xen/platform.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/security.hpp>
#include <xen/softirq.hpp>
#include <xen/trace.hpp>

#include "arch/arm/boot/boot.hpp"
#include "common/smp/smp.hpp"
#include "lib/string.hpp"

extern "C" {
[[noreturn]] void boot_main(xen::u64 tree, xen::u64 image);
extern void (*const init_array_start[])();
extern void (*const init_array_end[])();
xen::arch::CpuBlock boot_block;
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
    set_block(boot_block);
}

XEN_INIT void run_constructors() {
    for (auto f = init_array_start; f != init_array_end; ++f) (*f)();
}

XEN_INIT void init_subsystems() {
    domain::init();
    rcu::init();
    platform::init_irqs();
    platform::init_time();
    platform::init_cpu();
    security::init(option::values().xsm);
    sched::init();
    if (!sched::init_cpu(kBootCpu)) panic("no memory for the boot CPU's scheduler");
    event::init();
    grant::init();
    control::init();
}

// On the boot CPU's final stack, with everything mapped and the heap in place.
XEN_INIT void start_xen() {
    arch::setup_cpu();
    (void)errata::join();
    cpu_online.set(0);
    init_subsystems();
    arch::irq_enable();
    smp::start_others(option::values().maxcpus);
    errata::settle();
    if constexpr (config::tracebuffer) trace::init();
    platform::init_late();
    boot::build_domains();
    switch_stack(&arch::block_of(kBootCpu), [] {
        console::finish_boot();
        boot::release_init_memory();
        if (domain::dom0) (void)domain::unpause_by_controller(*domain::dom0).ok();
        partition::release();
        enter_current();
    });
}

XEN_INIT void init_memory() {
    boot::map_memory();
    platform::init_consoles(boot::info);
    console::init();
    boot::log_tree_info();
    platform::init_early(boot::info);
    memory::init(boot::info);
    boot::release_free_memory();
    console::init_ring();
    if (!arch::create_area(kBootCpu)) panic("no memory for the boot CPU");
    set_block(arch::block_of(kBootCpu));
    arch::use_block(arch::block_of(kBootCpu));
}

}  // namespace
}  // namespace xen

XEN_INIT void boot_main(xen::u64 tree, xen::u64 image) {
    using namespace xen;
    init_percpu();
    run_constructors();
    boot::build_first_tables(Paddr{image});
    console::init_early();
    boot::read_tree(Paddr{tree});
    option::parse(boot::info.cmdline);
    boot::limit_memory();
    init_memory();
    switch_stack(&arch::block_of(kBootCpu), start_xen);
}
