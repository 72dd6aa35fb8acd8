// SPDX-License-Identifier: MIT
// The back end of a domain's PV console (public/io/console.h): the hypervisor itself, for a domain that starts without a
// toolstack. The page is the guest's: our own indices are kept here, the guest's are checked at each use.
#include <public/io/console.h>
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/event.hpp>
#include <xen/static_event.hpp>
#include <xen/kept_page.hpp>

#include <atomic>

namespace xen::console {
namespace {

constexpr u32 kRings = 32;

struct Ring {
    Spinlock<LockRank::console, IrqRule::off> lock;
    Domain* domain GUARDED_BY(lock) = nullptr;
    xencons_interface* page GUARDED_BY(lock) = nullptr;
    u32 in_prod GUARDED_BY(lock) = 0, out_cons GUARDED_BY(lock) = 0;
    Port port GUARDED_BY(lock){};
};
constinit Ring rings[kRings];
std::atomic<u32> open_rings{0};   // most domains die where there are none

// What the guest has written and nobody has read, `most` at most.
u32 take(Ring& r, const Domain& d, char* to, u32 most) {
    Guard g{r.lock};
    if (r.domain != &d) return 0;
    u32 n = shared_load(r.page->out_prod) - r.out_cons;
    if (n > sizeof r.page->out) {   // no index of a ring of this size: what is in it is lost
        r.out_cons += n;
        n = 0;
    }
    if (n > most) n = most;
    for (u32 i = 0; i < n; ++i) to[i] = shared_load(r.page->out[MASK_XENCONS_IDX(r.out_cons + i, r.page->out)]);
    r.out_cons += n;
    shared_store(r.page->out_cons, r.out_cons);
    return n;
}

Maybe<Port> port_of(Ring& r, const Domain& d) {
    Guard g{r.lock};
    return r.domain == &d ? Maybe<Port>{r.port} : nothing;
}

// In the guest's call. It sends again for what it writes meanwhile, so one ring full is enough.
void drain(Ring& r, Domain& d) {
    char chunk[256];
    u32 done = 0;
    while (done < sizeof(xencons_interface::out)) {
        u32 n = take(r, d, chunk, sizeof chunk);
        if (!n) break;
        write_from_terminal(d, {chunk, n});
        done += n;
    }
    if (auto port = port_of(r, d); port && done) (void)event::notify_via_xen_port(d, *port).ok();
}

void notified(Vcpu& v, Port) {
    for (Ring& r : rings)
        if (port_of(r, *v.domain)) return drain(r, *v.domain);
}

bool put(Ring& r, const Domain& d, char c) {
    Guard g{r.lock};
    if (r.domain != &d) return false;
    if (r.in_prod - shared_load(r.page->in_cons) >= sizeof r.page->in) return false;   // full, or no index: lost
    shared_store(r.page->in[MASK_XENCONS_IDX(r.in_prod, r.page->in)], c);
    shared_store(r.page->in_prod, ++r.in_prod);
    return true;
}

void input(Domain& d, char c) {
    for (Ring& r : rings) {
        if (!put(r, d, c)) continue;
        if (auto port = port_of(r, d)) (void)event::notify_via_xen_port(d, *port).ok();
        return;
    }
}

Ring* free_ring() {
    for (Ring& r : rings) {
        Guard g{r.lock};
        if (!r.domain) return &r;
    }
    return nullptr;
}

}  // namespace

Result<Port> serve_ring(Domain& d, Gfn page) {
    Ring* r = free_ring();
    if (!r) return Errno::nospc;
    char* there = TRY(kept_page::open(page, d));
    auto channel = event::open_to_xen(d, notified);
    if (!channel) {
        kept_page::close(there);
        return channel.error();
    }
    {
        Guard g{r->lock};
        r->domain = &d;
        r->page = reinterpret_cast<xencons_interface*>(there);
        r->in_prod = r->out_cons = 0;
        r->port = channel.value().xen;
    }
    open_rings.fetch_add(1, std::memory_order_relaxed);
    TRY(add_terminal(d, input));
    return channel.value().guest;
}

void stop_serving(Domain& d) {
    remove_terminal(d);
    if (!open_rings.load(std::memory_order_relaxed)) return;
    for (Ring& r : rings) {
        xencons_interface* page;
        {
            Guard g{r.lock};
            if (r.domain != &d) continue;
            r.domain = nullptr;
            page = std::exchange(r.page, nullptr);
        }
        kept_page::close(page);
        open_rings.fetch_sub(1, std::memory_order_relaxed);
    }
}

}  // namespace xen::console
