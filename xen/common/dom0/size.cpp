// SPDX-License-Identifier: MIT
#include "common/dom0/size.hpp"

namespace xen::dom0 {
namespace {

constexpr u64 kMiB = 1 << 20;
constexpr u64 kLeast = 512 * kMiB >> kPageShift;
constexpr u64 kMost = 4096 * kMiB >> kPageShift;
constexpr u64 kReserve = 64 * kMiB >> kPageShift;  // what the hypervisor keeps in any case

u64 pages_of(Maybe<u64> bytes, bool relative, u64 free_pages, u64 otherwise) {
    if (!bytes) return otherwise;
    u64 pages = *bytes >> kPageShift;
    if (!relative) return pages;
    return pages < free_pages ? free_pages - pages : 0;
}

u64 fallback_size(u64 free_pages) {
    u64 pages = free_pages / 4;
    if (pages < kLeast) pages = kLeast;
    return pages < kMost ? pages : kMost;
}

}  // namespace

Size decide_size(const option::Dom0Memory& asked, u64 free_pages) {
    u64 least = pages_of(asked.min, asked.min_relative, free_pages, 0);
    u64 most = pages_of(asked.max, asked.max_relative, free_pages, ~u64{0});
    u64 pages = pages_of(asked.size, asked.size_relative, free_pages, fallback_size(free_pages));
    if (pages > most) pages = most;
    if (pages < least) pages = least;
    u64 available = free_pages > kReserve ? free_pages - kReserve : free_pages / 2;
    if (pages > available) pages = available;
    if (most == ~u64{0} || most < pages) most = pages;
    return {pages, most};
}

u32 decide_vcpus(u32 least, u32 most, u32 cpus) {
    u32 n = cpus;
    if (n > most) n = most;
    if (n < least) n = least;
    return n ? n : 1;
}

}  // namespace xen::dom0
