// SPDX-License-Identifier: MIT
// Grants: one domain that grants, one that maps, one page, two references; the granter may die on the way.
#include <asm/mm.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <string.h>
#include <xen/memory.hpp>
#include <xen/sched.hpp>
#include <xen/tlb.hpp>

#include "count.hpp"
#include "grant_table.hpp"
#include "guest_calls.hpp"
#include "lives.hpp"
#include "models.hpp"
#include "preempt.hpp"
#include "tlb.hpp"

namespace xen::census {
namespace {

using arch::Pte;

constexpr u32 kBatch = 4;

struct Arguments {
    gnttab_map_grant_ref map[kBatch];
    gnttab_unmap_grant_ref unmap[kBatch];
    gnttab_copy copy[2];
    gnttab_set_version version;
    gnttab_swap_grant_ref swap;
    gnttab_setup_table setup;
    gnttab_transfer transfer;
    xen_pfn_t frames[4];
    mmu_update_t update;
    mmuext_op_t ext;
};
Arguments arguments;
Heap before;
std::unique_ptr<Tlb> tlb_model;

class Run {
public:
    explicit Run(Explorer& e) : e_{e}, granter_{*new_domain(false)}, mapper_{*new_domain(false)} {
        table_ = page(mapper_), own_ = page(mapper_), page_ = page(granter_);
        for (Domain* d : {&granter_, &mapper_}) {
            d->dirty_cpus.atomic_set(cpu_of(*d));
            d->vcpus[0]->dirty_cpus.atomic_set(cpu_of(*d));
        }
        arguments.setup.dom = DOMID_SELF;
        arguments.setup.nr_frames = 1;
        arguments.setup.frame_list.p = arguments.frames;
        for (Domain* d : {&granter_, &mapper_}) call(*d, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, at(&arguments.setup), 1);
        load_tables();
        *shared_entry(mapper_, 0).header = GTF_accept_transfer | u32{granter_.id.raw()} << 16;
    }
    // The mapper runs on tables whose last one takes the mappings.
    void load_tables() {
        Mfn below = table_;
        for (unsigned level = 2; level <= 4; ++level) {
            Mfn f = page(mapper_);
            *static_cast<Pte*>(arch::direct_map(f)) = Pte::make(below, kReadWrite);
            below = f;
        }
        arguments.ext = {};
        arguments.ext.cmd = MMUEXT_NEW_BASEPTR;
        arguments.ext.arg1.mfn = below.raw();
        call(mapper_, __HYPERVISOR_mmuext_op, at(&arguments.ext), 1, 0, DOMID_SELF);
    }
    std::string go(unsigned depth) {
        for (unsigned i = 0; i < depth; ++i) {
            const Operation& o = kOperations[e_.choose(kChoices)];
            if (granter_gone_ && o.by_granter) continue;
            e_.say(o.what);
            (this->*o.act)();
            if (std::string wrong = wrong_ + check(); !wrong.empty()) return wrong;
        }
        return {};
    }
    std::string leave() {
        end(mapper_);
        if (!granter_gone_) end(granter_);
        e_.say("both die");
        if (std::string wrong = everything(); !wrong.empty()) return wrong;
        return heap_in_use() == before ? "" : "heap-leak: the domains have left something behind\n";
    }

private:
    struct Operation {
        const char* what;
        void (Run::*act)();
        bool by_granter;
    };
    static const Operation kOperations[];
    static const u32 kChoices;

