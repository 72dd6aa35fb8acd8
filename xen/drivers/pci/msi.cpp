// SPDX-License-Identifier: MIT
#include "drivers/pci/msi.hpp"

#include <asm/mapping.hpp>
#include <asm/mmio.hpp>

namespace xen::pci {
namespace {

constexpr u8 kMsi = 0x05, kMsix = 0x11;
constexpr u16 kControl = 2;
constexpr u32 kMsiEnable = 1, kMsi64 = 1 << 7, kMsiMaskable = 1 << 8, kMsiMultiple = 7 << 4;
constexpr u32 kMsixEnable = 1 << 15, kMsixSize = 0x7ff;
constexpr usize kEntryBytes = 16;

// The address of a memory BAR; 0 for one that is none.
u64 bar_address(Address a, unsigned bar) {
    if (bar > 5) return 0;
    u16 reg = static_cast<u16>(0x10 + bar * 4);
    u32 low = read(a, reg, 4);
    if (low & 1) return 0;
    u64 high = (low & 6) == 4 && bar < 5 ? read(a, static_cast<u16>(reg + 4), 4) : 0;
    return high << 32 | (low & ~15u);
}

}  // namespace

Result<MsiSource> MsiSource::msi(Address a) {
    MsiSource s;
    s.device_ = a;
    s.capability_ = find_capability(a, kMsi);
    if (!s.capability_) return Errno::nodev;
    u32 control = pci::read(a, static_cast<u16>(s.capability_ + kControl), 2);
    s.wide_ = control & kMsi64;
    s.data_reg_ = static_cast<u16>(s.capability_ + (s.wide_ ? 12 : 8));
    if (control & kMsiMaskable) s.mask_reg_ = static_cast<u16>(s.capability_ + (s.wide_ ? 16 : 12));
    return s;
}

// A virtual function has no BARs of its own: the table's address is then what the hardware domain says.
Result<MsiSource> MsiSource::msix(Address a, u32 entry, u64 table_base) {
    MsiSource s;
    s.device_ = a;
    s.entry_ = entry;
    s.capability_ = find_capability(a, kMsix);
    if (!s.capability_) return Errno::nodev;
    u32 control = pci::read(a, static_cast<u16>(s.capability_ + kControl), 2);
    if (entry > (control & kMsixSize)) return Errno::inval;
    u32 where = pci::read(a, static_cast<u16>(s.capability_ + 4), 4);
    u64 bar = bar_address(a, where & 7);
    u64 table = bar ? bar + (where & ~7u) : table_base;
    if (!table) return Errno::io;
    void* p = arch::map_device(Paddr{table + entry * kEntryBytes}, kEntryBytes);
    if (!p) return Errno::nomem;
    s.registers_ = static_cast<volatile u32*>(p);
    return s;
}

void MsiSource::write(Message m) {
    if (registers_) {
        arch::mmio_write32(registers_, m.address);
        arch::mmio_write32(registers_ + 1, m.address_high);
        arch::mmio_write32(registers_ + 2, m.data);
        return;
    }
    pci::write(device_, static_cast<u16>(capability_ + 4), 4, m.address);
    if (wide_) pci::write(device_, static_cast<u16>(capability_ + 8), 4, m.address_high);
    pci::write(device_, data_reg_, 2, m.data);
}

Message MsiSource::read() const {
    if (registers_)
        return {arch::mmio_read32(registers_), arch::mmio_read32(registers_ + 1), arch::mmio_read32(registers_ + 2)};
    return {pci::read(device_, static_cast<u16>(capability_ + 4), 4),
            wide_ ? pci::read(device_, static_cast<u16>(capability_ + 8), 4) : 0, pci::read(device_, data_reg_, 2)};
}

void MsiSource::set_mask(bool masked) {
    if (registers_) arch::mmio_write32(registers_ + 3, masked ? 1 : 0);
    else if (mask_reg_) pci::write(device_, mask_reg_, 4, masked ? 1 : 0);
}

void MsiSource::enable(bool on) {
    u16 reg = static_cast<u16>(capability_ + kControl);
    u32 bit = registers_ ? kMsixEnable : kMsiEnable;
    u32 old = pci::read(device_, reg, 2);
    u32 v = on ? old | bit : old & ~bit;
    if (!registers_) v &= ~kMsiMultiple;   // one message
    if (v != old) pci::write(device_, reg, 2, v);
}

bool MsiSource::may_write(u16 reg, unsigned bytes) const {
    constexpr u16 kMsixBytes = 12, kPendingBytes = 4;
    u16 msi_end = mask_reg_ ? static_cast<u16>(mask_reg_ + 4 + kPendingBytes) : static_cast<u16>(data_reg_ + 2);
    u16 end = registers_ ? static_cast<u16>(capability_ + kMsixBytes) : msi_end;
    if (reg + bytes <= capability_ || reg >= end) return true;
    return reg == capability_ + kControl && bytes == 2;
}

void MsiSource::close() {
    if (registers_) arch::unmap(const_cast<u32*>(registers_), kEntryBytes);
    registers_ = nullptr;
}

}  // namespace xen::pci
