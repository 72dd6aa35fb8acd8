// SPDX-License-Identifier: MIT
// Page faults of PV guests: descriptor pages mapped on demand, stores into the guest's own page tables, faults that are
// over already; the rest is the guest's.
#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/memory.hpp>

#include "arch/x86/mm/walk.hpp"
#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/trace.hpp"
#include "arch/x86/guest/pv/traps.hpp"

namespace xen::pv {
namespace {

using arch::Pte;

constexpr u64 kDescriptorArea = arch::kGdtPages * kPageSize;

bool in_xen(u64 a) { return a >= arch::kXenStart && a < arch::kXenEnd; }
bool in_gdt(const Vcpu& v, u64 a) { return a - arch::gdt_address(v.id.raw()) < kDescriptorArea; }
bool in_ldt(const Vcpu& v, u64 a) { return a - arch::ldt_address(v.id.raw()) < kDescriptorArea; }

bool map_ldt(Vcpu& v, u64 address) {
    return mm::map_ldt_page(v, static_cast<unsigned>((address - arch::ldt_address(v.id.raw())) >> kPageShift));
}

// The processor read a descriptor and found no page there.
bool descriptor_fault(Vcpu& v, u64 address, u32 error_code) {
    if (in_gdt(v, address)) {
        u64 selector = (address - arch::gdt_address(v.id.raw())) & ~u64{7};
        general_protection(v, static_cast<u32>(selector));
        return true;
    }
    if (!in_ldt(v, address)) return false;
    if (map_ldt(v, address)) return true;
    u64 offset = address - arch::ldt_address(v.id.raw());
    trace_addresses(TRC_PV_GDT_LDT_MAPPING_FAULT, v.arch.regs.rip, offset);
    u64 wanted = v.arch.ldt_base + offset;
    if (canonical(wanted)) inject_page_fault(v, wanted, error_code);
    else inject_gp(v, static_cast<u32>(offset & ~u64{7}) | kErrorLdt);
    return true;
}

// What all levels together permit. Guests run in ring 3 only, so that every entry must permit user accesses.
bool tables_permit(const Vcpu& v, u64 address, u32 error_code) {
    u64 wanted = Pte::kPresent | Pte::kUser | (error_code & kErrorWrite ? Pte::kWrite : 0);
    u64 refused = error_code & kErrorFetch ? Pte::kNoExecute : 0;
    Maybe<Mfn> table = v.arch.in_kernel ? v.arch.guest_table : v.arch.guest_table_user;
    for (unsigned level = 4; table && level > 0; --level) {
        if (*table >= max_frame) return false;
        Pte e = arch::load_pte(&MappedPage<Pte>{*table}[arch::index_of(address, level)]);
        if (!e.has(wanted) || (e.raw & refused)) return false;
        if (level > 1 && e.has(Pte::kSuper)) return true;
        table = e.mfn();
    }
    return table ? true : false;
}

// The page-table entry that maps the address, as a trace record has it.
u64 entry_at(Vcpu& v, u64 address) {
    auto found = mm::find_l1(v, address);
    return found ? found.value().value.raw : 0;
}

bool emulated_store(Vcpu& v, u64 address, u32 error_code) {
    constexpr u32 kStore = kErrorPresent | kErrorWrite;
    if (!v.arch.in_kernel || (error_code & (kStore | kErrorReserved)) != kStore) return false;
    if (mm::is_writable_table_fault(v, address)) {
        u64 rip = v.arch.regs.rip;
        if (!emulate_table_store(v, address)) return false;
        if (trace::on(TRC_PV_PTWR_EMULATION)) [[unlikely]] trace_table_store(entry_at(v, address), address, rip);
        return true;
    }
    auto found = mm::find_l1(v, address);
    if (!found || !found.value().value.present() || found.value().value.writable()) return false;
    Mfn frame = found.value().value.mfn();
    return memory::io_read_only(frame) && emulate_device_store(v, address, frame);
}

}  // namespace

void page_fault(Vcpu& v, u64 address, u32 error_code) {
    if (in_xen(address)) {
        bool by_processor = !(error_code & (kErrorUser | kErrorReserved));
        if (by_processor && descriptor_fault(v, address, error_code)) return;
    } else if (!(error_code & kErrorReserved)) {
        if (emulated_store(v, address, error_code)) return;
        // Another CPU's flush may have been faster than this fault. What is not there is in no TLB (SDM 3A 4.10.2.3).
        if ((error_code & kErrorPresent) && tables_permit(v, address, error_code)) return trace_addresses(TRC_PV_PAGING_FIXUP, v.arch.regs.rip, address);
    }
    inject_page_fault(v, address, error_code);
}

}  // namespace xen::pv

using namespace xen;

extern "C" bool pv_descriptor_fault(Vcpu& v, u64 address) { return pv::in_ldt(v, address) && pv::map_ldt(v, address); }
