// SPDX-License-Identifier: MIT
// Other PV domains, of our making: bare, with memory, or running. What fails leaves a negative errno.
#pragma once
#include "guest.hpp"

constexpr u64 kMostPages = 1024;        // of one of them

// A number that no domain had yet: one is free again only some time after its domain is gone.
domid_t new_number();
// As xl makes them: with one vCPU and the default limits, and no memory yet.
long make_other(domid_t domain);
// Its first pages; their frames take the place of the numbers 0, 1, ... in `frames`.
long populate_other(domid_t domain, u64* frames, u64 count);
long destroy_other(domid_t domain);
// What is done later of a destruction: some yields give it the time.
void let_it_end();
u64 free_host_pages();

long map_other(domid_t domain, const void* where, u64 frame, u64 flags);
// The frame of its grant table's first page.
u64 grant_frame_of(domid_t domain);

// Makes one that runs: it waits for the port and sends on it, for ever. Its end of the channel is below 64; `local` is ours.
long start_answering(domid_t domain, u32& local);
