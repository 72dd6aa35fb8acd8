// SPDX-License-Identifier: MIT
// SDM volume 1, chapter 13 (XSAVE) and 10.5 (FXSAVE).
#include <asm/fpu.hpp>

#include <asm/cpu.hpp>
#include <asm/features.hpp>
#include <asm/fixup.hpp>
#include <xen/domain.hpp>
#include <xen/heap.hpp>

#include "lib/string.hpp"

namespace xen::arch {
namespace {

constexpr u64 kX87 = 1, kSse = 2, kAvx = 4, kAvx512 = 0xe0;
constexpr usize kControlWord = 0, kMxcsr = 24, kHeader = 512;

void write_xcr0(u64 v) { asm volatile("xsetbv" ::"c"(0), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)) : "memory"); }

// The state components that the area holds; x87 and SSE always.
u64 components(const FpuState& f) { return f.xcr0_accum | kX87 | kSse; }

// ABI: a guest that never set XCR0 runs with x87 and SSE, and 0 is what its saved state says.
u64 live_xcr0(const FpuState& f) { return f.xcr0 ? f.xcr0 : kX87 | kSse; }

void store(FpuState& f) {
    if (!features.xsave) {
        asm volatile("fxsave64 (%0)" ::"r"(f.area) : "memory");
        return;
    }
    u64 all = components(f);
    if (live_xcr0(f) != all) write_xcr0(all);
    u32 lo = static_cast<u32>(all), hi = static_cast<u32>(all >> 32);
    if (features.xsaveopt) asm volatile("xsaveopt64 (%0)" ::"r"(f.area), "a"(lo), "d"(hi) : "memory");
    else asm volatile("xsave64 (%0)" ::"r"(f.area), "a"(lo), "d"(hi) : "memory");
}

// False when the area is malformed: a toolstack may have written it.
bool restore(FpuState& f) {
    if (!features.xsave) {
        asm volatile goto("1: fxrstor64 (%0)\n\t" FIXUP("1b", "%l[fault]") ::"r"(f.area) : "memory" : fault);
        return true;
    }
    {
        u64 all = components(f);
        write_xcr0(all);
        asm volatile goto("1: xrstor64 (%0)\n\t" FIXUP("1b", "%l[fault]")
                 ::"r"(f.area), "a"(static_cast<u32>(all)), "d"(static_cast<u32>(all >> 32)) : "memory" : fault);
        if (live_xcr0(f) != all) write_xcr0(live_xcr0(f));
    }
    return true;
fault:
    return false;
}

void reset_area(FpuState& f) {
    memset(f.area, 0, f.size);
    u16 control = 0x37f;
    u32 mxcsr = 0x1f80;
    memcpy(f.area + kControlWord, &control, sizeof(control));
    memcpy(f.area + kMxcsr, &mxcsr, sizeof(mxcsr));
    if (features.xsave) {
        u64 present = kX87 | kSse;
        memcpy(f.area + kHeader, &present, sizeof(present));
    }
}

bool valid_xcr0(u64 v) {
    if (v & ~features.xcr0 || !(v & kX87)) return false;
    if ((v & kAvx) && !(v & kSse)) return false;
    if ((v & kAvx512) && ((v & kAvx512) != kAvx512 || !(v & kAvx))) return false;
    return true;
}

}  // namespace

Status create_fpu(Vcpu& v) {
    auto f = Box<FpuState>::make();
    if (!f) return Errno::nomem;
    f->size = features.xsave ? features.xsave_size : 512;
    f->area = static_cast<u8*>(heap::allocate(f->size, 64));
    if (!f->area) return Errno::nomem;
    v.arch.fpu = f.leak();
    reset_fpu(v);
    return {};
}

void destroy_fpu(Vcpu& v) {
    auto f = Box<FpuState>::adopt(std::exchange(v.arch.fpu, nullptr));
    if (f) heap::release(f->area);
}

void reset_fpu(Vcpu& v) {
    FpuState& f = *v.arch.fpu;
    f.xcr0 = f.xcr0_accum = 0;
    reset_area(f);
}

void save_fpu(Vcpu& v) {
    if (v.arch.cr[0] & kCr0Ts) clts();
    store(*v.arch.fpu);
}

void load_fpu(Vcpu& v) {
    FpuState& f = *v.arch.fpu;
    if (!restore(f)) {
        reset_area(f);
        (void)restore(f);
    }
    if (v.arch.cr[0] & kCr0Ts) write_cr0(read_cr0() | kCr0Ts);
}

void sync_fpu(Vcpu& v) {
    u64 flags = irq_save();
    save_fpu(v);
    FpuState& f = *v.arch.fpu;
    if (features.xsave && live_xcr0(f) != components(f)) write_xcr0(live_xcr0(f));
    if (v.arch.cr[0] & kCr0Ts) write_cr0(read_cr0() | kCr0Ts);
    irq_restore(flags);
}

Status set_xcr0(Vcpu& v, u64 value) {
    if (!features.xsave || !valid_xcr0(value)) return Errno::inval;
    FpuState& f = *v.arch.fpu;
    f.xcr0 = value;
    f.xcr0_accum |= value;
    write_xcr0(value);
    return {};
}

void set_task_switched(Vcpu& v, bool on) {
    if (on == ((v.arch.cr[0] & kCr0Ts) != 0)) return;
    if (on) {
        v.arch.cr[0] |= kCr0Ts;
        write_cr0(read_cr0() | kCr0Ts);
    } else {
        v.arch.cr[0] &= ~kCr0Ts;
        clts();
    }
}

}  // namespace xen::arch
