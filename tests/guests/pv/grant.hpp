// SPDX-License-Identifier: MIT
// The guest's own grant table, mapped into windows, and grants to itself. Domain 0 grants to domain
// 0.
#pragma once
#include "page.hpp"
#include "test.hpp"
#include <public/grant_table.h>

constexpr unsigned kTableWindow = 8;   // shared frames
constexpr unsigned kStatusWindow = 12; // version 2's status frames
constexpr domid_t kSelf = 0;

template <class T> long grant_op(u32 command, T* operation, u32 count = 1) {
    return hypercall(__HYPERVISOR_grant_table_op, command, address(operation), count);
}

long grant_version(u32 version);
// Maps the first shared (and for version 2 status) frame; negative errno or status on failure.
long map_table(u32 version);
void unmap_table();
grant_entry_v1* table_v1();
grant_entry_v2* table_v2();
grant_status_t* table_status();

gnttab_map_grant_ref map_request(u32 ref, u64 where, u32 flags, domid_t domain = kSelf);
gnttab_map_grant_ref map_grant(u32 ref, u64 where, u32 flags, domid_t domain = kSelf);
s64 unmap_grant(u32 handle, u64 where, u64 bus_address = 0);
// From and to the caller's own frames, or references of its own as the flags say.
gnttab_copy copy_request(u64 source, u16 source_offset, u64 dest, u16 dest_offset, u16 length,
                         u16 flags);
// A GNTST_* value of an operation's status field.
void status(const char* name, s64 code);
