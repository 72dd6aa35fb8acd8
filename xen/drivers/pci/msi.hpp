// SPDX-License-Identifier: MIT
// One message-signalled interrupt of a device: its MSI capability (PCI 3.0, 6.8.1) or one MSI-X table entry (6.8.2).
// The owner serialises calls for one message; registers shared by a device's messages are written under the
// configuration lock.
#pragma once

#include <xen/pci.hpp>

#include "lib/maybe.hpp"

namespace xen::pci {

// SDM 3A 10.11: to one processor, fixed delivery, edge.
struct Message {
    u32 address = 0, address_high = 0, data = 0;
};
constexpr Message message_for(u32 apic_id, u8 vector) { return {0xfee00000u | (apic_id & 0xff) << 12, 0, vector}; }

class MsiSource {
public:
    MsiSource() = default;
    // Errno::nodev without the capability, inval for an entry beyond the table, io when its memory cannot be reached.
    static Result<MsiSource> msi(Address device);
    static Result<MsiSource> msix(Address device, u32 entry, u64 table_base);
    Address device() const { return device_; }
    bool is_msix() const { return registers_ != nullptr; }
    u32 entry() const { return entry_; }
    bool maskable() const { return is_msix() || mask_reg_; }
    void write(Message m);
    Message read() const;
    void set_mask(bool masked);
    void enable(bool on);      // the device's use of this kind of interrupt; MSI-X: all entries together
    bool may_write(u16 reg, unsigned bytes) const;   // somebody else, into the capability or around it
    void close();              // gives the mapping of its table entry back

private:
    Address device_{};
    u16 capability_ = 0;
    u16 data_reg_ = 0, mask_reg_ = 0;
    bool wide_ = false;
    u32 entry_ = 0;
    volatile u32* registers_ = nullptr;   // of the MSI-X entry
};

}  // namespace xen::pci
