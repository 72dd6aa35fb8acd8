// SPDX-License-Identifier: MIT
#include <asm/cpu.hpp>
#include <asm/pagemap.hpp>
#include <xen/config/nr_cpus.hpp>

namespace xen {

thread_local sim::Processor sim::processor;

namespace arch {

namespace {
CpuBlock first_block{};
}
thread_local CpuBlock* this_cpu_block = &first_block;
sptr percpu_offsets[config::nr_cpus];
u8* physical_memory;

}  // namespace arch
}  // namespace xen
