// SPDX-License-Identifier: MIT
// Tracing on and off: XEN_SYSCTL_tbuf_op and the options.
#include <xen/event.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/refusal.hpp>
#include <xen/softirq.hpp>
#include <xen/trace.hpp>

#include "common/control/bitmap_copy.hpp"
#include "common/trace/buffers.hpp"
#include "common/trace/filter.hpp"

namespace xen::trace {
namespace {

u32 chosen_events = TRC_ALL;       // what `mask` is while tracing is on
std::atomic<u64> left_out[(kMaxCpus + 63) / 64];   // CPUs that are not traced
bool enabled;

void apply() { mask.store(enabled ? chosen_events : 0, std::memory_order_release); }

Status choose_cpus(const xenctl_bitmap& map) {
    CpuMask chosen = TRY(control::copy_bitmap_in<kMaxCpus>(map));
    for (usize i = 0; i < sizeof(left_out) / sizeof(left_out[0]); ++i)
        left_out[i].store(~chosen.word(i), std::memory_order_relaxed);
    return {};
}

Status set_size(u32 pages) {
    if (u32 now = pages_per_cpu(); now && pages != now) return refuse(Errno::inval, "size is %u pages a CPU, and there are buffers of %u", pages, now);
    return make_buffers(pages);
}

Status enable() {
    if (!pages_per_cpu()) return refuse(Errno::inval, "there are no buffers: their size was not set");
    enabled = true;
    apply();
    return {};
}

void disable() {
    enabled = false;
    apply();
    for (usize cpu : cpu_online)
        if (CpuRing* r = ring_of(CpuId{static_cast<u32>(cpu)})) r->forget.store(true, std::memory_order_relaxed);
}

}  // namespace

bool cpu_traced(CpuId cpu) {
    return !(left_out[cpu.raw() / 64].load(std::memory_order_relaxed) >> (cpu.raw() % 64) & 1);
}

void init() {
    softirq::set_handler(softirq::Kind::trace, [] { event::send_host_virq(VIRQ_TBUF); });
    const option::Values& o = option::values();
    if (!o.tbuf_size) return;
    if (Status s = make_buffers(o.tbuf_size); !s)
        return log_warning("tbuf_size=%u: no trace buffers: errno %u", o.tbuf_size, static_cast<unsigned>(s.error()));
    if (!o.tevt_mask) return;
    chosen_events = o.tevt_mask;
    (void)enable().ok();
}

Status control(xen_sysctl_tbuf_op& op) {
    switch (op.cmd) {
    case XEN_SYSCTL_TBUFOP_get_info: {
        Maybe<Mfn> frame = info_frame();
        op.evt_mask = chosen_events;
        op.buffer_mfn = frame ? frame->raw() : 0;
        op.size = info_bytes();
        return {};
    }
    case XEN_SYSCTL_TBUFOP_set_cpu_mask: return choose_cpus(op.cpu_mask);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        chosen_events = op.evt_mask;
        apply();
        return {};
    case XEN_SYSCTL_TBUFOP_set_size: return set_size(op.size);
    case XEN_SYSCTL_TBUFOP_enable: return enable();
    case XEN_SYSCTL_TBUFOP_disable: disable(); return {};
    default: return refuse(Errno::inval, "cmd is %u: there is no such one", op.cmd);
    }
}

}  // namespace xen::trace
