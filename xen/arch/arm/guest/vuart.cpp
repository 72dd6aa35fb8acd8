// SPDX-License-Identifier: MIT
#include <asm/vgic.hpp>
#include <asm/vuart.hpp>
#include <public/io/console.h>
#include <xen/event.hpp>
#include <xen/heap.hpp>
#include <xen/kept_page.hpp>
#include <xen/lock.hpp>

#include <array>

namespace xen::vuart {

// Output is taken as it is written: the transmit FIFO is never busy, and each byte through it raises the interrupt that says
// that there is room. Where a ring is full there is none, until its reader comes. Input raises the receive time-out at once;
// both go when the FIFO is empty.
struct Pl011 {
    Spinlock<LockRank::vuart, IrqRule::off> lock;
    Domain* domain = nullptr;
    u64 base = 0;
    unsigned spi = 0;
    Sink sink = nullptr;               // else a ring
    xencons_interface* ring GUARDED_BY(lock) = nullptr;
    u32 in_cons = 0, out_prod = 0;     // our own indices in it
    Port port{};
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
constexpr u32 kCts = 1, kReceiveEmpty = 1 << 4, kTransmitFull = 1 << 5, kReceiveFull = 1 << 6, kTransmitEmpty = 1 << 7;
constexpr u8 kIdBytes[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};   // 3.3.15 to 3.3.22

void settle(Pl011& u) REQUIRES(u.lock) { vgic::set_spi_line(*u.domain, u.spi, u.raw & u.mask); }

// The ring is the daemon's and the guest's to write: an index of theirs that none can be means that nothing came, or went.
u32 waiting(Pl011& u) REQUIRES(u.lock) {
    if (!u.ring) return u.count;
    u32 n = shared_load(u.ring->in_prod) - u.in_cons;
    return n <= sizeof u.ring->in ? n : 0;
}

u32 room(Pl011& u) REQUIRES(u.lock) {
    if (!u.ring) return u.sink ? kHalfFull : 0;
    u32 used = u.out_prod - shared_load(u.ring->out_cons);
    return used <= sizeof u.ring->out ? static_cast<u32>(sizeof u.ring->out) - used : 0;
}

// What the levels of both FIFOs say.
void look(Pl011& u) REQUIRES(u.lock) {
    u32 n = waiting(u);
    if (n) u.raw |= kTimeout | (n >= kHalfFull ? kReceive : 0);
    else u.raw &= ~(kReceive | kTimeout);
    if (room(u) >= kHalfFull) u.raw |= kTransmit;
    else u.raw &= ~kTransmit;
    settle(u);
}

u8 next_byte(Pl011& u) REQUIRES(u.lock) {
    if (!u.ring) {
        u8 byte = u.input[u.head];
        u.head = (u.head + 1) % kInputBytes;
        --u.count;
        return byte;
    }
    auto byte = static_cast<u8>(shared_load(u.ring->in[MASK_XENCONS_IDX(u.in_cons, u.ring->in)]));
    shared_store(u.ring->in_cons, ++u.in_cons);
    return byte;
}

u32 take_input(Pl011& u) REQUIRES(u.lock) {
    if (!waiting(u)) return 0;
    u8 byte = next_byte(u);
    if (!waiting(u)) u.raw &= ~(kReceive | kTimeout);
    settle(u);
    return byte;
}

// What does not fit is lost, as on metal.
void send(Pl011& u, u8 byte) REQUIRES(u.lock) {
    if (u.ring && room(u)) {
        shared_store(u.ring->out[MASK_XENCONS_IDX(u.out_prod, u.ring->out)], static_cast<char>(byte));
        shared_store(u.ring->out_prod, ++u.out_prod);
    }
    if (room(u) >= kHalfFull) u.raw |= kTransmit;
    else u.raw &= ~kTransmit;
}

u32 flags(Pl011& u) REQUIRES(u.lock) {
    u32 v = kCts, in = waiting(u), most = u.sink ? kInputBytes : static_cast<u32>(sizeof(xencons_interface::in));
    v |= room(u) ? kTransmitEmpty : kTransmitFull;
    if (!in) v |= kReceiveEmpty;
    return in >= most ? v | kReceiveFull : v;
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
    case kData: send(u, static_cast<u8>(value)); break;
    case kMask: u.mask = value & kInterrupts; break;
    case kClear: u.raw &= ~value; break;
    default: return;
    }
    settle(u);
}

// The daemon has read, or written.
void notified(Vcpu& v, Port) {
    Pl011* u = v.domain->arch.uart;
    if (!u) return;
    Guard g{u->lock};
    if (u->ring) look(*u);
}

Result<Box<Pl011>> make(Domain& d, u64 base, unsigned spi) {
    auto box = TRY(Box<Pl011>::create());
    box->domain = &d;
    box->base = base;
    box->spi = spi;
    return box;
}

// What was left in the ring is not the UART's.
void take_up(Pl011& u, char* page) {
    Guard g{u.lock};
    u.ring = reinterpret_cast<xencons_interface*>(page);
    u.in_cons = shared_load(u.ring->in_cons);
    u.out_prod = shared_load(u.ring->out_prod);
}

}  // namespace

Status init_domain(Domain& d, u64 base, unsigned spi, Sink sink) {
    auto box = TRY(make(d, base, spi));
    box->sink = sink;
    d.arch.uart = box.leak();
    return {};
}

Result<Port> init_shared(Domain& d, u64 base, unsigned spi, Gfn page, DomId console) {
    auto box = TRY(make(d, base, spi));
    char* there = TRY(kept_page::open(page, d));
    auto port = event::alloc_unbound_for_xen(d, VcpuId{0}, console, notified);
    if (!port) {
        kept_page::close(there);
        return port;
    }
    box->port = port.value();
    take_up(*box, there);
    d.arch.uart = box.leak();
    return port;
}

void release_page(Domain& d) {
    Pl011* u = d.arch.uart;
    if (!u) return;
    xencons_interface* page;
    {
        Guard g{u->lock};
        page = std::exchange(u->ring, nullptr);
    }
    kept_page::close(page);
}

void destroy_domain(Domain& d) { Box<Pl011>::adopt(std::exchange(d.arch.uart, nullptr)).reset(); }

bool owns(const Domain& d, u64 address) { return d.arch.uart && address - d.arch.uart->base < kPageSize; }

bool receive(Domain& d, u8 byte) {
    if (!d.arch.uart) return false;
    Pl011& u = *d.arch.uart;
    Guard g{u.lock};
    if (!u.sink || u.count == kInputBytes) return false;
    u.input[(u.head + u.count++) % kInputBytes] = byte;
    u.raw |= kTimeout | (u.count >= kHalfFull ? kReceive : 0);
    settle(u);
    return true;
}

guest::Outcome access(Domain& d, guest::Access& a) {
    if (!owns(d, a.address)) return guest::Outcome::nobody;
    Pl011& u = *d.arch.uart;
    auto at = static_cast<u32>(page_offset(a.address) & ~u64{3});
    if (a.write && at == kData && u.sink) u.sink(d, static_cast<u8>(a.value));
    {
        Guard g{u.lock};
        if (a.write) write(u, at, static_cast<u32>(a.value));
        else a.value = read(u, at);
    }
    if (at == kData && !u.sink) (void)event::notify_via_xen_port(d, u.port).ok();
    return guest::Outcome::done;
}

}  // namespace xen::vuart
