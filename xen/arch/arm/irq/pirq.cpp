// SPDX-License-Identifier: MIT
// Guests of Arm get lines of the machine by their interrupt controller, not by pirqs and event channels, and reach PCI
// configuration space themselves. ABI: what asks for a pirq gets ENOSYS, as dom0's kernel expects.
#include <xen/irq.hpp>

namespace xen {
namespace irq {

Status bind_guest(Vcpu&, u32, bool) { return Errno::nosys; }
void unbind_guest(Domain&, u32) {}
Status guest_eoi(Domain&, u32) { return Errno::nosys; }
Result<bool> guest_needs_eoi(Domain&, u32) { return Errno::nosys; }
Status set_affinity_to(Domain&, u32, CpuId) { return Errno::nosys; }
Status setup_gsi(u32, bool, bool) { return Errno::nosys; }
Result<u32> map_gsi(Domain&, s32, u32) { return Errno::nosys; }
Result<u32> map_msi(Domain&, s32, MsiDevice&) { return Errno::nosys; }
Status unmap_pirq(Domain&, u32) { return Errno::nosys; }
u32 line_number(const Domain&, u32) { return 0; }
Result<u32> free_pirq(Domain&) { return Errno::nosys; }
Result<u32> alloc_irq_vector(u32) { return Errno::nosys; }
Result<bool> is_shared(Domain&, u32) { return Errno::nosys; }
Result<u32> guest_io_apic_read(Paddr, u32) { return Errno::nosys; }
Status guest_io_apic_write(Paddr, u32, u32) { return Errno::nosys; }
Status restore_msi(pci::Address) { return Errno::nosys; }
bool may_configure(pci::Address, u16, unsigned) { return true; }
void release_domain(Domain&) {}

}  // namespace irq

namespace pci {

bool has_window(u16, u8, u8) { return false; }
u16 find_capability(Address, u8) { return 0; }

}  // namespace pci
}  // namespace xen
