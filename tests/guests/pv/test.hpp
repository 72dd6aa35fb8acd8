// SPDX-License-Identifier: MIT
// The transcript. A "T" line holds one observation that must be the same under every hypervisor; a
// "FAIL" line says that something the guest itself can verify is broken. Addresses, times and
// counts of free memory never appear.
#pragma once
#include "lib.hpp"
#include "print.hpp"
#include "trap.hpp"
#include <initializer_list>

struct Group {
    const char* name;
    void (*run)();
};
extern const Group groups[];
extern const unsigned group_count;

void run_groups(const char* command_line);

// What a hypercall returned: "-22(EINVAL)" or the number.
void result(const char* name, long value);
// Only whether it succeeded: for values that legitimately vary.
void succeeded(const char* name, long value);
void value(const char* name, u64 number);
void text(const char* name, const char* what);
void fault(const char* name, const Fault& what);
// An own assertion: "ok", or a FAIL line.
void check(const char* name, bool good);

// Names built in loops: name("pin.", "l2") lives until the end of the line printed.
const char* join(const char* a, const char* b, const char* c = "");
const char* join(const char* a, u64 number, const char* c = "");

// Guest handles are a pointer in a wrapper whose shape depends on the header's mode.
template <class H> void set_handle(H& handle, u64 pointer) {
    static_assert(sizeof(handle) == sizeof(pointer));
    memcpy(static_cast<void*>(&handle), &pointer, sizeof(pointer));
}
template <class H, class T> void set_handle(H& handle, T* pointer) {
    set_handle(handle, address(pointer));
}

// The three wrong addresses, for loops over error paths.
struct WildPointer {
    const char* name;
    u64 where;
};
constexpr WildPointer wild_pointers[] = {
    {"unmapped", kUnmapped}, {"hypervisor", kHypervisor}, {"non_canonical", kNonCanonical}};

template <class T> T zeroed() {
    T object;
    memset(static_cast<void*>(&object), 0, sizeof(object));
    return object;
}
