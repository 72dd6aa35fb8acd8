// SPDX-License-Identifier: MIT
// Interrupt lines of the machine and their binding to guests (pirq). Numbers: GSI / IRQ is the machine's line,
// pirq the domain's number for it (identical for the hardware domain's GSIs), vector what the CPU sees.
#pragma once

#include <xen/domain.hpp>
#include <xen/pci.hpp>

namespace xen::irq {

void init();                                             // boot CPU, after ACPI: IOAPICs known, all lines masked
unsigned gsi_count();
unsigned irq_count();                                    // with MSIs
// Guest bindings.
Status bind_guest(Vcpu& v, u32 pirq, bool shareable);    // EVTCHNOP_bind_pirq
void unbind_guest(Domain& d, u32 pirq);
Status guest_eoi(Domain& d, u32 pirq);                   // PHYSDEVOP_eoi
Result<bool> guest_needs_eoi(Domain& d, u32 pirq);       // PHYSDEVOP_irq_status_query
Status set_affinity_to(Domain& d, u32 pirq, CpuId cpu);
// physdev: lines and MSIs for the hardware domain.
Status setup_gsi(u32 gsi, bool level, bool active_low);
Result<u32> map_gsi(Domain& d, s32 pirq, u32 gsi);                                   // returns the pirq
struct MsiDevice {
    u16 segment = 0;
    u8 bus = 0, devfn = 0;
    u32 entries = 1;            // vectors (multi-message MSI) or 1
    u32 entry = 0;              // MSI-X entry
    u64 table_base = 0;         // MSI-X table; 0: MSI
};
Result<u32> map_msi(Domain& d, s32 pirq, MsiDevice& device);
Status unmap_pirq(Domain& d, u32 pirq);
u32 line_number(const Domain& d, u32 pirq);              // 0: not mapped (line 0 is the hypervisor's)
Result<u32> free_pirq(Domain& d);                        // PHYSDEVOP_get_free_pirq
Result<u32> alloc_irq_vector(u32 irq);                   // PHYSDEVOP_alloc_irq_vector
Result<bool> is_shared(Domain& d, u32 pirq);             // its line has handlers of several domains
// PHYSDEVOP_apic_read and _write: the hardware domain's view of an IO-APIC's registers. Redirection entries that it
// writes set the line's trigger mode and polarity; vectors and destinations are the hypervisor's. Errno::inval: no such one.
Result<u32> guest_io_apic_read(Paddr base, u32 reg);
Status guest_io_apic_write(Paddr base, u32 reg, u32 value);
Status restore_msi(pci::Address device);                 // its messages again, after the device lost them
// A write of the hardware domain's into a device's configuration space. False: it would change where the device's
// messages go or whether they are masked, while those are lines of ours.
bool may_configure(pci::Address device, u16 reg, unsigned bytes);
void release_domain(Domain& d);

// Lines the hypervisor itself handles (serial, HPET).
using Handler = void (*)(void* data);
Status request(u32 irq, Handler handler, void* data, const char* name);
void leave(CpuId cpu);                                   // it goes off: what is directed at it goes to this CPU
void dump();                                             // debug key i

}  // namespace xen::irq
