// SPDX-License-Identifier: MIT
// What x86 does of common/smp: interrupts and start-up messages by the local APIC.
#include <xen/arch_smp.hpp>

#include <asm/smp.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/platform.hpp>
#include <xen/time.hpp>

namespace xen::arch {

void send_call(const CpuMask& cpus) { apic::send(cpus, vectors::kCallFunction); }

// SDM volume 3, 8.4.4.1: INIT, 10 ms, STARTUP, 200 us, STARTUP.
bool start_processor(CpuId cpu, bool (*arrived)(CpuId cpu, Nanos limit)) {
    prepare_entry(cpu);
    u32 id = apic::id_of(cpu);
    u8 page = entry_page();
    platform::send_init(id);
    time::busy_wait(millis(10));
    platform::send_startup(id, page);
    if (arrived(cpu, micros(200))) return true;
    platform::send_startup(id, page);
    return arrived(cpu, seconds(2));
}

}  // namespace xen::arch
