// SPDX-License-Identifier: MIT
#include "stage2_machine.hpp"

#include <asm/cpu.hpp>
#include <asm/tlb.hpp>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xen/boot_info.hpp>
#include <xen/console.hpp>
#include <xen/memory.hpp>
#include <xen/refusal.hpp>
#include <xen/smp.hpp>
#include <xen/softirq.hpp>
#include <xen/tlb.hpp>

#include <catch2/catch.hpp>

#include "arch/arm/mm/map.hpp"
#include "arch/arm/mm/relinquish.hpp"
#include "sim/percpu.hpp"

namespace stage2_test {
namespace {

constexpr u64 kMemory = u64{256} << 20, kFirstByte = 1 << 20, kPage = 4096;
constexpr u64 kMostFrames = u64{1} << 36;               // addresses of 48 bits

std::vector<Guest*> guests;
std::string refused;
arch::CpuBlock block;
Vcpu* nobody = nullptr;

void* reserve(u64 bytes) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) abort();
    return p;
}

unsigned range_bits(u64 field) {
    static constexpr unsigned kBits[] = {32, 36, 40, 42, 44, 48, 52};
    if (field > 6) FAIL("a reserved size of addresses");
    return kBits[field];
}

u64 entry_at(u64 table, u64 index) {
    if (table >= kMemory) FAIL("a table outside memory");
    return __atomic_load_n(static_cast<const u64*>(arch::direct_map(Paddr{table})) + index, __ATOMIC_RELAXED);
}

}  // namespace

std::optional<Translation> walk(u64 vttbr, u64 vtcr, u64 address, Way* way) {
    unsigned bits = 64 - (vtcr & 63), most = range_bits(vtcr >> 16 & 7);
    int level = 2 - static_cast<int>(vtcr >> 6 & 3);    // SL0, 4 KiB granule
    if ((vtcr >> 14 & 3) != 0 || bits > most || level < 0 || level > 1) FAIL("VTCR_EL2 is " << std::hex << vtcr);
    if (level == 1 ? bits < 31 || bits > 43 : bits < 40 || bits > 48) FAIL("from level " << level << " on for " << bits << " bits");
    unsigned low = 39 - 9 * static_cast<unsigned>(level);
    u64 table = vttbr & 0xfffffffffffe, root_bytes = std::max(u64{8} << (bits - low), kPage);
    if (table & (root_bytes - 1)) FAIL("a root of " << root_bytes << " bytes at " << std::hex << table);
    if (address >> bits) return {};
    u64 index = address >> low;
    for (unsigned n = 0;; ++n, ++level, low -= 9, index = address >> low & 511) {
        if (way) (*way)[n] = table + (index * 8 & ~(kPage - 1));
        u64 d = entry_at(table, index);
        if (!(d & 1)) return {};
        u64 out = d & 0xfffffffff000;
        if (out >> most) FAIL("an address size fault at " << std::hex << address);
        if (level < 3 && (d & 2)) {
            table = out;
            continue;
        }
        if (level == 0 || (level == 3 && !(d & 2))) return {};
        if (!(d >> 10 & 1)) FAIL("an access flag fault at " << std::hex << address);
        u64 bytes = u64{1} << low;
        if (out & (bytes - 1)) FAIL("a block that is not aligned at " << std::hex << address);
        return Translation{out, bytes, (d >> 6 & 1) != 0, (d >> 7 & 1) != 0, !(d >> 54 & 1), static_cast<unsigned>(d >> 2 & 15),
                           static_cast<unsigned>(d >> 8 & 3)};
    }
}

bool agrees(const std::optional<Translation>& t, const std::optional<Leaf>& leaf, u64 address) {
    using p2m::Type;
    if (!t || !leaf) return !t && !leaf;
    Type type = leaf->type;
    bool read_only = type == Type::ram_read_only || type == Type::grant_read_only || type == Type::foreign_read_only;
    bool code = type == Type::ram || type == Type::ram_read_only;
    unsigned memory = type == Type::device ? 1 : 15;    // nGnRE; write-back
    unsigned shareable = type == Type::device ? 2 : 3;
    return t->out + (address & (t->bytes - 1)) == address_of(leaf->mfn).raw() && t->read && t->write == !read_only &&
           t->execute == code && t->memory == memory && t->shareable == shareable;
}

void set_processor(u64 range, u64 vmid_bits) {
    sim::processor.id[7][0] = range;
    sim::processor.id[7][1] = vmid_bits << 4;
}

void start(u64 range, u64 vmid_bits) {
    set_processor(range, vmid_bits);
    max_frame = frame_of(Paddr{kMemory});
    if (arch::physical_memory) return;
    arch::physical_memory = static_cast<u8*>(reserve(kMemory));
    frame_table = static_cast<PageInfo*>(reserve(kMostFrames * sizeof(PageInfo)));
    block = {};
    block.percpu_offset = sim::copy_percpu();
    arch::percpu_offsets[0] = block.percpu_offset;
    arch::this_cpu_block = &block;
    nobody = new Vcpu;
    static vcpu_info info{};
    nobody->info = &info;
    arch::set_current_vcpu(nobody);
    BootInfo boot;
    boot.memory[0] = {Paddr{kFirstByte}, kMemory - kFirstByte, MemoryType::ram};
    boot.memory_count = 1;
    memory::init(boot);
    memory::add_free_range(frame_of(Paddr{kFirstByte}), (kMemory - kFirstByte) >> kPageShift);
}

