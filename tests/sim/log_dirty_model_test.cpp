// SPDX-License-Identifier: MIT
// A model of a migration: a copy of a domain's pages is kept up by the record of changed pages alone, while the domain, a back
// end and the control domain change them in every way that there is. Between two slices of each CLEAN they go on, and through
// stale translations until the very flush. Then all stand still, and the next CLEAN must make the copy equal.
#include <public/arch-x86/xen.h>
#include <public/grant_table.h>
#include <public/vcpu.h>
#include <public/version.h>

#include <algorithm>
#include <random>

#include "dirty_guest.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

// The domain's pages: its tables, the last of which is linked and pinned now and then; a vcpu_info, descriptors, and data.
constexpr unsigned kL4 = 0, kL3 = 1, kL2 = 2, kL1 = 3, kSpare = 5, kInfo = 6, kGdt = 7, kData = 8, kPages = 24;
constexpr unsigned kTables = 3, kSlots = 12, kWritten = 8;   // entries in use of an L1 table; those from kWritten on map tables
constexpr u64 kKernel = Pte::kPresent, kUser = Pte::kPresent | Pte::kUser;
constexpr u16 kFirstRef = 8;

constexpr u64 va_of(unsigned table, unsigned slot) { return u64{1} << 39 | u64{1} << 30 | u64{table} << 21 | u64{slot} << 12; }

class Migration {
public:
    explicit Migration(u32 seed) : random_{seed} {
        for (unsigned i = 0; i < kPages; ++i) {
            pages_.push_back(give_page(d));
            mm::set_m2p(pages_[i], i);
            number_[i] = i;
        }
        set_up_tables();
        for (unsigned i = 0; i < 2; ++i) others_[i].table = table_of(*others_[i].d);
        as_guest([&] {
            grants_ = guest_grants();
            vcpu_register_vcpu_info& info = window.at<vcpu_register_vcpu_info>(1);
            info.mfn = pages_[kInfo].raw();
            REQUIRE(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, address(info)) == 0);
        });
        d.dirty_cpus.atomic_set(1);
        d.dirty_cpus.atomic_set(2);
        control.dirty_cpus.atomic_set(3);
        backend.dirty_cpus.atomic_set(3);
        processor.before_flush = [this](CpuId cpu) {
            for (unsigned n = below(4); n--;) processor.write_stale(cpu, random_(), random_());
        };
    }
    ~Migration() {
        processor.before_flush = nullptr;
        for (Domain* x : {&backend, &d, &control}) destroy_domain(*x);
    }

    void play(unsigned rounds) {
        REQUIRE(log.run(log.op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), [&] { act(); }) == 0);
        copy_all();
        for (unsigned n = 0; n < rounds; ++n) {
            for (unsigned ops = below(20); ops--;) act();
            if (one_in(8)) peek();
            clean([&] {
                for (unsigned ops = below(3); ops--;) act();
            });
            if (one_in(3)) stand_still();
        }
        CHECK(log.run(log.op(XEN_DOMCTL_SHADOW_OP_OFF)) == 0);
    }
    u64 written = 0, refused = 0;

