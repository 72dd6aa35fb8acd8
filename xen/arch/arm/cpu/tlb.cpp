// SPDX-License-Identifier: MIT
// TLB maintenance is broadcast by the processors, so that no flush is ever owed: what the common code counts as owed it finds
// done when a frame left its guest's tables.
#include <asm/tlb.hpp>

#include <asm/cache.hpp>
#include <asm/cpu.hpp>
#include <asm/errata.hpp>
#include <asm/mapping.hpp>
#include <asm/sysreg.hpp>
#include <xen/compiler.hpp>
#include <xen/tlb.hpp>

namespace xen::tlb {
namespace {

constexpr unsigned kVmidShift = 48;

// Invalidation is for the VMID in VTTBR_EL2. Its table is empty meanwhile, for processors that walk it on their own.
alignas(2 * kPageSize) constinit const u64 empty_root[2 * kPageSize / 8]{};

class ForVmid {
public:
    explicit ForVmid(u16 vmid) : flags_{arch::irq_save()}, old_{READ_SYSREG(vttbr_el2)} {
        if (old_ >> kVmidShift == vmid) return;
        changed_ = true;
        WRITE_SYSREG(vttbr_el2, arch::image_physical(empty_root).raw() | u64{vmid} << kVmidShift);
        arch::isb();
    }
    ~ForVmid() {
        if (changed_) {
            WRITE_SYSREG(vttbr_el2, old_);
            arch::isb();
        }
        arch::irq_restore(flags_);
    }
    ForVmid(const ForVmid&) = delete;
    ForVmid& operator=(const ForVmid&) = delete;

private:
    u64 flags_, old_;
    bool changed_ = false;
};

// One operation, complete everywhere (ARM D8.13.5).
template <class F>
void complete(F invalidate) {
    invalidate();
    arch::dsb_ish();
    if (!errata::active<errata::Workaround::flush_twice>()) [[likely]] return;
    invalidate();
    arch::dsb_ish();
}

}  // namespace

void flush_guest(u16 vmid) {
    ForVmid scope{vmid};
    arch::dsb_ishst();
    complete([] { asm volatile("tlbi vmalls12e1is" ::: "memory"); });
    arch::isb();
}

// Stage 2 alone first; what stage 1 and 2 together made of it has no address to be found by (ARM D8.13.6).
void flush_guest_ipa(u16 vmid, Gaddr ipa) {
    ForVmid scope{vmid};
    arch::dsb_ishst();
    complete([ipa] { asm volatile("tlbi ipas2e1is, %0" ::"r"(ipa.raw() >> kPageShift) : "memory"); });
    complete([] { asm volatile("tlbi vmalle1is" ::: "memory"); });
    arch::isb();
}

void flush_all_guests() {
    arch::dsb_ishst();
    complete([] { asm volatile("tlbi alle1is" ::: "memory"); });
    arch::isb();
}

u32 clock() { return 1; }
CpuMask needing_flush(const CpuMask&, u32) { return {}; }
void flush_mask(const CpuMask&) { flush_all_guests(); }
void flush_mask_all(const CpuMask&) { flush_all_guests(); }

}  // namespace xen::tlb
