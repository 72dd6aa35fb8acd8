// SPDX-License-Identifier: MIT
// The frame table: one descriptor for each machine frame, who owns it, how often it is referenced, and as what
// kind of page it is in use. References are RAII values: PageRef (the frame cannot be freed), TypedPageRef (and
// cannot change its type). The type rules of PV guests are in arch/<a>/mm; the counting is here.
//
// Invariants: count == 0 exactly when the frame is free (or never was RAM of ours); type count > 0 implies
// count > 0; a writable reference and a page-table reference of one frame never coexist.
#pragma once

#include <atomic>
#include <utility>

#include <asm/pagemap.hpp>
#include <xen/assert.hpp>

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"

namespace xen {

struct Domain;

// What a frame is in use as. Exclusive while the type count is not zero.
enum class PageType : u8 {
    none = 0,
    l1, l2, l3, l4,   // page table of a PV guest, by level
    seg_desc,         // GDT or LDT page
    writable,         // has writable mappings
    shared,           // memory sharing; unused
};

// 32 bytes for each frame of the machine. The 64-bit words are updated by compare-and-exchange.
struct PageInfo {
    // count word: references in the low bits, flags on top.
    static constexpr u64 kCountMask = (u64{1} << 54) - 1;
    static constexpr u64 kAllocated = u64{1} << 63;   // one reference is the allocation itself, until freed
    static constexpr u64 kXenHeap = u64{1} << 62;     // hypervisor memory (may be shared with a guest)
    static constexpr u64 kExtra = u64{1} << 61;       // on the domain's extra list; not in tot_pages
    static constexpr u64 kBroken = u64{1} << 60;
    static constexpr u64 kNeedScrub = u64{1} << 59;   // free, with old contents
    static constexpr u64 kFree = u64{1} << 58;        // on a free list (head of a block: order below)
    static constexpr u64 kCacheAttrShift = 55;        // 3 bits: PAT attribute forced by a mapping
    static constexpr u64 kCacheAttrMask = u64{7} << kCacheAttrShift;

    // type word: uses in the low bits, then level state, type on top.
    static constexpr u64 kTypeCountMask = (u64{1} << 32) - 1;
    static constexpr u64 kTypeShift = 60;
    static constexpr u64 kTypeMask = u64{15} << kTypeShift;
    static constexpr u64 kPinned = u64{1} << 59;      // the guest holds one type use by mmuext pin
    static constexpr u64 kValidated = u64{1} << 58;   // contents checked for the type
    static constexpr u64 kPartial = u64{1} << 57;     // validation or devalidation stopped half-way
    static constexpr u64 kPageLocked = u64{1} << 56;  // entries are being changed

    std::atomic<u64> count{0};
    std::atomic<u64> type{0};
    u32 owner_index = 0;   // 0: none; else heap page number of the Domain
    u32 next = 0;          // list links: frame numbers, 0 ends
    u32 prev = 0;
    union {
        u32 tlb_stamp;     // tlb::clock() when last unmapped (free or not a table)
        struct {
            u16 done;      // entries validated so far, while kPartial
            s16 linear;    // linear page-table uses: > 0 is used by others, < 0 uses others
        } table;
        u32 order;         // free block's head
    };

