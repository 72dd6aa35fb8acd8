// SPDX-License-Identifier: MIT
#include "sim/percpu.hpp"

#include <sys/mman.h>
#include <xen/assert.hpp>

extern "C" {
// Of the section that XEN_PERCPU names; the linker defines both.
extern char __start_percpu[];
extern char __stop_percpu[];
}

namespace xen::sim {

// The sanitizer's red zones lie in the section too: they are copied with the rest.
__attribute__((no_sanitize("address"))) sptr copy_percpu() {
    usize bytes = static_cast<usize>(__stop_percpu - __start_percpu);
    void* area = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bug_if(area == MAP_FAILED);
    for (usize i = 0; i < bytes; ++i) static_cast<volatile char*>(area)[i] = __start_percpu[i];
    return static_cast<char*>(area) - __start_percpu;
}

}  // namespace xen::sim
