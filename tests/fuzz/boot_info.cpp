// SPDX-License-Identifier: MIT
// What a boot loader hands over, by both protocols: the input is the memory that the parser sees.
#include <xen/multiboot.hpp>

#include <memory>
#include <vector>

#include "targets.hpp"

namespace xen::fuzz {
namespace {

constexpr u64 kBase = 0x10000;
std::vector<u8> seen;

const void* read_memory(Paddr at, u64 bytes) {
    u64 offset = at.raw() - kBase;
    if (at.raw() < kBase || offset > seen.size() || bytes > seen.size() - offset) return nullptr;
    return seen.data() + offset;
}

void check(const BootInfo& b) {
    if (b.memory_count > b.memory.size() || b.module_count > b.modules.size()) broken("more than there is room for");
    for (usize i = 0; i + 1 < b.memory_count; ++i) {
        const MemoryRange &a = b.memory[i], &c = b.memory[i + 1];
        if (a.end() > c.start) broken("ranges overlap or are not in order");
        if (a.end() == c.start && a.type == c.type) broken("neighbours of one type are not joined");
    }
}

}  // namespace

void run_boot_info(Input in) {
    u32 magic = in.below(3) ? multiboot::kMagic2 : multiboot::kMagic1;
    u64 limit = in.take<u64>();
    Bytes raw = in.rest();
    seen.assign(raw.begin(), raw.end());
    char space[512];
    multiboot::StringPool strings{space, sizeof space};
    auto boot = std::make_unique<BootInfo>();
    if (!multiboot::parse(magic, Paddr{kBase}, read_memory, strings, *boot)) return;
    check(*boot);
    (void)boot::limit_ram(*boot, Paddr{limit});
    check(*boot);
}

}  // namespace xen::fuzz
