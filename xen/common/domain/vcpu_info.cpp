// SPDX-License-Identifier: MIT
#include <xen/vcpu_info.hpp>

#include <xen/event.hpp>
#include <xen/kept_page.hpp>
#include <xen/sched.hpp>

#include "lib/string.hpp"

namespace xen::domain {

namespace {

// The new place is filled before anybody is told of it; the vCPU does not run in the guest meanwhile.
void move_contents(const Vcpu& v, vcpu_info& to) {
    memset(&to, 0, sizeof(to));
    if (v.info) {
        memcpy(&to, v.info, sizeof(to));
    } else {
        arch::set_upcall_mask(to, true);
    }
}

}  // namespace

Status register_vcpu_info(Vcpu& v, Gfn frame, u32 offset) {
    if (offset > kPageSize - sizeof(vcpu_info) || offset % alignof(vcpu_info)) return Errno::nxio;
    Domain& d = *v.domain;
    Guard g{d.lock};
    if (v.info_mfn || (&v != &current() && !sched::is_down(v))) return Errno::inval;
    char* page = TRY(kept_page::open(frame, d));
    auto* place = reinterpret_cast<vcpu_info*>(page + offset);
    move_contents(v, *place);
    v.info_mfn = arch::direct_map_mfn(page);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    v.info = place;
    event::vcpu_info_moved(v);
    return {};
}

}  // namespace xen::domain
