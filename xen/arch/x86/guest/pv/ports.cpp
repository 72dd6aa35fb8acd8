// SPDX-License-Identifier: MIT
#include "arch/x86/guest/pv/ports.hpp"

#include <asm/cpu.hpp>
#include <asm/mm.hpp>
#include <xen/port_io.hpp>
#include <xen/rangeset.hpp>

#include "arch/x86/guest/pv/config_space.hpp"
#include "arch/x86/guest/pv/registers.hpp"

namespace xen::pv {
namespace {

constexpr u16 kCmosIndex = 0x70, kCmosData = 0x71, kPitChannel2 = 0x42, kPitControl = 0x43, kSystemControl = 0x61,
              kPciAddress = 0xcf8, kPciData = 0xcfc;
constexpr unsigned kIoBreakpoint = 2;

constinit Spinlock<LockRank::serial, IrqRule::off> cmos_lock;   // index and data are one access

// The address register of PCI is the hypervisor's, and the CMOS index, too: both are remembered for each domain.
bool direct(const Domain& d, u16 port, unsigned bytes) {
    unsigned last = port + bytes - 1;
    if (port == kPciAddress && bytes == 4) return false;
    if (port <= kCmosData && last >= kCmosIndex) return false;
    return d.io_ports->contains(port, last);
}

u32 read_cmos(const Domain& d, u16 port) {
    if (port == kCmosIndex) return d.arch.cmos_index;
    if (!d.io_ports->contains(kCmosIndex, kCmosData)) return ~0u;
    Guard g{cmos_lock};
    arch::outb(kCmosIndex, d.arch.cmos_index & 0x7f);
    return arch::inb(kCmosData);
}

void write_cmos(Domain& d, u16 port, u32 value) {
    if (port == kCmosIndex) {
        d.arch.cmos_index = static_cast<u8>(value);
        return;
    }
    if (!d.io_ports->contains(kCmosIndex, kCmosData)) return;
    Guard g{cmos_lock};
    arch::outb(kCmosIndex, d.arch.cmos_index & 0x7f);
    arch::outb(kCmosData, static_cast<u8>(value));
}

bool is_timer(u16 port) { return port == kPitChannel2 || port == kPitControl || port == kSystemControl; }

// Channel 2 of the timer, behind the speaker, is the hardware domain's own; the others are the hypervisor's.
u32 read_timer(const Domain& d, u16 port) { return d.is_hardware ? arch::inb(port) : ~0u; }

void write_timer(const Domain& d, u16 port, u32 value) {
    if (!d.is_hardware) return;
    u8 v = static_cast<u8>(value);
    if (port == kPitChannel2) arch::outb(port, v);
    if (port == kSystemControl) arch::outb(port, static_cast<u8>((arch::inb(port) & ~3) | (v & 3)));
    if (port != kPitControl) return;
    bool channel2 = (v & 0xc0) == 0x80;
    bool read_back = (v & 0xc8) == 0xc8;
    if (channel2) arch::outb(port, v);
    else if (read_back) arch::outb(port, v & 0xf8);
}

// The widest access that the data port's alignment allows, at most `bytes`.
unsigned config_bytes(u16 port, unsigned bytes) {
    unsigned room = 4 - (port & 3);
    unsigned n = bytes < room ? bytes : room;
    return n == 3 ? 2 : n;
}

// One piece of an access that is not direct; says how many bytes it took.
unsigned read_piece(Domain& d, u16 port, unsigned bytes, u32& value) {
    value = ~0u;
    if (is_timer(port)) {
        value = read_timer(d, port);
    } else if (port == kCmosIndex || port == kCmosData) {
        value = read_cmos(d, port);
    } else if (port == kPciAddress && bytes == 4) {
        value = d.arch.pci_address;
        return 4;
    } else if ((port & ~3) == kPciData) {
        unsigned n = config_bytes(port, bytes);
        value = read_config_port(d, d.arch.pci_address, port & 3, n);
        return n;
    }
    return 1;
}

unsigned write_piece(Domain& d, u16 port, unsigned bytes, u32 value) {
    if (is_timer(port)) {
        write_timer(d, port, value);
    } else if (port == kCmosIndex || port == kCmosData) {
        write_cmos(d, port, value);
    } else if (port == kPciAddress && bytes == 4) {
        d.arch.pci_address = value;
        return 4;
    } else if ((port & ~3) == kPciData) {
        unsigned n = config_bytes(port, bytes);
        write_config_port(d, d.arch.pci_address, port & 3, n, n < 4 ? value & ((1u << 8 * n) - 1) : value);
        return n;
    }
    return 1;
}

// Bits of the guest's own port bitmap, which lies in its kernel's memory. What cannot be read permits nothing.
u16 bitmap_word(Vcpu& v, u16 port) {
    bool user = !v.arch.in_kernel;
    if (user) {
        v.arch.in_kernel = true;
        mm::load_base(v);
    }
    u8 bytes[2] = {0xff, 0xff};
    u64 at = v.arch.io_bitmap + port / 8;
    if (guest::copy_in(&bytes[0], at, 1)) (void)guest::copy_in(&bytes[1], at + 1, 1).ok();
    if (user) {
        v.arch.in_kernel = false;
        mm::load_base(v);
    }
    return static_cast<u16>(bytes[0] | bytes[1] << 8);
}

bool iopl_suffices(const Vcpu& v) {
    bool architectural = v.domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1;
    unsigned level = v.arch.in_kernel ? (architectural ? 0 : 1) : 3;
    return level <= v.arch.iopl;
}

}  // namespace

bool may_use_ports(Vcpu& v, u16 port, unsigned bytes) {
    if (iopl_suffices(v)) return true;
    if (port + bytes > v.arch.io_bitmap_ports) return false;
    u32 wanted = ((1u << bytes) - 1) << (port & 7);
    return (bitmap_word(v, port) & wanted) == 0;
}

u32 read_port(Domain& d, u16 port, unsigned bytes) {
    if (direct(d, port, bytes)) return port_in(port, bytes);
    u32 result = 0;
    for (unsigned done = 0; done < bytes;) {
        u32 value;
        unsigned n = read_piece(d, static_cast<u16>(port + done), bytes - done, value);
        if (n < 4) value &= (1u << 8 * n) - 1;
        result |= value << 8 * done;
        done += n;
    }
    return result;
}

void write_port(Domain& d, u16 port, unsigned bytes, u32 value) {
    if (direct(d, port, bytes)) return port_out(port, bytes, value);
    for (unsigned done = 0; done < bytes;)
        done += write_piece(d, static_cast<u16>(port + done), bytes - done, value >> 8 * done);
}

u64 port_breakpoints(const Vcpu& v, u16 port, unsigned bytes) {
    u64 control = v.arch.dr[kIoBreakpoints] ? v.arch.dr[7] : 0;
    u64 hit = 0;
    for (unsigned n = 0; control && n < 4; ++n) {
        if (!(v.arch.dr[kIoBreakpoints] & (u64{3} << 2 * n)) || (control >> (16 + 4 * n) & 3) != kIoBreakpoint) continue;
        u64 length = (control >> (18 + 4 * n) & 3) + 1;   // 1, 2 or 4 ports; 3 means none
        u64 start = v.arch.dr[n] & ~(length - 1);
        if (port < start + length && port + bytes > start) hit |= u64{1} << n;
    }
    return hit;
}

}  // namespace xen::pv
