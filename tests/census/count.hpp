// SPDX-License-Identifier: MIT
// Counts everything again from scratch, over all domains, and compares with what the core has counted.
#pragma once

#include <asm/pte.hpp>
#include <xen/domain.hpp>

#include <string>
#include <vector>

#include "findings.hpp"

namespace xen::census {

// The uses that were found of one frame, by kind.
struct Found {
    u32 references = 0;
    u32 writable = 0;      // writable mappings and windows
    u32 tables = 0;        // as a page table
    u32 descriptors = 0;   // as a GDT or LDT page
    u8 levels = 0;         // of those tables, a bit each
    u32 uses() const { return writable + tables + descriptors; }
};
using Uses = std::vector<Found>;   // by frame number

void count_references(Uses& uses);                          // references.cpp
void check_pages(const Uses& uses, Findings& wrong);        // pages.cpp
void check_memory(Findings& wrong);                         // memory.cpp: every frame is somebody's or free
void check_tables(Findings& wrong);                         // tables.cpp: what live tables say
void check_grants(Findings& wrong);                         // grants.cpp
void check_channels(Findings& wrong);                       // channels.cpp

// All of it. Empty when all agree; else what is wrong, in words.
std::string everything();

// Frames that the hypervisor itself uses, and blocks of its small heap: the same before and after a life.
struct Heap {
    u64 frames = 0;    // without those of the small heap
    u64 blocks = 0;
    friend bool operator==(const Heap&, const Heap&) = default;
};
Heap heap_in_use();

template <class F>
void each_domain(F f) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) f(*d);
}

// Of the first n entries those that are present. Tables are mostly empty: eight at a time are passed over.
template <class F>
void each_present(const arch::Pte* table, unsigned n, F f) {
    constexpr unsigned kStep = 8;
    for (unsigned base = 0; base < n; base += kStep) {
        u64 any = 0;
        for (unsigned i = 0; i < kStep; ++i) any |= table[base + i].raw;
        if (!(any & arch::Pte::kPresent)) continue;
        for (unsigned i = base; i < base + kStep && i < n; ++i)
            if (table[i].present()) f(i, table[i]);
    }
}

inline bool is_table(PageType t) { return t >= PageType::l1 && t <= PageType::l4; }
inline PageType type_of(u64 word) { return static_cast<PageType>(word >> PageInfo::kTypeShift); }
// Entries of a table that hold references: all of a validated one, the first of a partial one.
unsigned counted_entries(const PageInfo& p);
bool is_xen_slot(unsigned level, unsigned i);

}  // namespace xen::census
