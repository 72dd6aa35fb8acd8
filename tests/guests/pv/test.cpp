// SPDX-License-Identifier: MIT
#include "test.hpp"
#include <public/physdev.h>

namespace {

const char* group = "";
unsigned checks;
unsigned failures;
char joined[8][96];
unsigned next_joined;

// Is `name` in the comma-separated list that follows `option` on the command line?
bool listed(const char* command_line, const char* option, const char* name, bool& present) {
    present = false;
    for (const char* p = command_line; *p; ++p) {
        if ((p != command_line && p[-1] != ' ') || !starts_with(p, option)) continue;
        present = true;
        const std::size_t n = strlen(name);
        for (p += strlen(option);; ++p) {
            if (starts_with(p, name) && (p[n] == ',' || p[n] == ' ' || p[n] == 0)) return true;
            while (*p != ',' && *p != ' ' && *p) ++p;
            if (*p != ',') return false;
        }
    }
    return false;
}

bool wanted(const char* command_line, const char* name) {
    bool only = false;
    bool skip = false;
    const bool in_only = listed(command_line, "only=", name, only);
    const bool in_skip = listed(command_line, "skip=", name, skip);
    return (!only || in_only) && !in_skip;
}

// What a group may have changed, so that each group finds the same state whichever ran before.
void settle() {
    install_traps();
    install_callbacks();
    set_upcall_mask(true);
    on_trap = nullptr;
    on_event = nullptr;
    physdev_set_iopl iopl = {1}; // the kernel may use ports
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, address(&iopl));
    hypercall(__HYPERVISOR_fpu_taskswitch, 0);
}

} // namespace

void run_groups(const char* command_line) {
    bool only = false;
    listed(command_line, "only=", "", only);
    if (only) settle(); // else the first group, which looks at the state from the builder, does
    for (unsigned i = 0; i < group_count; ++i) {
        if (!wanted(command_line, groups[i].name)) continue;
        group = groups[i].name;
        print("== {}\n", group);
        groups[i].run();
        settle();
    }
    print("== done: {} checks, {} failed\n", checks, failures);
}

void result(const char* name, long v) {
    ++checks;
    if (v < 0 && v > -4096)
        print("T {}.{} = {}({})\n", group, name, v, errno_name(v));
    else
        print("T {}.{} = {}\n", group, name, v);
}

void succeeded(const char* name, long v) {
    if (v < 0 && v > -4096) return result(name, v);
    text(name, "success");
}

void value(const char* name, u64 number) {
    ++checks;
    print("T {}.{} = {x}\n", group, name, number);
}

void text(const char* name, const char* what) {
    ++checks;
    print("T {}.{} = {}\n", group, name, what);
}

void fault(const char* name, const Fault& what) {
    ++checks;
    if (!what.happened)
        print("T {}.{} = no fault\n", group, name);
    else
        print("T {}.{} = fault {} error {x}\n", group, name, what.vector, what.error);
}

void check(const char* name, bool good) {
    ++checks;
    if (good) return print("T {}.{} = ok\n", group, name);
    ++failures;
    print("FAIL {}.{}\n", group, name);
}

const char* join(const char* a, const char* b, const char* c) {
    char* out = joined[next_joined++ % 8];
    char* p = out;
    for (const char* part : {a, b, c})
        while (*part && p < out + sizeof(joined[0]) - 1) *p++ = *part++;
    *p = 0;
    return out;
}

const char* join(const char* a, u64 number, const char* c) {
    char digits[24];
    char* p = digits + sizeof(digits);
    *--p = 0;
    do {
        *--p = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number);
    return join(a, p, c);
}
