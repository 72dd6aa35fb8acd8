// SPDX-License-Identifier: MIT
// Physical memory: buddy free lists per NUMA node, scrubbing of what a guest leaves behind, and the pages that a
// domain owns with their accounting.
#pragma once

#include <atomic>
#include <span>

#include <xen/boot_info.hpp>
#include <xen/page.hpp>

namespace xen {

namespace memory {

inline constexpr unsigned kMaxOrder = 18;   // 1 GiB

// Takes the RAM that the boot code did not use. Boot CPU, once, when the frame table is mapped.
void init(const BootInfo& boot);
bool is_ram(Mfn f);                 // in a RAM range of the boot memory map; slow, for frames without an owner
bool is_ram(Mfn first, u64 pages);  // all of it
std::span<const MemoryRange> machine_map();  // the boot memory map
bool io_read_only(Mfn f);           // device frames that guests may only read (PCI configuration space, the HPET)
void protect_io(Mfn first, u64 frames);
void init_keys();                   // debug keys
void add_free_range(Mfn start, u64 frames);
// Frames that existed before the allocator and that guests may map (firmware tables, BIOS area): owned by dom_io.

struct Request {
    Order order{0};
    u8 node = 0xff;          // any
    bool exact_node = false;
    u8 address_bits = 64;    // the highest address has at most these bits
    bool no_scrub = false;   // the caller overwrites it all
    u64 claim = 0;           // frames set aside for whom it is: it may have these
};

// 2^order frames without an owner; every reference word zero.
Result<PageInfo&> allocate_frames(Request r);
void free_frames(PageInfo& head, Order order, bool needs_scrub);

// Hypervisor pages by direct-map address; not zeroed.
void* allocate_heap_pages(Order order);
void free_heap_pages(void* p, Order order);

// Pages owned by a domain (charged to it; kAllocated holds one reference).
Result<PageInfo&> allocate_domain_pages(Domain& d, Request r, bool no_refcount = false);
Status assign_pages(Domain& d, PageInfo& head, Order order, bool no_refcount = false);
// Frames that are nobody's and not free, such as those of a boot module: they become the domain's.
Status adopt_pages(Domain& d, Mfn first, u64 pages);
// The last reference is gone: back to the free lists, uncharged.
void free_domain_page(PageInfo& p);
// Drops the allocation reference (guest gives the page up); true when this call dropped it.
bool drop_allocation(PageInfo& p);
// The same and the caller's own reference, which it gives back in one step with the allocation's.
void drop_allocation_and_reference(PageInfo& p);
// From the cursor of a dying domain on: frees pages to which nothing but their allocation refers, `most` at most, until one
// is in use otherwise. How many they were.
unsigned free_unused(Domain& d, unsigned most);
// Takes a page that nobody but its owner's allocation refers to away from the owner: uncharged, without an owner,
// every reference word zero, contents kept. Errno::inval when the domain does not own it or it is in use.
Status steal_page(Domain& d, PageInfo& p);

// A hypervisor page becomes visible to a guest (shared_info, grant frames). The page stays the hypervisor's:
// unshare drops the guest's allocation reference, and when the last reference is gone it may be freed.
void share_heap_page(void* page, Domain& d, bool writable);
bool unshare_heap_page(void* page);

// Frames set aside: by all domains, and by one, whose page_lock is held.
extern std::atomic<u64> claimed;
inline u64 claimed_pages() { return claimed.load(std::memory_order_relaxed); }
void set_claim(Domain& d, u64 frames);
bool fits_beside_claims(const Request& r);
inline bool leaves_claims(const Request& r) { return !claimed_pages() || fits_beside_claims(r); }

u64 free_pages();
u64 free_pages_on(NodeId node);
u64 total_pages();
u64 scrub_pending();
bool scrub_some();            // idle work: true while there is more

}  // namespace memory
}  // namespace xen