Guest::Guest() {
    constexpr Order kOrder{2};
    static_assert(sizeof(Domain) <= kPage << kOrder.raw());
    void* at = memory::allocate_heap_pages(kOrder);
    REQUIRE(at);
    d_ = new (at) Domain;
    static u16 ids = 0;
    d_->id = DomId{++ids};
    d_->max_pages = 1 << 20;
    d_->arch.p2m = nullptr;
    guests.push_back(this);
    Status made = p2m::init(*d_);
    if (!made) stop();
}

Guest::~Guest() {
    stop();
    if (d_->arch.p2m) {
        while (!mm::relinquish(*d_)) softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        CHECK(known_.empty());
    }
    p2m::destroy(*d_);
    CHECK(d_->tot_pages == 0);
    std::erase(guests, this);
    d_->~Domain();
    memory::free_heap_pages(d_, Order{2});
}

Mfn Guest::memory(unsigned order) {
    auto head = memory::allocate_domain_pages(*d_, {.order = Order{static_cast<u8>(order)}});
    REQUIRE(head.ok());
    return head.value().mfn();
}

void Guest::watch(u64 first_frame, u64 frames) {
    first_ = first_frame, frames_ = frames, runs_ = true;
    fill();
}

void Guest::stop() { runs_ = false; }
u16 Guest::vmid() const { return static_cast<u16>(p2m::vttbr(*d_) >> 48); }

void Guest::fill(u64 each) {
    if (!runs_) return;
    u64 root = p2m::vttbr(*d_), control = p2m::vtcr();
    for (u64 page = first_ + ++turn_ * 7 % each; page < first_ + frames_; page += each) {
        Way way{};
        auto t = walk(root, control, page << kPageShift, &way);
        if (!t) continue;
        auto [it, fresh] = known_.try_emplace(page, Known{*t, way});
        if (!fresh && !(it->second.translation == *t) && problem_.empty())
            problem_ = "two translations at a time, no break before make, of page " + std::to_string(page);
        for (u64 table : way)
            if (fresh && table) ++ways_[table];
    }
}

void Guest::forget(std::optional<u64> address) {
    for (auto it = known_.begin(); it != known_.end();) {
        u64 bytes = it->second.translation.bytes, start = (it->first << kPageShift) & ~(bytes - 1);
        if (!address || (*address >= start && *address - start < bytes)) {
            for (u64 table : it->second.way)
                if (table && !--ways_[table]) ways_.erase(table);
            it = known_.erase(it);
        } else ++it;
    }
}

std::string Guest::problem() {
    fill();
    for (auto& [page, known] : known_) {
        auto t = walk(p2m::vttbr(*d_), p2m::vtcr(), page << kPageShift);
        if (problem_.empty() && (!t || !(*t == known.translation))) problem_ = "a TLB still has page " + std::to_string(page);
    }
    return problem_;
}

std::set<u64> Guest::entries() const {
    std::set<u64> pages;
    for (auto& [page, known] : known_) pages.insert(page);
    return pages;
}

// The heap keeps a page for each size of object that it has met.
World::World() {
    start();
    static bool warm = false;
    if (!std::exchange(warm, true)) Guest g;
    free = memory::free_pages();
}
World::~World() { CHECK(memory::free_pages() == free); }

std::string last_refusal() { return refused; }

namespace {

// Before it: everybody may just have walked. After it: everybody walks again.
void flush(std::optional<u16> vmid, std::optional<u64> address) {
    for (Guest* g : guests)
        if ((*g)->arch.p2m && (!vmid || g->vmid() == *vmid)) {
            g->fill(61);
            g->forget(address);
            ++(address ? g->page_flushes : g->flushes);
            g->fill(61);
        }
}

}  // namespace
}  // namespace stage2_test

// Pages that the hypervisor gives back: the names that the linker gives (--wrap).
extern "C" {
void __real__ZN3xen6memory15free_heap_pagesEPvNS_5OrderE(void* p, xen::Order order);
void __wrap__ZN3xen6memory15free_heap_pagesEPvNS_5OrderE(void* p, xen::Order order);
void __wrap__ZN3xen6memory15free_heap_pagesEPvNS_5OrderE(void* p, xen::Order order) {
    using namespace stage2_test;
    if (p)
        for (xen::u64 at = xen::arch::direct_map_paddr(p).raw(), i = 0; i < xen::u64{1} << order.raw(); ++i)
            for (Guest* g : guests)
                if (g->reads(at + i * 4096)) FAIL("a table is freed that a processor may be walking");
    __real__ZN3xen6memory15free_heap_pagesEPvNS_5OrderE(p, order);
}
}

// What the core calls in this world.
namespace xen {

CpuMask cpu_online;

Errno refuse(Errno e, const char* fmt, ...) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    stage2_test::refused = text;
    return e;
}

void DomainRef::reset() {
    if (d_) d_->refs.fetch_sub(1);
    d_ = nullptr;
}

namespace tlb {
void flush_guest(u16 vmid) { stage2_test::flush(vmid, {}); }
void flush_guest_ipa(u16 vmid, Gaddr ipa) { stage2_test::flush(vmid, ipa.raw()); }
void flush_all_guests() { stage2_test::flush({}, {}); }
u32 clock() { return 1; }
CpuMask needing_flush(const CpuMask&, u32) { return {}; }
void flush_mask(const CpuMask&) {}
}  // namespace tlb

void smp::send_event_check(CpuId) {}
void console::register_key(char, KeyHandler, const char*, KeyKind) {}

}  // namespace xen
