// SPDX-License-Identifier: MIT
#include "page.hpp"
#include "lib.hpp"
#include "print.hpp"

namespace {

constexpr unsigned kPoolPages = 320;
constexpr unsigned kWindows = 16;
alignas(kPageSize) Page pool[kPoolPages];
alignas(kPageSize) Page windows[kWindows];
u8* free_list[kPoolPages];
unsigned free_count;
unsigned used;

u64 index_at(u64 virtual_address, unsigned level) {
    return virtual_address >> (12 + 9 * (level - 1)) & 511;
}

} // namespace

u8* new_page() {
    if (!free_count && used == kPoolPages) {
        print("FAIL out of pages\n");
        return pool[0];
    }
    u8* page = free_count ? free_list[--free_count] : pool[used++];
    memset(page, 0, kPageSize);
    return page;
}

void free_page(u8* page) { free_list[free_count++] = page; }

u64 pfn_of(const void* pointer) { return (address(pointer) - kVirtBase) >> 12; }
u64 mfn_of_pfn(u64 pfn) { return at<u64>(boot_info->mfn_list)[pfn]; }
u64 mfn_of(const void* pointer) { return mfn_of_pfn(pfn_of(pointer)); }
void set_mfn(u64 pfn, u64 mfn) { at<u64>(boot_info->mfn_list)[pfn] = mfn; }
u64 pfn_of_mfn(u64 mfn) { return at<const u64>(MACH2PHYS_VIRT_START)[mfn]; }
u64 total_pages() { return boot_info->nr_pages; }
u64 spare_pfn(u64 index) { return boot_info->nr_pages - 1 - index; }

u64 root_mfn() { return mfn_of(at<u8>(boot_info->pt_base)); }

const u64* table_of(const void* pointer, unsigned level) {
    const u64* table = at<const u64>(boot_info->pt_base);
    for (unsigned l = 4; l > level; --l) {
        const u64 entry = table[index_at(address(pointer), l)];
        if (!(entry & kPresent)) return nullptr;
        table = at<const u64>(kVirtBase + (pfn_of_mfn((entry & kFrameMask) >> 12) << 12));
    }
    return table;
}

u64 entry_of(const void* pointer, unsigned level) {
    return table_of(pointer, level)[index_at(address(pointer), level)];
}

u64 entry_machine(const void* pointer, unsigned level) {
    return mfn_of(table_of(pointer, level)) << 12 | index_at(address(pointer), level) * 8;
}

long map_at(const void* pointer, u64 mfn, u64 flags, u64 invalidate) {
    return hypercall(__HYPERVISOR_update_va_mapping, address(pointer), mfn << 12 | flags,
                     invalidate);
}

long protect(const void* pointer, u64 flags) { return map_at(pointer, mfn_of(pointer), flags); }

u8* window(unsigned index) { return windows[index]; }
long window_map(unsigned index, u64 mfn, u64 flags) { return map_at(windows[index], mfn, flags); }
void window_reset(unsigned index) { protect(windows[index], kReadWrite); }

long mmu_update_one(u64 machine, u64 entry, u64 command, u64 domain) {
    mmu_update_t update = {machine | command, entry};
    return hypercall(__HYPERVISOR_mmu_update, address(&update), 1, 0, domain);
}

long mmuext(u32 command, u64 arg1, u64 arg2, u64 domain) {
    mmuext_op_t op = {};
    op.cmd = command;
    op.arg1.mfn = arg1;
    op.arg2.src_mfn = arg2;
    return hypercall(__HYPERVISOR_mmuext_op, address(&op), 1, 0, domain);
}
