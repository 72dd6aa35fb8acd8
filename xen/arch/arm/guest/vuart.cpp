// SPDX-License-Identifier: MIT
#include <asm/vgic.hpp>
#include <asm/vuart.hpp>
#include <xen/heap.hpp>
#include <xen/lock.hpp>

#include <array>

namespace xen::vuart {

// Output is taken as it is written: the transmit FIFO is always empty, and each byte through it raises the interrupt that says
// so. Input raises the receive time-out at once; both go when the FIFO is empty.
struct Pl011 {
    Spinlock<LockRank::vuart, IrqRule::off> lock;
    Domain* domain = nullptr;
    u64 base = 0;
    unsigned spi = 0;
    Sink sink = nullptr;
    u32 raw = 0, mask = 0;
    u32 kept[4]{};             // line control and what is next to it: stored only
    u32 control = 0x301;       // RXE, TXE, UARTEN
    u32 levels = 0x12;         // half full
    unsigned head = 0, count = 0;
    std::array<u8, kInputBytes> input{};
};

namespace {

// DDI 0183 3.2.
enum Register : u32 {
    kData = 0x00, kFlag = 0x18, kIntegerBaud = 0x24, kFractionalBaud = 0x28, kLineControl = 0x2c, kControl = 0x30, kLevels = 0x34,
    kMask = 0x38, kRaw = 0x3c, kMasked = 0x40, kClear = 0x44, kDma = 0x48, kIds = 0xfe0,
};
constexpr unsigned kHalfFull = 16;
constexpr u32 kReceive = 1 << 4, kTransmit = 1 << 5, kTimeout = 1 << 6, kInterrupts = 0x7ff;
constexpr u32 kCts = 1, kReceiveEmpty = 1 << 4, kReceiveFull = 1 << 6, kTransmitEmpty = 1 << 7;
constexpr u8 kIdBytes[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};   // 3.3.15 to 3.3.22

void settle(Pl011& u) REQUIRES(u.lock) { vgic::set_spi_line(*u.domain, u.spi, u.raw & u.mask); }

u32 take_input(Pl011& u) REQUIRES(u.lock) {
    if (!u.count) return 0;
    u8 byte = u.input[u.head];
    u.head = (u.head + 1) % kInputBytes;
    if (--u.count == 0) u.raw &= ~(kReceive | kTimeout);
    settle(u);
    return byte;
}

u32 flags(const Pl011& u) {
    u32 v = kTransmitEmpty | kCts;
    if (!u.count) v |= kReceiveEmpty;
    return u.count == kInputBytes ? v | kReceiveFull : v;
}

// Where the plain registers are kept.
u32* place_of(Pl011& u, u32 at) {
    switch (at) {
    case kIntegerBaud: return &u.kept[0];
    case kFractionalBaud: return &u.kept[1];
    case kLineControl: return &u.kept[2];
    case kDma: return &u.kept[3];
    case kControl: return &u.control;
    case kLevels: return &u.levels;
    default: return nullptr;
    }
}

u32 read(Pl011& u, u32 at) REQUIRES(u.lock) {
    if (u32* place = place_of(u, at)) return *place;
    if (at >= kIds) return kIdBytes[(at - kIds) / 4];
    switch (at) {
    case kData: return take_input(u);
    case kFlag: return flags(u);
    case kMask: return u.mask;
    case kRaw: return u.raw;
    case kMasked: return u.raw & u.mask;
    default: return 0;
    }
}

void write(Pl011& u, u32 at, u32 value) REQUIRES(u.lock) {
    if (u32* place = place_of(u, at)) {
        *place = value & 0xffff;
        return;
    }
    switch (at) {
    case kData: u.raw |= kTransmit; break;
    case kMask: u.mask = value & kInterrupts; break;
    case kClear: u.raw &= ~value; break;
    default: return;
    }
    settle(u);
}

}  // namespace

Status init_domain(Domain& d, u64 base, unsigned spi, Sink sink) {
    auto box = TRY(Box<Pl011>::create());
    box->domain = &d;
    box->base = base;
    box->spi = spi;
    box->sink = sink;
    d.arch.uart = box.leak();
    return {};
}

void destroy_domain(Domain& d) { Box<Pl011>::adopt(std::exchange(d.arch.uart, nullptr)).reset(); }

bool owns(const Domain& d, u64 address) { return d.arch.uart && address - d.arch.uart->base < kPageSize; }

bool receive(Domain& d, u8 byte) {
    if (!d.arch.uart) return false;
    Pl011& u = *d.arch.uart;
    Guard g{u.lock};
    if (u.count == kInputBytes) return false;
    u.input[(u.head + u.count++) % kInputBytes] = byte;
    u.raw |= kTimeout | (u.count >= kHalfFull ? kReceive : 0);
    settle(u);
    return true;
}

guest::Outcome access(Domain& d, guest::Access& a) {
    if (!owns(d, a.address)) return guest::Outcome::nobody;
    Pl011& u = *d.arch.uart;
    auto at = static_cast<u32>(page_offset(a.address) & ~u64{3});
    if (a.write && at == kData) u.sink(d, static_cast<u8>(a.value));
    Guard g{u.lock};
    if (a.write) write(u, at, static_cast<u32>(a.value));
    else a.value = read(u, at);
    return guest::Outcome::done;
}

}  // namespace xen::vuart
