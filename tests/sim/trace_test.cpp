// SPDX-License-Identifier: MIT
// Trace buffers: what a reader finds in a ring, and XEN_SYSCTL_tbuf_op.
#include <catch2/catch.hpp>

#include <asm/pagemap.hpp>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/trace.hpp>

#include <memory>
#include <random>
#include <vector>

#include "allocations.hpp"
#include "common/trace/buffers.hpp"

using namespace xen;
using trace::Ring;

namespace {

struct Page {
    alignas(kPageSize) char bytes[kPageSize];
};

struct Seen {
    u32 event;
    std::vector<u32> words;
    bool timed;
    u64 cycles;
};

// A reader as xentrace is one: positions run to twice the size.
class Reader {
public:
    explicit Reader(std::vector<char*> pages) : pages_{std::move(pages)} {}
    t_buf& head() { return *reinterpret_cast<t_buf*>(pages_[0]); }
    u32 size() const { return static_cast<u32>(pages_.size() * kPageSize - sizeof(t_buf)); }
    u32 filled() { return (head().prod + 2 * size() - head().cons) % (2 * size()); }

    // Takes one record; wrap records are taken and left out.
    bool take(Seen& out) {
        while (head().cons != head().prod) {
            out = decode();
            if (out.event != TRC_TRACE_WRAP_BUFFER) return true;
            REQUIRE(head().cons % size() == 0);   // it ends with the buffer
        }
        return false;
    }

private:
    Seen decode() {
        u32 start = head().cons % size();
        u32 h = word();
        Seen s{h & 0x0fffffff, {}, (h & 1u << 31) != 0, 0};
        if (s.timed) {
            u64 low = word();
            s.cycles = low | u64{word()} << 32;
        }
        for (u32 n = TRC_HD_EXTRA(h); n; --n) s.words.push_back(word());
        REQUIRE(start + 4 + (s.timed ? 8 : 0) + 4 * s.words.size() <= size());   // not across the end
        return s;
    }
    u32 word() {
        u32 offset = static_cast<u32>(sizeof(t_buf)) + head().cons % size();
        u32 v;
        memcpy(&v, pages_[offset / kPageSize] + offset % kPageSize, sizeof(v));
        head().cons = (head().cons + 4) % (2 * size());
        return v;
    }
    std::vector<char*> pages_;
};

struct Fixture {
    explicit Fixture(usize n) : storage(n) {
        sim::start();
        auto list = Array<char*>::create(n);
        REQUIRE(list);
        std::vector<char*> pages;
        for (usize i = 0; i < n; ++i) {
            list.value()[i] = storage[i].bytes;
            pages.push_back(storage[i].bytes);
        }
        ring = std::make_unique<Ring>(std::move(list.value()));
        reader = std::make_unique<Reader>(pages);
    }
    std::vector<Page> storage;
    std::unique_ptr<Ring> ring;
    std::unique_ptr<Reader> reader;
};

constexpr u32 kEvent = TRC_SCHED_MIN + 0x123;

xen_sysctl& tbuf_op(xen_sysctl& op, u32 cmd) {
    op = {};
    op.cmd = XEN_SYSCTL_tbuf_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.tbuf_op.cmd = cmd;
    return op;
}
s64 call(xen_sysctl& op) { return sim::hypercall(__HYPERVISOR_sysctl, sim::address(op)); }

}  // namespace

