// SPDX-License-Identifier: MIT
// How late a timer's event may come while its vCPU is inside a long hypercall: the deadline is moved through the call
// in steps, the longest delay counts.
#include "event.hpp"
#include "measure.hpp"
#include "page.hpp"
#include "rows.hpp"
#include "table.hpp"
#include "test.hpp"
#include "trap.hpp"
#include <public/memory.h>
#include <public/vcpu.h>

namespace {

constexpr unsigned kSteps = 24;
constexpr unsigned kLong = 2048;
u64 deadline, delay;
multicall_entry calls_[kLong];
mmu_update_t updates_[kLong];

void note(Frame&) {
    const u64 now = system_time();
    if (deadline && now >= deadline) {
        delay = now - deadline;
        deadline = 0;
    }
    shared->vcpu_info[0].evtchn_pending_sel = 0;
    for (u64& word : shared->evtchn_pending) __atomic_store_n(&word, u64{0}, __ATOMIC_SEQ_CST);
}

template <class F> u64 longest(F call, u64 length) {
    u64 worst = 0;
    for (unsigned i = 1; i <= kSteps; ++i) {
        deadline = 0;
        vcpu_set_singleshot_timer shot = {system_time() + length * i / (kSteps + 1), 0};
        deadline = shot.timeout_abs_ns;
        set_upcall_mask(false);
        hypercall(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, address(&shot));
        call();
        while (deadline) hypercall(__HYPERVISOR_xen_version, 0, 0);
        set_upcall_mask(true);
        if (delay > worst) worst = delay;
    }
    return worst;
}

template <class F> void delay_row(const char* name, F call) { row(name, longest(call, count_once(call)), 1, Runs::none); }

void fill() {
    memset(static_cast<void*>(calls_), 0, sizeof(calls_));
    for (multicall_entry& e : calls_) e.op = __HYPERVISOR_xen_version;
    u8* page = window(0);
    const u64 slot = entry_machine(page, 1);
    for (unsigned i = 0; i < kLong; ++i) updates_[i] = {slot, i % 2 ? mfn_of(page) << 12 | kReadWrite : 0};
}

void pin_delay() {
    const Table table{true};
    delay_row("delay_in_pin", [&] {
        table.pin();
        table.unpin();
    });
}

} // namespace

void delays() {
    const u32 port = static_cast<u32>(bind_virq(VIRQ_TIMER));
    on_event = note;
    fill();
    delay_row("delay_in_multicall", [] { hypercall(__HYPERVISOR_multicall, address(calls_), kLong); });
    delay_row("delay_in_mmu_update",
              [] { hypercall(__HYPERVISOR_mmu_update, address(updates_), kLong, 0, DOMID_SELF); });
    pin_delay();
    on_event = nullptr;
    close_port(port);
}
