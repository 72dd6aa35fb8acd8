// SPDX-License-Identifier: MIT
// Per-CPU data of further CPUs (xen/percpu.hpp).
#include <xen/heap.hpp>

#include <asm/percpu.hpp>

#include "common/smp/smp.hpp"
#include "lib/string.hpp"

extern "C" const char percpu_start[], percpu_end[];   // the template, by the linker script

namespace xen::smp {

Status create_percpu(CpuId cpu) {
    sptr& offset = arch::percpu_offsets[cpu.raw()];
    if (offset) return {};
    usize bytes = static_cast<usize>(percpu_end - percpu_start);
    char* copy = static_cast<char*>(heap::allocate(bytes, kPageSize));
    if (!copy) return Errno::nomem;
    memcpy(copy, percpu_start, bytes);
    offset = copy - percpu_start;
    return {};
}

}  // namespace xen::smp