TEST_CASE("a ring gives back what was put in, over many ends of the buffer") {
    Fixture f{GENERATE(1u, 2u, 3u)};
    std::mt19937 random{7};
    u32 next = 0, expected = 0, lost_told = 0, wraps = 0;
    Seen s;
    auto read = [&](unsigned most) {
        for (unsigned i = 0; i < most && f.reader->take(s); ++i) {
            if (s.event == TRC_LOST_RECORDS) {
                REQUIRE(s.words.size() == 4);
                REQUIRE(s.words[1] == 0x00030005);
                REQUIRE((s.words[2] | u64{s.words[3]} << 32) == 1000 + expected);   // the first lost one's time
                REQUIRE(s.cycles == 1000 + expected + s.words[0]);                  // that of the next that was kept
                lost_told += s.words[0];
                expected += s.words[0];
                continue;
            }
            REQUIRE(s.event == kEvent);
            REQUIRE(s.words.size() == expected % 7 + 1);
            for (u32 w : s.words) REQUIRE(w == expected);
            if (s.timed) REQUIRE(s.cycles == 1000 + expected);
            ++expected;
        }
    };
    u32 lost = 0;
    for (unsigned round = 0; round < 3000; ++round) {
        for (auto n = random() % 60; n; --n) {
            u32 words[7];
            for (u32& w : words) w = next;
            u32 before = f.reader->head().prod;
            // All are timed: the time of a lost one is told.
            auto done = f.ring->put({kEvent, words, next % 7 + 1, u64{1000 + next}}, 0x00030005);
            if (done == Ring::Put::lost) ++lost;
            REQUIRE(done != Ring::Put::broken);
            REQUIRE(f.reader->filled() <= f.reader->size());
            if (f.reader->head().prod < before) ++wraps;
            ++next;
        }
        read(static_cast<unsigned>(random() % 60));
    }
    u32 words[7] = {};
    read(~0u);
    for (u32& w : words) w = next;
    REQUIRE(f.ring->put({kEvent, words, next % 7 + 1, u64{1000 + next}}, 0x00030005) != Ring::Put::lost);
    ++next;
    read(~0u);
    REQUIRE(expected == next);
    REQUIRE(lost_told == lost);
    REQUIRE(lost > 0);
    REQUIRE(wraps > 5);
}

TEST_CASE("records without a time are one word shorter twice, and keep their order") {
    Fixture f{1};
    const u32 word = 77;
    REQUIRE(f.ring->put({kEvent, &word, 1}, 0) == Ring::Put::written);
    REQUIRE(f.reader->filled() == 8);
    REQUIRE(f.ring->put({kEvent, nullptr, 0, u64{5}}, 0) == Ring::Put::written);
    REQUIRE(f.reader->filled() == 20);
    Seen s;
    REQUIRE(f.reader->take(s));
    REQUIRE((!s.timed && s.words == std::vector<u32>{77}));
    REQUIRE(f.reader->take(s));
    REQUIRE((s.timed && s.cycles == 5 && s.words.empty()));
    REQUIRE_FALSE(f.reader->take(s));
}

TEST_CASE("the reader is told once when the ring becomes half full") {
    Fixture f{2};
    const u32 words[7] = {};
    unsigned told = 0, put = 0;
    for (;; ++put) {
        auto done = f.ring->put({kEvent, words, 7, u64{1}}, 0);
        if (done == Ring::Put::lost) break;
        if (done == Ring::Put::half_full) {
            ++told;
            REQUIRE(f.reader->filled() >= f.reader->size() / 2);
            REQUIRE(f.reader->filled() - 40 < f.reader->size() / 2);
        }
    }
    REQUIRE(told == 1);
    REQUIRE(put == f.reader->size() / 40);
}

TEST_CASE("a reader's wrong position stops the ring, nothing else") {
    Fixture f{1};
    const u32 word = 1;
    for (u32 bad : {2 * f.ring->bytes(), ~u32{0}, u32{2}, f.ring->bytes() - 4}) {
        f.reader->head().cons = bad;
        CHECK(f.ring->put({kEvent, &word, 1, u64{1}}, 0) == Ring::Put::broken);
    }
    f.reader->head().cons = 0;
    f.reader->head().prod = 12345;   // shown only
    CHECK(f.ring->put({kEvent, &word, 1, u64{1}}, 0) == Ring::Put::written);
    CHECK(f.reader->head().prod == 16);
}

TEST_CASE("lost records are forgotten when tracing stops") {
    Fixture f{1};
    const u32 words[7] = {};
    while (f.ring->put({kEvent, words, 7, u64{1}}, 0) != Ring::Put::lost) {}
    f.ring->forget_lost();
    f.reader->head().cons = f.reader->head().prod;
    CHECK(f.ring->put({kEvent, words, 1, u64{1}}, 0) == Ring::Put::written);
    Seen s;
    REQUIRE(f.reader->take(s));
    CHECK(s.event == kEvent);
}

