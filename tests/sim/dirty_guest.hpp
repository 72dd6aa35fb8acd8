// SPDX-License-Identifier: MIT
// A PV domain whose pages have numbers, a processor that keeps translations and sets A and D as the real one does, and a
// control domain that asks for the changed pages.
#pragma once

#include <asm/mm.hpp>
#include <public/domctl.h>
#include <xen/softirq.hpp>

#include <array>
#include <map>
#include <vector>

#include "guest.hpp"
#include "sim/state.hpp"

namespace xen::sim {

using arch::Pte;

// What the TLBs of some CPUs hold, by L1 entry: that stands for the address. A dirty translation is written through without a
// look at the entry; a flush takes all of a CPU's.
class Processor final : public TlbObserver {
public:
    Processor() { state().tlb_observer = this; }
    ~Processor() { state().tlb_observer = nullptr; }
    Processor(const Processor&) = delete;

    // False where it would fault.
    bool write(CpuId cpu, Pte* slot, u64 offset, u64 value) {
        auto& held = tlbs_[cpu.raw()];
        auto found = held.find(slot);
        if (found == held.end()) {
            Pte e = load_pte(slot);
            do {
                if (!e.present() || !e.writable()) return false;
            } while (!exchange_pte(slot, e, e.with(Pte::kAccessed | Pte::kDirty)));
            found = held.emplace(slot, e.mfn()).first;
        }
        static_cast<u64*>(arch::direct_map(found->second))[offset] = value;
        return true;
    }
    // A write through one of the translations that are left, if there is any.
    void write_stale(CpuId cpu, u64 choice, u64 value) {
        auto& held = tlbs_[cpu.raw()];
        if (held.empty()) return;
        auto at = held.begin();
        std::advance(at, choice % held.size());
        static_cast<u64*>(arch::direct_map(at->second))[choice / 64 % 512] = value;
    }
    void flushed(CpuId cpu) override {
        if (before_flush) before_flush(cpu);
        tlbs_[cpu.raw()].clear();
    }
    std::function<void(CpuId)> before_flush;   // the last moment of what it holds

private:
    std::map<Pte*, Mfn> tlbs_[kMaxCpus];
};

// Arguments and bitmaps of everybody: domains with tables reach this host memory, too.
struct Arena {
    static constexpr usize kBytes = 64 * kPageSize;
    alignas(kPageSize) u8 bytes[kBytes];
};
inline Arena arena;

class Window {
public:
    Window() {
        state().window_start = reinterpret_cast<u64>(arena.bytes);
        state().window_bytes = Arena::kBytes;
    }
    ~Window() { state().window_start = state().window_bytes = 0; }
    Window(const Window&) = delete;
    template <class T>
    T& at(unsigned page) {
        T* p = reinterpret_cast<T*>(arena.bytes + page * kPageSize);
        *p = T{};
        return *p;
    }
};

// The control domain's calls about the guest.
class DirtyLog {
public:
    DirtyLog(Domain& control, Domain& guest) : control_{control}, guest_{guest} {}

    xen_domctl op(u32 what, u64 pages = 0, u8* bitmap = nullptr) const {
        xen_domctl x{};
        x.cmd = XEN_DOMCTL_shadow_op;
        x.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        x.domain = guest_.id.raw();
        x.u.shadow_op.op = what;
        x.u.shadow_op.pages = pages;
        x.u.shadow_op.dirty_bitmap.p = bitmap;
        return x;
    }
    xen_domctl& argument() { return *reinterpret_cast<xen_domctl*>(arena.bytes); }
    // Yields as often as it can; `between` runs meanwhile.
    template <class F>
    s64 run(const xen_domctl& x, F between) {
        if (!start(x))
            do between();
            while (!go_on());
        return result();
    }
    s64 run(const xen_domctl& x) {
        return run(x, [] {});
    }
    bool start(const xen_domctl& x) {
        argument() = x;
        On on{*control_.vcpus[0]};
        load({__HYPERVISOR_domctl, {address(argument())}});
        return step();
    }
    bool go_on() {
        On on{*control_.vcpus[0]};
        return step();
    }
    s64 result() const { return static_cast<s64>(control_.vcpus[0]->arch.regs.rax); }
    unsigned slices = 0;

private:
    bool step() {
        ++slices;
        bool over = enter(true);
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        return over;
    }
    Domain& control_;
    Domain& guest_;
};

}  // namespace xen::sim