    static Mfn page(Domain& d) {
        Mfn f = memory::allocate_domain_pages(d, {}).value().mfn();
        memset(arch::direct_map(f), 0, kPageSize);
        return f;
    }
    unsigned cpu_of(const Domain& d) const { return &d == &mapper_ ? 0 : 1; }
    void end(Domain& d) {
        unsigned cpu = cpu_of(d);
        stand_on(cpu);
        arch::set_current_vcpu(&sched::idle_vcpu(CpuId{cpu}));
        tlb::load_root(0, tlb::Space::own);
        d.vcpus[0]->dirty_cpus.atomic_clear(cpu);
        d.dirty_cpus.atomic_clear(cpu);
        end_domain(d);
    }
    std::string check() {
        Findings wrong;
        tlb_model->check(wrong);
        tlb_model->use(CpuId{0}, *mapper_.vcpus[0]);
        return wrong.text() + everything();
    }
    // The census whenever it yields.
    void call(Domain& d, u32 number, u64 a0, u64 a1, u64 a2 = 0, u64 a3 = 0) {
        stand_on(cpu_of(d));
        arch::set_current_vcpu(d.vcpus[0]);
        sim::load({number, {a0, a1, a2, a3, 0, 0}});
        preemption = [&] { return e_.choose(2) != 0; };
        while (!sim::enter(false)) {
            e_.say("  (yields)");
            if (wrong_.empty()) wrong_ = check();
        }
        preemption = nullptr;
        forget_softirqs();
    }
    grant::SharedEntry entry(u32 ref) { return shared_entry(granter_, ref); }
    void grant(u32 ref, u32 flags) {
        grant::SharedEntry e = entry(ref);
        if (*e.status & (GTF_reading | GTF_writing)) return;   // in use: not the granter's to change
        if (e.v2) reinterpret_cast<grant_entry_v2*>(e.header)->full_page.frame = page_.raw();
        else reinterpret_cast<grant_entry_v1*>(e.header)->frame = static_cast<u32>(page_.raw());
        *e.header = flags | u32{mapper_.id.raw()} << 16;
    }
    void map(u32 n, u32 flags) {
        for (u32 i = 0; i < n; ++i) {
            auto& op = arguments.map[i] = {};
            op.dom = granter_.id.raw();
            op.ref = i % 2 * 8;
            op.flags = flags | (flags & GNTMAP_host_map ? u32{GNTMAP_contains_pte} : 0);
            if (flags & GNTMAP_host_map) op.host_addr = address_of(table_).raw() + next_slot_++ % 8 * sizeof(Pte);
        }
        call(mapper_, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, at(arguments.map), n);
    }
    void unmap(u32 most) {
        u32 n = 0;
        const grant::MapTrack& track = mapper_.grants->maptrack;
        MappedPage<Pte> entries{table_};
        for (u32 h = 0; h < track.limit() && n < most; ++h) {
            u32 flags = track.at(h).flags.load();
            if (!(flags & grant::Mapping::kMapped)) continue;
            auto& op = arguments.unmap[n++] = {};
            op.handle = h;
            if (flags & GNTMAP_device_map) op.dev_bus_addr = address_of(Mfn{track.at(h).frame}).raw();
            for (u32 i = 0; i < 8 && (flags & GNTMAP_host_map); ++i)
                if (entries[i].present() && entries[i].mfn() == Mfn{track.at(h).frame} && entries[i].writable() == !(flags & GNTMAP_readonly))
                    op.host_addr = address_of(table_).raw() + i * sizeof(Pte);
        }
        if (n) call(mapper_, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, at(arguments.unmap), n);
    }
    void overwrite() {
        arguments.update = {address_of(table_).raw(), 0};
        call(mapper_, __HYPERVISOR_mmu_update, at(&arguments.update), 1, 0, DOMID_SELF);
    }
    void copy(bool writes) {
        for (auto& op : arguments.copy) {
            op = {};
            op.source.domid = op.dest.domid = DOMID_SELF;
            op.source.u.gmfn = op.dest.u.gmfn = own_.raw();
            (writes ? op.dest : op.source).domid = granter_.id.raw();
            (writes ? op.dest : op.source).u.ref = 0;
            op.flags = writes ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
            op.len = 8;
        }
        call(mapper_, __HYPERVISOR_grant_table_op, GNTTABOP_copy, at(arguments.copy), 2);
    }
    void set_version(u32 v) {
        arguments.version.version = v;
        call(granter_, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, at(&arguments.version), 1);
    }
    void pin_page(bool pin) {
        arguments.ext = {};
        arguments.ext.cmd = pin ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE;
        arguments.ext.arg1.mfn = page_.raw();
        call(granter_, __HYPERVISOR_mmuext_op, at(&arguments.ext), 1, 0, DOMID_SELF);
    }

