// SPDX-License-Identifier: MIT
#include "arch/x86/guest/pv/config_space.hpp"

#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/pci.hpp>
#include <xen/security.hpp>

namespace xen::pv {
namespace {

constexpr u32 kEnable = 1u << 31;
constexpr unsigned kWidest = 4;

bool allowed(const Domain& d) { return static_cast<bool>(security::may(security::Op::pci_config, d)); }

bool may_write(const Domain& d, pci::Address a, u16 reg, unsigned bytes) {
    if (allowed(d) && !pci::is_protected(a) && irq::may_configure(a, reg, bytes)) return true;
    log_guest("d%u: write to register %#x of %04x:%02x:%02x.%u dropped", d.id.raw(), reg, a.segment, a.bus, a.device(),
              a.function());
    return false;
}

pci::Address device_of(u32 address) { return {0, static_cast<u8>(address >> 16), static_cast<u8>(address >> 8)}; }

}  // namespace

u32 read_config_port(const Domain& d, u32 address, u8 offset, unsigned bytes) {
    return allowed(d) ? pci::read_port(address, offset, bytes) : ~0u;
}

void write_config_port(const Domain& d, u32 address, u8 offset, unsigned bytes, u32 value) {
    if (!allowed(d)) return;
    u16 reg = static_cast<u16>((address & 0xfc) | offset);
    if ((address & kEnable) && !may_write(d, device_of(address), reg, bytes)) return;
    pci::write_port(address, offset, bytes, value);
}

bool write_device_page(const Domain& d, Mfn frame, u64 offset, unsigned bytes, u64 value) {
    Maybe<pci::Address> a = pci::device_behind(frame);
    if (!a) return true;
    if (bytes > kWidest) return false;
    u16 reg = static_cast<u16>(offset);
    if (may_write(d, *a, reg, bytes)) pci::write(*a, reg, bytes, static_cast<u32>(value));
    return true;
}

}  // namespace xen::pv
