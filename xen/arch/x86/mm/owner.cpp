// SPDX-License-Identifier: MIT
#include "arch/x86/mm/owner.hpp"

#include <xen/log.hpp>

namespace xen::mm {

Result<DomainRef> page_owner_of(u16 domid) {
    DomId id{domid};
    if (id == kDomSelf) return domain::ref(current_domain());
    if (id == current_domain().id) {
        log_guest("d%u: names itself as the foreign domain", id.raw());
        return Errno::srch;
    }
    if (id == kDomIo) return domain::ref(*domain::dom_io);
    if (id == kDomXen) return domain::ref(*domain::dom_xen);
    return domain::find(id);
}

Result<CpuMask> vcpu_cpus(const Domain& d, GuestIn<u64> mask) {
    CpuMask cpus;
    for (u32 base = 0; base < d.max_vcpus; base += 64) {
        u64 word = 0;
        u32 left = d.max_vcpus - base;
        TRY(guest::copy_in(&word, mask.raw() + base / 8, left >= 64 ? 8 : (left + 7) / 8));
        for (; word; word &= word - 1) {
            Vcpu* v = d.vcpu(VcpuId{base + static_cast<u32>(__builtin_ctzll(word))});
            if (v) cpus = cpus | v->dirty_cpus;
        }
    }
    return cpus;
}

}  // namespace xen::mm
