// SPDX-License-Identifier: MIT
// Other domains: made and destroyed, given memory, and what each costs the host.
#include "measure.hpp"
#include "other.hpp"
#include "poll.hpp"
#include "rows.hpp"

namespace {

constexpr unsigned kBare = 64;          // at a time
u64 frames[kMostPages];
domid_t number;

// The next of the runs gets another number; whether all memory of the last came back.
bool next(u64 free) {
    number = new_number();
    return free_host_pages() == free;
}

void life() {
    make_other(number = new_number());      // what it takes of memory once for all is taken now
    destroy_other(number);
    let_it_end();
    const u64 free = free_host_pages();
    bool back = next(free);
    const auto end = [&] {
        back &= next(free);
    };
    const auto destroy = [&] {
        destroy_other(number);
        let_it_end();
        end();
    };
    const long rc = make_other(number);
    destroy();
    if (rc || !back) return no_row("domain_create", rc ? rc : -1);
    row("domain_create", lowest([] { make_other(number); }, destroy));
    row("domain_create_destroy", lowest([] {
            make_other(number);
            destroy_other(number);
            let_it_end();
        }, end));
    if (!back) no_row("domain_destroy_leak", -1);
}

void pages() {
    make_other(number = new_number());
    if (const long rc = populate_other(number, frames, kMostPages)) return no_row("domain_populate", rc);
    const auto renew = [] {
        destroy_other(number);
        let_it_end();
        make_other(number = new_number());
    };
    renew();
    row("domain_populate", lowest([] { populate_other(number, frames, kMostPages); }, renew), kMostPages);
    populate_other(number, frames, kMostPages);
    row("domain_destroy_page", lowest([] { destroy_other(number); }, [] {
            let_it_end();
            make_other(number = new_number());
            populate_other(number, frames, kMostPages);
        }), kMostPages);
    destroy_other(number);
    let_it_end();
}

void memory_of_bare() {
    const u64 before = free_host_pages();
    const domid_t first = new_number();
    domid_t last = first;
    make_other(first);
    for (unsigned i = 1; i < kBare; ++i) make_other(last = new_number());
    row("domain_kib", (before - free_host_pages()) * kPageSize / 1024, kBare, Runs::none);
    for (domid_t d = first; d <= last; ++d) destroy_other(d);
    let_it_end();
}

void meeting() {
    u32 local = 0;
    const domid_t domain = new_number();
    make_other(domain);
    if (const long rc = start_answering(domain, local)) return no_row("domain_ping_pong", rc);
    const auto round = [&] {
        send_port(local);
        take(local);
    };
    round();
    row("domain_ping_pong", lowest(round));
    destroy_other(domain);
    close_port(local);
    set_mask(local, false);
    let_it_end();
}

} // namespace

void domains() {
    life();
    pages();
    memory_of_bare();
    meeting();
}