    PageInfo() : tlb_stamp{0} {}
    Mfn mfn() const;
    u64 references() const { return count.load(std::memory_order_acquire) & kCountMask; }
    u64 type_uses() const { return type.load(std::memory_order_acquire) & kTypeCountMask; }
    PageType page_type() const { return static_cast<PageType>(type.load(std::memory_order_acquire) >> kTypeShift); }
    bool is_xen_heap() const { return count.load(std::memory_order_relaxed) & kXenHeap; }
    Domain* owner() const { return owner_index ? static_cast<Domain*>(arch::direct_map(Mfn{owner_index})) : nullptr; }
    void set_owner(const Domain* d) { owner_index = d ? index_of(*d) : 0; }
    // A Domain is page-aligned heap memory, so its frame number names it in 32 bits.
    static u32 index_of(const Domain& d) { return static_cast<u32>(arch::direct_map_mfn(&d).raw()); }
};
static_assert(sizeof(PageInfo) == 32);

// The frame table covers [0, max_frame). Valid says that a frame is RAM the hypervisor manages.
extern PageInfo* frame_table;
extern Mfn max_frame;
inline bool mfn_valid(Mfn f) { return f < max_frame; }
inline PageInfo& page_of(Mfn f) { return frame_table[f.raw()]; }
inline PageInfo& page_of(const void* heap_page) { return page_of(arch::direct_map_mfn(heap_page)); }
inline Mfn PageInfo::mfn() const { return Mfn{static_cast<u64>(this - frame_table)}; }

namespace memory { void free_domain_page(PageInfo& p); }

// Raw counting, for code whose references live in page-table entries. put: the last one frees the frame.
inline void put_page(PageInfo& p) {
    u64 old = p.count.fetch_sub(1, std::memory_order_acq_rel);
    xen_assert((old & PageInfo::kCountMask) != 0);
    if ((old & PageInfo::kCountMask) == 1) [[unlikely]] memory::free_domain_page(p);
}
// Fails on a free frame, a foreign owner or near overflow (half of what would fit: one test for both, without a mask).
// Who owns it is certain only once it cannot be freed any more.
[[gnu::always_inline]] inline bool get_page(PageInfo& p, const Domain& owner) {
    constexpr unsigned kFlagBits = 10;
    static_assert(PageInfo::kCountMask == ~u64{0} >> kFlagBits);
    u64 old = p.count.load(std::memory_order_relaxed);
    do {
        if (static_cast<s64>(old << kFlagBits) <= 0) [[unlikely]] return false;
    } while (!p.count.compare_exchange_weak(old, old + 1, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (p.owner_index == PageInfo::index_of(owner)) [[likely]] return true;
    put_page(p);
    return false;
}

// One general reference. Moves, does not copy.
class [[nodiscard]] PageRef {
public:
    PageRef() = default;
    // The frame, if `owner` owns it and it is live; Errno::inval otherwise.
    static Result<PageRef> get(Mfn f, const Domain& owner) {
        if (!mfn_valid(f) || !get_page(page_of(f), owner)) [[unlikely]] return Errno::inval;
        return adopt(page_of(f));
    }
    // Takes over a reference that the caller already counts.
    static PageRef adopt(PageInfo& p) { return PageRef{&p}; }
    PageRef(PageRef&& o) noexcept : page_{std::exchange(o.page_, nullptr)} {}
    PageRef& operator=(PageRef&& o) noexcept {
        if (this != &o) {
            reset();
            page_ = std::exchange(o.page_, nullptr);
        }
        return *this;
    }
    PageRef(const PageRef&) = delete;
    PageRef& operator=(const PageRef&) = delete;
    ~PageRef() { reset(); }
    void reset() {
        if (PageInfo* p = std::exchange(page_, nullptr)) put_page(*p);
    }
    PageInfo* leak() { return std::exchange(page_, nullptr); }  // now counted elsewhere (a PTE, a list)
    PageInfo* get() const { return page_; }
    PageInfo* operator->() const { return page_; }
    PageInfo& operator*() const { return *page_; }
    Mfn mfn() const { return page_->mfn(); }
    explicit operator bool() const { return page_ != nullptr; }

private:
    explicit PageRef(PageInfo* p) : page_{p} {}
    PageInfo* page_ = nullptr;
};

// A general reference and one use as a type. For page-table types validation may yield: Errno::restart.
Status get_page_and_type(PageInfo& p, const Domain& owner, PageType type);
Status get_page_type(PageInfo& p, PageType type);      // the caller holds a general reference
void put_page_type(PageInfo& p);                       // may free much, not preemptible: leaves of small tables
void put_page_and_type(PageInfo& p);

template <PageType Type>
class [[nodiscard]] TypedPageRef {
public:
    static Result<TypedPageRef> get(Mfn f, const Domain& owner) {
        PageRef ref = TRY(PageRef::get(f, owner));
        TRY(get_page_type(*ref, Type));
        return TypedPageRef{ref.leak()};
    }
    static TypedPageRef adopt(PageInfo& p) { return TypedPageRef{&p}; }
    TypedPageRef(TypedPageRef&& o) noexcept : page_{std::exchange(o.page_, nullptr)} {}
    TypedPageRef& operator=(TypedPageRef&& o) noexcept {
        if (this != &o) {
            reset();
            page_ = std::exchange(o.page_, nullptr);
        }
        return *this;
    }
    TypedPageRef(const TypedPageRef&) = delete;
    TypedPageRef& operator=(const TypedPageRef&) = delete;
    ~TypedPageRef() { reset(); }
    void reset() {
        if (PageInfo* p = std::exchange(page_, nullptr)) put_page_and_type(*p);
    }
    PageInfo* leak() { return std::exchange(page_, nullptr); }
    PageInfo& operator*() const { return *page_; }
    PageInfo* operator->() const { return page_; }
    Mfn mfn() const { return page_->mfn(); }

private:
    explicit TypedPageRef(PageInfo* p) : page_{p} {}
    PageInfo* page_;
};

// The only way to see a domain's page: mapped for the scope, never stored, never across a restart point. The
// caller holds a reference that outlives it (or owns the frame).
template <class T>
class [[nodiscard]] MappedPage {
public:
    explicit MappedPage(Mfn f) : p_{static_cast<T*>(arch::direct_map(f))} {}
    MappedPage(const MappedPage&) = delete;
    MappedPage& operator=(const MappedPage&) = delete;
    T* get() const { return p_; }
    T* operator->() const { return p_; }
    T& operator*() const { return *p_; }
    T& operator[](usize i) const { return p_[i]; }

private:
    T* p_;
};

// Accesses to pages that a running guest shares: one atomic access each, never plain.
template <class T>
inline T shared_load(const T& p) { return __atomic_load_n(&p, __ATOMIC_ACQUIRE); }
template <class T>
inline void shared_store(T& p, std::type_identity_t<T> v) { __atomic_store_n(&p, v, __ATOMIC_RELEASE); }

}  // namespace xen
