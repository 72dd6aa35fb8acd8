// SPDX-License-Identifier: MIT
// The guest's memory: pages from its image, their machine frames, and their page-table entries.
// Nothing is ever unmapped from its own address for good: a test puts back what it changes.
#pragma once
#include "guest.hpp"

using Page = u8[kPageSize];

constexpr u64 kPresent = 1, kWrite = 2, kUser = 4, kAccessed = 0x20, kDirty = 0x40, kLarge = 0x80;
constexpr u64 kReadOnly = kPresent | kUser | kAccessed | kDirty;
constexpr u64 kReadWrite = kReadOnly | kWrite;
constexpr u64 kTable = kPresent | kWrite | kUser | kAccessed | kDirty;
constexpr u64 kFrameMask = 0x000ffffffffff000;

// A zeroed page, mapped writable at the address returned; free_page() takes it back in that state.
u8* new_page();
void free_page(u8* page);

u64 pfn_of(const void* pointer);
u64 mfn_of(const void* pointer);
u64 mfn_of_pfn(u64 pfn);
void set_mfn(u64 pfn, u64 mfn);
u64 pfn_of_mfn(u64 mfn);
u64 total_pages();
// A pfn, counted from the end of our memory, that the initial mapping does not cover.
u64 spare_pfn(u64 index);

// Page tables by level (1 to 4) in the tree we run on; the tables are readable, not writable.
const u64* table_of(const void* pointer, unsigned level);
u64 entry_of(const void* pointer, unsigned level);
u64 entry_machine(const void* pointer, unsigned level);
u64 root_mfn();

long map_at(const void* pointer, u64 mfn, u64 flags, u64 invalidate = 2 /* UVMF_INVLPG */);
// The page's own frame with other permissions.
long protect(const void* pointer, u64 flags);

// Addresses whose backing may be replaced freely; window_reset() puts it back.
u8* window(unsigned index);
long window_map(unsigned index, u64 mfn, u64 flags);
void window_reset(unsigned index);

long mmu_update_one(u64 machine, u64 entry, u64 command = 0, u64 domain = 0x7ff0 /* self */);
long mmuext(u32 command, u64 arg1, u64 arg2 = 0, u64 domain = 0x7ff0);
