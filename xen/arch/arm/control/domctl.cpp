// SPDX-License-Identifier: MIT
// The Arm operations of domctl and sysctl. What it has not is refused by name.
#include <asm/p2m.hpp>
#include <asm/vgic.hpp>
#include <asm/vuart.hpp>
#include <public/arch-arm.h>
#include <xen/arch_control.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/refusal.hpp>

#include "arch/arm/mm/flush.hpp"

namespace xen::arch {
namespace {

constexpr u64 kMostFlushed = u64{1} << memory::kMaxOrder;
constexpr u64 kFlushBatch = 64;   // pages between two looks at the clock

// A builder has written there through its caches; the guest starts with its own off. Where it yielded, it goes on.
Status flush_caches(Domain& d, const xen_domctl_cacheflush& x) {
    if (x.nr_pfns > kMostFlushed || x.start_pfn + x.nr_pfns < x.start_pfn)
        return refuse(Errno::inval, "nr_pfns is %lu, at most %lu", x.nr_pfns, kMostFlushed);
    u64& done = d.arch.frames_flushed;
    if (done > x.nr_pfns) done = 0;
    while (done < x.nr_pfns) {
        mm::flush_frame(d, Gfn{x.start_pfn + done});
        if (++done % kFlushBatch == 0 && done < x.nr_pfns && hypercall::preempt_due()) return Errno::restart;
    }
    done = 0;
    return {};
}

// ABI: kernels of 32 bits are not supported.
Status set_width(u32 bits) { return bits == 64 ? Status{} : refuse(Errno::inval, "size is %u: guests have 64-bit kernels only", bits); }

Status set_pool(Domain& d, u64 bytes) {
    if (page_offset(bytes)) return refuse(Errno::inval, "size is %#lx: no whole pages", bytes);
    return p2m::set_table_limit(d, bytes >> kPageShift);
}

// Device memory that the caller may touch, at a place of the guest's that need not be the machine's.
Status map_memory(Domain& d, const xen_domctl_memory_mapping& x) {
    constexpr u64 kMost = 64;
    u64 last = x.first_mfn + x.nr_mfns - 1, last_gfn = x.first_gfn + x.nr_mfns - 1;
    if (last < x.first_mfn || last_gfn < x.first_gfn) return refuse(Errno::inval, "no range of frames");
    if (x.nr_mfns > kMost) return refuse(Errno::toobig, "nr_mfns is %lu, at most %lu", x.nr_mfns, kMost);
    if (!current_domain().io_memory->contains(x.first_mfn, last) || !d.io_memory->contains(x.first_mfn, last))
        return refuse(Errno::perm, "frames %#lx to %#lx are not all its own", x.first_mfn, last);
    if (!x.add_mapping) return p2m::unmap(d, Gfn{x.first_gfn}, x.nr_mfns);
    return p2m::map(d, Gfn{x.first_gfn}, Mfn{x.first_mfn}, x.nr_mfns, p2m::Type::device);
}

Status check_uart(const Domain& d, const xen_domctl_vuart_op& x) {
    if (x.pad[0] || x.pad[1]) return refuse(Errno::inval, "pad is not 0");
    if (x.cmd != XEN_DOMCTL_VUART_OP_INIT) return refuse(Errno::inval, "cmd is %u", x.cmd);
    if (d.was_unpaused) return refuse(Errno::perm, "the domain has run already");
    if (x.type != XEN_DOMCTL_VUART_TYPE_VPL011) return refuse(Errno::opnotsupp, "type is %u: only a PL011 is emulated", x.type);
    if (d.arch.uart) return refuse(Errno::inval, "it has a UART already");
    if (!d.vcpu(VcpuId{0})) return refuse(Errno::inval, "it has no vCPU yet");
    if (!vgic::layout(d).spis) return refuse(Errno::inval, "it has no shared interrupt line: arch.nr_spis was 0");
    return {};
}

Status make_uart(Domain& d, xen_domctl_vuart_op& x) {
    TRY(check_uart(d, x));
    Port port = TRY(vuart::init_shared(d, GUEST_PL011_BASE, GUEST_VPL011_SPI, Gfn{x.gfn}, DomId{x.console_domid}));
    x.evtchn = port.raw();
    return {};
}

}  // namespace

Status domctl(xen_domctl& op, Domain& d, bool& changed) {
    switch (op.cmd) {
    case XEN_DOMCTL_set_address_size: return set_width(op.u.address_size.size);
    case XEN_DOMCTL_get_address_size:
        changed = true;
        op.u.address_size.size = 64;
        return {};
    case XEN_DOMCTL_cacheflush: return flush_caches(d, op.u.cacheflush);
    case XEN_DOMCTL_memory_mapping: return map_memory(d, op.u.memory_mapping);
    case XEN_DOMCTL_get_paging_mempool_size:
        changed = true;
        op.u.paging_mempool.size = p2m::table_limit(d) << kPageShift;
        return {};
    case XEN_DOMCTL_set_paging_mempool_size: return set_pool(d, op.u.paging_mempool.size);
    case XEN_DOMCTL_vuart_op:
        changed = true;
        return make_uart(d, op.u.vuart_op);
    case XEN_DOMCTL_assign_device:
    case XEN_DOMCTL_deassign_device:
    case XEN_DOMCTL_test_assign_device:
    case XEN_DOMCTL_get_device_group: return refuse(Errno::opnotsupp, "no IOMMU is in use, so that no device can be assigned");
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq: return refuse(Errno::opnotsupp, "lines of devices are the hardware domain's");
    default: return Errno::nosys;
    }
}

Status sysctl(xen_sysctl& op, bool& changed) {
    changed = false;
    switch (op.cmd) {
    case XEN_SYSCTL_livepatch_op:
    case XEN_SYSCTL_coverage_op: return Errno::opnotsupp;
    default: return Errno::nosys;
    }
}

}  // namespace xen::arch