private:
    struct Other {
        Domain* d;
        Mfn table{0};
    };

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }
    Pte* slot(Mfn table, unsigned i) { return static_cast<Pte*>(arch::direct_map(table)) + i; }
    Pte* slot(unsigned table, unsigned i) { return slot(pages_[table], i); }
    Mfn data() { return pages_[kData + below(kPages - kData)]; }

    void set_up_tables() {
        *slot(kL4, 1) = Pte::make(pages_[kL3], kUser | Pte::kWrite);
        *slot(kL3, 1) = Pte::make(pages_[kL2], kUser | Pte::kWrite);
        for (unsigned t = 0; t < 2; ++t) *slot(kL2, t) = Pte::make(pages_[kL1 + t], kUser | Pte::kWrite);
        for (unsigned t = 0; t < 2; ++t)
            for (unsigned i = 0; i < kSlots; ++i)
                *slot(kL1 + t, i) = i < kWritten ? Pte::make(data(), kKernel | Pte::kWrite) : Pte::make(pages_[kL1 + i % 2], kKernel);
        for (u32 v = 0; v < 2; ++v) {
            On on{*d.vcpus[v], CpuId{1 + v}};
            REQUIRE(ext(MMUEXT_NEW_BASEPTR, pages_[kL4]) == 0);
        }
    }
    Mfn table_of(Domain& x) {
        Mfn table = give_page(x);
        On on{*x.vcpus[0], CpuId{3}};
        REQUIRE(ext(MMUEXT_PIN_L1_TABLE, table) == 0);
        return table;
    }
    grant_entry_v1* guest_grants() {
        auto& frame = window.at<u64>(2);
        auto& op = window.at<gnttab_setup_table>(1);
        op.dom = DOMID_SELF;
        op.nr_frames = 1;
        op.frame_list.p = &frame;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, address(op), 1) == 0);
        return static_cast<grant_entry_v1*>(arch::direct_map(Mfn{frame}));
    }
    s64 ext(unsigned cmd, Mfn frame, u64 from = 0) {
        auto& op = window.at<mmuext_op>(1);
        op.cmd = cmd;
        op.arg1.mfn = frame.raw();
        op.arg2.src_mfn = from;
        return count(sim::hypercall(__HYPERVISOR_mmuext_op, address(op), 1, 0, DOMID_SELF));
    }
    s64 update(Mfn table, unsigned i, u64 value, u64 kind, u32 whose = DOMID_SELF) {
        auto& op = window.at<mmu_update_t>(1);
        op.ptr = address_of(table).raw() + i * sizeof(Pte) + kind;
        op.val = value;
        return count(sim::hypercall(__HYPERVISOR_mmu_update, address(op), 1, 0, whose));
    }
    s64 count(s64 r) {
        if (r < 0) ++refused;
        return r;
    }
    template <class F>
    void as_guest(F f) {
        u32 v = below(2);
        On on{*d.vcpus[v], CpuId{1 + v}};
        f();
    }

    // -- what the guest does
    u64 entry() {
        if (one_in(6)) return 0;
        u64 flags = one_in(4) ? kUser : kKernel;
        if (!one_in(4)) flags |= Pte::kWrite;
        if (one_in(3)) flags |= Pte::kAccessed;
        if (one_in(6)) flags |= Pte::kDirty;
        return Pte::make(data(), flags).raw;
    }
    bool spare_linked() { return slot(kL2, 2)->present(); }
    void write_memory() {
        unsigned table = below(spare_linked() ? 3 : 2), i = below(kSlots);
        if (processor.write(CpuId{1 + below(2)}, slot(kL1 + table, i), below(512), random_())) ++written;
    }
    // Often a mere change of flags.
    void change_entry() {
        unsigned table = below(kTables), i = below(kWritten);
        if (page_of(pages_[kL1 + table]).page_type() != PageType::l1) return;
        u64 value = entry();
        if (one_in(2)) value = (value & ~Pte::kAddress) | (slot(kL1 + table, i)->raw & Pte::kAddress);
        as_guest([&] {
            if (one_in(2)) update(pages_[kL1 + table], i, value, one_in(3) ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE);
            else count(sim::hypercall(__HYPERVISOR_update_va_mapping, va_of(table, i), value, 0));
        });
    }
    // By an instruction that faults on the table that it maps.
    void store_entry() {
        unsigned table = below(2), i = below(kWritten), seen_from = below(2);
        as_guest([&] {
            (void)mm::emulated_write(current(), {va_of(seen_from, kWritten + table) + i * sizeof(Pte), entry(), 0, 8, false},
                                     nullptr).ok();
        });
    }
    void link_spare() {
        Mfn f = pages_[kSpare];
        as_guest([&] {
            if (spare_linked()) {
                update(pages_[kL2], 2, 0, MMU_NORMAL_PT_UPDATE);
            } else if (one_in(2)) {
                update(pages_[kL2], 2, Pte::make(f, kUser | Pte::kWrite).raw, MMU_NORMAL_PT_UPDATE);
            } else {
                bool pinned = page_of(f).type.load() & PageInfo::kPinned;
                ext(pinned ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L1_TABLE, f);
            }
        });
    }
    // As plain memory, while that is what it is.
    void build_spare() {
        if (page_of(pages_[kSpare]).type_uses()) return;
        as_guest([&] {
            if (sim::hypercall(__HYPERVISOR_update_va_mapping, va_of(0, 0), Pte::make(pages_[kSpare], kKernel | Pte::kWrite).raw, 0)) return;
            for (unsigned n = 0; n < kWritten; ++n) processor.write(CpuId{1}, slot(kL1, 0), n, entry());
            count(sim::hypercall(__HYPERVISOR_update_va_mapping, va_of(0, 0), 0, 0));
        });
    }
    void whole_page() {
        as_guest([&] { one_in(2) ? ext(MMUEXT_CLEAR_PAGE, data()) : ext(MMUEXT_COPY_PAGE, data(), data().raw()); });
    }
    void plain_write() {
        as_guest([&] { update(data(), below(512), random_(), MMU_NORMAL_PT_UPDATE); });
    }
    // The hypervisor writes where the guest wants an answer.
    void answer() {
        as_guest([&] {
            count(sim::hypercall(__HYPERVISOR_xen_version, XENVER_extraversion, va_of(below(2), below(kWritten)) + below(200) * 8));
            if (one_in(2)) {
                advance(Nanos{1000});
                count(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, va_of(below(2), below(kWritten))));
            }
        });
    }
    void descriptor() {
        constexpr u64 kFlat = 0x00cff3000000ffff;
        as_guest([&] {
            Mfn f = one_in(2) ? pages_[kGdt] : data();
            if (one_in(4)) {
                auto& list = window.at<xen_ulong_t>(1);
                list = pages_[kGdt].raw();
                count(sim::hypercall(__HYPERVISOR_set_gdt, address(list), one_in(2) ? 512 : 0));
            } else {
                count(sim::hypercall(__HYPERVISOR_update_descriptor, address_of(f).raw() + below(512) * 8, one_in(2) ? kFlat : 0));
            }
        });
    }
    void tell_event() { shared_store(d.vcpus[1]->info->evtchn_upcall_pending, static_cast<u8>(below(256))); }
    // Two pages change places in the guest's own order.
    void swap_numbers() {
        unsigned a = kData + below(kPages - kData), b = kData + below(kPages - kData);
        std::swap(number_[a], number_[b]);
        as_guest([&] {
            for (unsigned i : {a, b})
                REQUIRE(update(pages_[i], 0, number_[i], MMU_MACHPHYS_UPDATE) == 0);
        });
    }
    void flush() {
        as_guest([&] { ext(one_in(2) ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL, Mfn{0}); });
    }

    // -- what others do to its pages
    void map_foreign() {
        On on{*control.vcpus[1], CpuId{3}};
        u64 value = one_in(3) ? 0 : Pte::make(data(), kKernel | (one_in(4) ? 0 : Pte::kWrite)).raw;
        update(others_[0].table, below(4), value, MMU_NORMAL_PT_UPDATE, d.id.raw());
    }
    void write_as_other() {
        Other& o = others_[below(2)];
        if (processor.write(CpuId{3}, slot(o.table, below(4)), below(512), random_())) ++written;
    }
    void grant() {
        u16 ref = static_cast<u16>(kFirstRef + below(4));
        if (grants_[ref].flags & (GTF_reading | GTF_writing)) return;
        grants_[ref] = {GTF_permit_access, backend.id.raw(), static_cast<u32>(data().raw())};
    }
    void map_grant() {
        unsigned i = below(4);
        On on{*backend.vcpus[0], CpuId{3}};
        if (mapped_[i] != kNothing) {
            auto& op = window.at<gnttab_unmap_grant_ref>(1);
            op.host_addr = address_of(others_[1].table).raw() + i * sizeof(Pte);
            op.handle = mapped_[i];
            REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, address(op), 1) == 0);
            REQUIRE(op.status == GNTST_okay);
            mapped_[i] = kNothing;
            return;
        }
        auto& op = window.at<gnttab_map_grant_ref>(1);
        op.host_addr = address_of(others_[1].table).raw() + i * sizeof(Pte);
        op.flags = GNTMAP_host_map | GNTMAP_contains_pte | (one_in(4) ? GNTMAP_readonly : 0);
        op.ref = kFirstRef + below(4);
        op.dom = d.id.raw();
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, address(op), 1) == 0);
        if (op.status == GNTST_okay) mapped_[i] = op.handle;
    }
    void copy_grant() {
        On on{*backend.vcpus[0], CpuId{3}};
        auto& op = window.at<gnttab_copy>(1);
        op.source.u.gmfn = others_[1].table.raw();
        op.source.domid = DOMID_SELF;
        op.source.offset = static_cast<u16>(8 * below(4));   // entries, which differ
        op.dest.u.ref = kFirstRef + below(4);
        op.dest.domid = d.id.raw();
        op.dest.offset = static_cast<u16>(8 * below(500));
        op.len = 32;
        op.flags = GNTCOPY_dest_gref;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(op), 1) == 0);
        count(op.status);
    }

    void act() {
        using Act = void (Migration::*)();
        static constexpr struct {
            Act act;
            unsigned weight;
        } kActs[] = {{&Migration::write_memory, 60}, {&Migration::change_entry, 40}, {&Migration::store_entry, 10},
                     {&Migration::link_spare, 10},   {&Migration::build_spare, 4},   {&Migration::whole_page, 4},
                     {&Migration::plain_write, 4},   {&Migration::answer, 8},        {&Migration::descriptor, 6},
                     {&Migration::tell_event, 3},    {&Migration::swap_numbers, 4},  {&Migration::flush, 4},
                     {&Migration::map_foreign, 8},   {&Migration::write_as_other, 16}, {&Migration::grant, 6},
                     {&Migration::map_grant, 8},     {&Migration::copy_grant, 6}};
        unsigned total = 0;
        for (const auto& a : kActs) total += a.weight;
        unsigned at = below(total);
        for (const auto& a : kActs) {
            if (at < a.weight) return (this->*a.act)();
            at -= a.weight;
        }
    }

    // -- the toolstack
    u8* bitmap() { return arena.bytes + 8 * kPageSize; }
    bool given(unsigned number) { return bitmap()[number / 8] >> number % 8 & 1; }
    const u8* memory_of(unsigned page) { return static_cast<const u8*>(arch::direct_map(pages_[page])); }
    void read(unsigned page) { memcpy(copy_[number_[page]].data(), memory_of(page), kPageSize); }
    void copy_all() {
        for (unsigned i = 0; i < kPages; ++i) read(i);
    }
    template <class F>
    void clean(F between) {
        REQUIRE(log.run(log.op(XEN_DOMCTL_SHADOW_OP_CLEAN, kPages, bitmap()), between) == 0);
        for (unsigned i = 0; i < kPages; ++i)
            if (given(number_[i])) read(i);
    }
    void stand_still() {
        clean([] {});
        for (unsigned i = 0; i < kPages; ++i) {
            INFO("page " << i << ", number " << number_[i]);
            REQUIRE(memcmp(copy_[number_[i]].data(), memory_of(i), kPageSize) == 0);
        }
        clean([] {});
        for (unsigned i = 0; i < kPages; ++i) {
            INFO("page " << i << ", number " << number_[i]);
            if (given(number_[i])) REQUIRE(may_be_named(i));
        }
    }
    // What a PEEK names stays in the record, and it names all that a CLEAN would.
    void peek() {
        REQUIRE(log.run(log.op(XEN_DOMCTL_SHADOW_OP_PEEK, kPages, bitmap())) == 0);
        std::vector<u8> named(bitmap(), bitmap() + kPages / 8);
        clean([] {});
        for (unsigned i = 0; i < kPages; ++i) REQUIRE(given(i) == bool(named[i / 8] >> i % 8 & 1));
    }
    // Nothing has changed it: somebody still may, or a process's entry has D.
    bool may_be_named(unsigned page) {
        const PageInfo& p = page_of(pages_[page]);
        if (!p.type_uses()) return user_dirty(pages_[page]);
        if (p.page_type() != PageType::writable) return true;
        u64 own = 0;
        for (unsigned t = 0; t < kTables; ++t)
            for (unsigned i = 0; i < kSlots && page_of(pages_[kL1 + t]).type_uses(); ++i)
                if (Pte e = *slot(kL1 + t, i); e.present() && e.writable() && e.mfn() == pages_[page]) ++own;
        return p.type_uses() > own || user_dirty(pages_[page]);
    }
    bool user_dirty(Mfn f) {
        for (unsigned t = 0; t < kTables; ++t)
            for (unsigned i = 0; i < kSlots; ++i)
                if (Pte e = *slot(kL1 + t, i); e.present() && e.mfn() == f && e.has(Pte::kDirty) && !e.has(Pte::kGuestKernel)) return true;
        return false;
    }

    static constexpr u32 kNothing = ~u32{0};
    std::mt19937_64 random_;
    Window window;

public:
    Domain& control = (start(), create_domain({.vcpus = 2, .privileged = true}));   // its first vCPU asks for pages
    Domain& backend = create_domain({});
    Domain& d = create_domain({.vcpus = 2, .pages = 64});
    Processor processor;
    DirtyLog log{control, d};

private:
    std::vector<Mfn> pages_;
    std::array<unsigned, kPages> number_{};
    std::array<std::array<u8, kPageSize>, kPages> copy_{};
    Other others_[2]{{&control}, {&backend}};
    u32 mapped_[4]{kNothing, kNothing, kNothing, kNothing};
    grant_entry_v1* grants_ = nullptr;
};

}  // namespace

TEST_CASE("a copy that is kept up by the record of changed pages alone is equal") {
    for (u32 seed = 1; seed <= 80; ++seed) {
        INFO("seed " << seed);
        auto m = std::make_unique<Migration>(seed);
        m->play(60);
        CHECK(m->written > 100);
    }
}