// One after the other: buffers are made once and stay.
TEST_CASE("tbuf_op: sizes, masks, and records of the chosen CPUs in frames of DOMID_XEN") {
    sim::start();
    Domain& d = sim::create_domain({.privileged = true});
    {
        sim::On on{*d.vcpus[0]};
        xen_sysctl op;
        CHECK(call(tbuf_op(op, 99)) == -22);
        CHECK(call(tbuf_op(op, XEN_SYSCTL_TBUFOP_get_info)) == 0);
        CHECK((op.u.tbuf_op.buffer_mfn == 0 && op.u.tbuf_op.size == 0 && op.u.tbuf_op.evt_mask == TRC_ALL));
        CHECK(call(tbuf_op(op, XEN_SYSCTL_TBUFOP_enable)) == -22);          // no buffers
        tbuf_op(op, XEN_SYSCTL_TBUFOP_set_size).u.tbuf_op.size = 0;
        CHECK(call(op) == -22);
        tbuf_op(op, XEN_SYSCTL_TBUFOP_set_size).u.tbuf_op.size = 3;
        u64 free = memory::free_pages(), blocks = sim::live_blocks(), refused = 0;
        for (;; ++refused) {                                                // any page or block may be the one that is missing
            sim::fail_allocation(refused);
            s64 made = call(op);
            sim::stop_failing();
            if (!sim::allocation_failed()) {
                REQUIRE(made == 0);
                break;
            }
            CHECK(made == -ENOMEM);
            CHECK(sim::live_blocks() == blocks);
            CHECK(memory::free_pages() + 4 >= free);                        // new slabs stay
        }
        CHECK(refused > 3 * 4);
        CHECK(call(op) == -16);
        tbuf_op(op, XEN_SYSCTL_TBUFOP_set_size).u.tbuf_op.size = 4;
        CHECK(call(op) == -22);

        REQUIRE(call(tbuf_op(op, XEN_SYSCTL_TBUFOP_get_info)) == 0);
        Mfn at{op.u.tbuf_op.buffer_mfn};
        CHECK(op.u.tbuf_op.size == kPageSize);
        auto* info = static_cast<t_info*>(arch::direct_map(at));
        CHECK(info->tbuf_size == 3);
        CHECK(page_of(at).owner() == domain::dom_xen);
        CHECK_FALSE(get_page_type(page_of(at), PageType::writable));        // for reading alone
        std::vector<char*> pages;
        for (unsigned i = 0; i < 3; ++i) {
            Mfn frame{reinterpret_cast<u32*>(info)[info->mfn_offset[0] + i]};
            CHECK(page_of(frame).owner() == domain::dom_xen);
            pages.push_back(static_cast<char*>(arch::direct_map(frame)));
        }
        Reader reader{pages};

        trace::put(kEvent, 1);                                              // off
        tbuf_op(op, XEN_SYSCTL_TBUFOP_set_evt_mask).u.tbuf_op.evt_mask = TRC_SCHED_MIN;
        CHECK(call(op) == 0);
        trace::put(kEvent, 2);                                              // still off
        CHECK(call(tbuf_op(op, XEN_SYSCTL_TBUFOP_enable)) == 0);
        trace::put(kEvent, 3, 4, 5);
        trace::put(TRC_SCHED_SWITCH, 6);                                    // another subclass
        trace::put(TRC_PV_TRAP, 7);                                         // another class
        u64 nobody = 2;
        tbuf_op(op, XEN_SYSCTL_TBUFOP_set_cpu_mask).u.tbuf_op.cpu_mask.nr_bits = 64;
        op.u.tbuf_op.cpu_mask.bitmap.p = reinterpret_cast<u8*>(&nobody);
        CHECK(call(op) == 0);
        trace::put(kEvent, 8);                                              // another CPU's turn
        nobody = ~u64{0};
        CHECK(call(op) == 0);
        trace::put(kEvent, 9);
        CHECK(call(tbuf_op(op, XEN_SYSCTL_TBUFOP_disable)) == 0);
        trace::put(kEvent, 10);

        std::vector<u32> first;
        Seen s;
        while (reader.take(s)) {
            CHECK(s.timed);
            if (s.event == kEvent) first.push_back(s.words[0]);
            else CHECK((s.event & 0xfffff000) == TRC_SCHED_MIN);            // the machine's own
        }
        CHECK(first == std::vector<u32>{3, 9});
    }
    sim::destroy_domain(d);
}