    void grant_writable() { grant(0, GTF_permit_access), grant(8, GTF_permit_access); }
    void grant_readable() { grant(0, GTF_permit_access | GTF_readonly), grant(8, GTF_permit_access | GTF_readonly); }
    void make_readonly() { *entry(0).header |= GTF_readonly; }
    void revoke() { grant(0, GTF_invalid); }
    void to_v2() { set_version(2); }
    void to_v1() { set_version(1); }
    void swap() {
        arguments.swap = {0, 8, 0};
        call(granter_, __HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, at(&arguments.swap), 1);
    }
    void pin() { pin_page(true); }
    void unpin() { pin_page(false); }
    void give_away() {
        arguments.transfer = {page_.raw(), mapper_.id.raw(), 0, 0};
        call(granter_, __HYPERVISOR_grant_table_op, GNTTABOP_transfer, at(&arguments.transfer), 1);
    }
    void map_writable() { map(1, GNTMAP_host_map); }
    void map_readonly() { map(1, GNTMAP_host_map | GNTMAP_readonly); }
    void map_two_readonly() { map(2, GNTMAP_host_map | GNTMAP_readonly); }
    void map_device() { map(1, GNTMAP_device_map); }
    void map_both() { map(2, GNTMAP_host_map | GNTMAP_device_map); }
    void unmap_one() { unmap(1); }
    void unmap_all() { unmap(kBatch); }
    void copy_in() { copy(false); }
    void copy_out() { copy(true); }
    void die() {
        end(granter_);
        granter_gone_ = true;
    }

    Explorer& e_;
    Domain& granter_;
    Domain& mapper_;
    Mfn table_{}, own_{}, page_{};
    u32 next_slot_ = 0;
    bool granter_gone_ = false;
    std::string wrong_{};
};

const Run::Operation Run::kOperations[] = {
    {"grants for writing", &Run::grant_writable, true},
    {"grants for reading", &Run::grant_readable, true},
    {"makes a grant read-only", &Run::make_readonly, true},
    {"revokes", &Run::revoke, true},
    {"goes to version 2", &Run::to_v2, true},
    {"goes to version 1", &Run::to_v1, true},
    {"swaps", &Run::swap, true},
    {"pins the page as a table", &Run::pin, true},
    {"unpins it", &Run::unpin, true},
    {"gives the page away", &Run::give_away, true},
    {"maps for writing", &Run::map_writable, false},
    {"maps for reading", &Run::map_readonly, false},
    {"maps two for reading", &Run::map_two_readonly, false},
    {"maps for a device", &Run::map_device, false},
    {"maps two for both", &Run::map_both, false},
    {"unmaps one", &Run::unmap_one, false},
    {"unmaps all", &Run::unmap_all, false},
    {"overwrites the first entry", &Run::overwrite, false},
    {"copies from it", &Run::copy_in, false},
    {"copies to it", &Run::copy_out, false},
    {"dies", &Run::die, true},
};
const u32 Run::kChoices = sizeof(kOperations) / sizeof(kOperations[0]);

void prepare() {
    start_machine(4);
    open_window(&arguments, sizeof(arguments));
    tlb_model = std::make_unique<Tlb>(kCpus);
    sim::state().tlb_observer = tlb_model.get();
    Explorer none;
    (void)Run{none}.leave();
    before = heap_in_use();
}

std::string run(Explorer& e, unsigned depth) {
    Run r{e};
    std::string wrong = r.go(depth);
    return wrong.empty() ? r.leave() : wrong;
}

}  // namespace

const Model kGrantModel{"grants", "a granter and a mapper, one page, two references", prepare, run, 4};

}  // namespace xen::census
