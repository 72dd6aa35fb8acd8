// SPDX-License-Identifier: MIT
// The record of the pages that a domain changes while it is moved (arch/<a>/mm). written() is for whoever is about to give
// up a reference with which it may have written a page, or changes what a page holds without one. Any context.
#pragma once

#include <xen/page.hpp>

namespace xen::log_dirty {

extern u32 domains;                     // that keep a record now; accessed atomically
void mark(PageInfo& p);                 // in the record of its owner, if that keeps one

inline void written(PageInfo& p) {
    if (__atomic_load_n(&domains, __ATOMIC_RELAXED)) [[unlikely]] mark(p);
}

}  // namespace xen::log_dirty
