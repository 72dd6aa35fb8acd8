// SPDX-License-Identifier: MIT
// Page types: one domain, two vCPUs, eight frames. Two roots share the tables below; each vCPU does what the choice
// gives it, and either may go on wherever the other has yielded.
#include <asm/mm.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <string.h>
#include <xen/memory.hpp>
#include <xen/sched.hpp>
#include <xen/tlb.hpp>

#include "count.hpp"
#include "guest_calls.hpp"
#include "lives.hpp"
#include "models.hpp"
#include "preempt.hpp"
#include "tlb.hpp"

namespace xen::census {
namespace {

using arch::Pte;

enum Frame : unsigned { kRoot, kOther, kL3, kL3b, kL2, kL2b, kL1, kData, kFrames };

struct Operation {
    const char* what;
    u32 number;
    unsigned cmd;        // of mmuext_op; of mmu_update: the entry
    Frame frame;
    int target;          // mmu_update: the frame, or none
    u64 flags;
};
constexpr int kNone = -1;
constexpr Operation kOperations[] = {
    {"pins the root", __HYPERVISOR_mmuext_op, MMUEXT_PIN_L4_TABLE, kRoot, kNone, 0},
    {"unpins the root", __HYPERVISOR_mmuext_op, MMUEXT_UNPIN_TABLE, kRoot, kNone, 0},
    {"pins the L3", __HYPERVISOR_mmuext_op, MMUEXT_PIN_L3_TABLE, kL3, kNone, 0},
    {"unpins the L3", __HYPERVISOR_mmuext_op, MMUEXT_UNPIN_TABLE, kL3, kNone, 0},
    {"loads the root", __HYPERVISOR_mmuext_op, MMUEXT_NEW_BASEPTR, kRoot, kNone, 0},
    {"loads the other root", __HYPERVISOR_mmuext_op, MMUEXT_NEW_BASEPTR, kOther, kNone, 0},
    {"clears root[0]", __HYPERVISOR_mmu_update, 0, kRoot, kNone, 0},
    {"sets root[0] to the L3", __HYPERVISOR_mmu_update, 0, kRoot, kL3, kReadWrite},
    {"sets L3[1] to the first L2", __HYPERVISOR_mmu_update, 1, kL3, kL2, kReadWrite},
    {"lets the other root map the root", __HYPERVISOR_mmu_update, 2, kOther, kRoot, kReadOnly},
    {"lets the root map the other one", __HYPERVISOR_mmu_update, 3, kRoot, kOther, kReadOnly},
    {"maps the L2 writable", __HYPERVISOR_mmu_update, 5, kL1, kL2, kReadWrite},
    {"unmaps the data page", __HYPERVISOR_mmu_update, 0, kL1, kNone, 0},
    {"pins the data page as L1", __HYPERVISOR_mmuext_op, MMUEXT_PIN_L1_TABLE, kData, kNone, 0},
};
constexpr u32 kChoices = sizeof(kOperations) / sizeof(kOperations[0]);

std::unique_ptr<Tlb> tlb_model;
Heap before;

struct Arguments {
    mmuext_op_t ext;
    mmu_update_t update;
};
Arguments arguments[2];

class Run {
public:
    Run(Explorer& e, Domain& d) : e_{e}, d_{d} {
        for (Mfn& f : frames_) {
            f = memory::allocate_domain_pages(d, {}).value().mfn();
            memset(arch::direct_map(f), 0, kPageSize);
        }
        set(kRoot, 0, kL3), set(kRoot, 1, kL3b), set(kOther, 0, kL3), set(kOther, 1, kL3b);
        set(kL3, 0, kL2), set(kL3, 1, kL2b), set(kL3b, 0, kL2);
        set(kL2, 0, kL1), set(kL1, 0, kData);
    }
    // Some operations alone, for a place to begin; then one on each vCPU, in every order.
    std::string go(unsigned depth) {
        for (unsigned round = 0; round < depth; ++round) {
            start(0);
            if (round + 1 == depth) start(1);
            while (waiting_[0] || waiting_[1]) {
                unsigned v = waiting_[0] && waiting_[1] ? e_.choose(2) : waiting_[1];
                step(v);
                if (std::string wrong = check(); !wrong.empty()) return wrong;
            }
        }
        return {};
    }
    void leave() {
        for (unsigned v = 0; v < 2; ++v) {
            stand_on(v);
            arch::set_current_vcpu(nullptr);
            tlb::load_root(0, tlb::Space::own);
            d_.vcpus[v]->dirty_cpus.atomic_clear(v);
            d_.dirty_cpus.atomic_clear(v);
        }
        stand_on(2);
        arch::set_current_vcpu(&sched_idle());
    }

private:
    static Vcpu& sched_idle();
    void set(Frame table, unsigned i, Frame to) {
        static_cast<Pte*>(arch::direct_map(frames_[table]))[i] = Pte::make(frames_[to], kReadWrite);
    }
    void start(unsigned v) {
        const Operation& o = kOperations[e_.choose(kChoices)];
        what_[v] = std::string{"vCPU "} + static_cast<char>('0' + v) + " " + o.what;
        e_.say(what_[v].c_str());
        Arguments& a = arguments[v];
        a = {};
        stand_on(v);
        arch::set_current_vcpu(d_.vcpus[v]);
        d_.vcpus[v]->dirty_cpus.atomic_set(v);
        d_.dirty_cpus.atomic_set(v);
        if (o.number == __HYPERVISOR_mmuext_op) {
            a.ext.cmd = o.cmd;
            a.ext.arg1.mfn = frames_[o.frame].raw();
            sim::load({o.number, {at(&a.ext), 1, 0, DOMID_SELF}});
        } else {
            a.update.ptr = address_of(frames_[o.frame]).raw() + o.cmd * sizeof(Pte);
            a.update.val = o.target == kNone ? 0 : Pte::make(frames_[o.target], o.flags).raw;
            sim::load({o.number, {at(&a.update), 1, 0, DOMID_SELF}});
        }
        waiting_[v] = true;
        yields_[v] = 0;
    }
    void step(unsigned v) {
        stand_on(v);
        arch::set_current_vcpu(d_.vcpus[v]);
        // An entry yields once; a call in all a few times, or a run might have no end.
        preemption = [&] { return yields_[v] < kMostYields && e_.choose(2) && ++yields_[v]; };
        waiting_[v] = !sim::enter(false);
        preemption = nullptr;
        e_.say((what_[v] + (waiting_[v] ? ": yields" : ": is done")).c_str());
        forget_softirqs();
    }
    std::string check() {
        Findings wrong;
        tlb_model->check(wrong);
        for (unsigned v = 0; v < 2; ++v) tlb_model->use(CpuId{v}, *d_.vcpus[v]);
        return wrong.text() + everything();
    }

    static constexpr unsigned kMostYields = 2;
    Explorer& e_;
    Domain& d_;
    Mfn frames_[kFrames];
    bool waiting_[2]{};
    unsigned yields_[2]{};
    std::string what_[2]{};
};

Vcpu& Run::sched_idle() { return sched::idle_vcpu(CpuId{2}); }

void prepare() {
    start_machine(4);
    open_window(arguments, sizeof(arguments));
    tlb_model = std::make_unique<Tlb>(kCpus);
    sim::state().tlb_observer = tlb_model.get();
    end_domain(*new_domain(false));
    before = heap_in_use();
}

std::string run(Explorer& e, unsigned depth) {
    Domain& d = *new_domain(false);
    Run r{e, d};
    std::string wrong = r.go(depth);
    r.leave();
    end_domain(d);
    if (!wrong.empty()) return wrong;
    e.say("the domain dies");
    if (std::string left = everything(); !left.empty()) return left;
    return heap_in_use() == before ? "" : "heap-leak: the domain has left something behind\n";
}

}  // namespace

const Model kPageModel{"pages", "two operations, then one on each of two vCPUs in every order", prepare, run, 3};

}  // namespace xen::census
