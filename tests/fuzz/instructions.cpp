// SPDX-License-Identifier: MIT
// A PV guest's instructions: the decoder alone, and the emulator with a vCPU whose registers, mode and memory the input
// sets and whose instruction faults. Whatever the guest does, the hypervisor's half of its state stays as it must be.
#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/event.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include <array>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/decode.hpp"
#include "machine.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

// What the guest can name: code, stack and data.
constexpr usize kBytes = 4 * kPageSize;
alignas(kPageSize) std::array<u8, kBytes> guest_memory;

void decode_alone(Bytes code) {
    std::array<u8, 16> exact{};
    unsigned n = code.size() < exact.size() ? static_cast<unsigned>(code.size()) : 16;
    std::memcpy(exact.data(), code.data(), n);
    for (bool is_long : {false, true}) {
        auto i = pv::decode(exact.data(), n, is_long);
        if (i && (i->length == 0 || i->length > n || i->length > pv::kMaxInstruction)) broken("an instruction longer than its bytes");
    }
}

// Beginnings of what is emulated; what follows is the input's.
constexpr u8 kKnown[][3] = {{0x0f, 0x30}, {0x0f, 0x32}, {0x0f, 0xa2}, {0x0f, 0x20}, {0x0f, 0x22}, {0x0f, 0x21}, {0x0f, 0x23},
                            {0x0f, 0x01, 0xf9}, {0x0f, 0x01, 0xd1}, {0x0f, 0x31}, {0x0f, 0x06}, {0x0f, 0x09}, {0x0f, 0x08},
                            {0xe4}, {0xe6}, {0xec}, {0xee}, {0xef}, {0x66, 0xed}, {0xf3, 0x6c}, {0xf3, 0x6f}, {0x6d}, {0x6e},
                            {0xfa}, {0xfb}, {0x48, 0x0f, 0x22}, {0x48, 0x0f, 0x20}, {0x0f, 0xc7}, {0x48, 0x89}, {0xf0, 0x48, 0x0f},
                            {0x48, 0xab}, {0xa4}, {0xf3, 0xa5}, {0x0f, 0xba}, {0x48, 0x0f, 0xb1}, {0x48, 0xc7}, {0x88}, {0xf0, 0x80}};
constexpr u32 kMsrs[] = {0x10, 0x17, 0x1b, 0x34, 0x3a, 0x48, 0x49, 0x8b, 0xce, 0xe7, 0xe8, 0x10a, 0x10b, 0x140, 0x179, 0x17a, 0x19a,
                         0x1a0, 0x1a2, 0x1ad, 0x1ae, 0x1b0, 0x1d9, 0x277, 0x309, 0x38d, 0x400, 0x570, 0xda0, 0xc1, 0x186,
                         0x40000000, 0xc0000080, 0xc0000081, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010010, 0xc0010015,
                         0xc001001f, 0xc0010061, 0xc0010062, 0xc001011f, 0xc0010140, 0xc0011019, 0xc0011027, 0xc0011029, 0xc0010004};
constexpr u16 kPorts[] = {0x60, 0x61, 0x40, 0x42, 0x43, 0x70, 0x71, 0x80, 0xcf8, 0xcfb, 0xcfc, 0xcfe, 0x3f8, 0xcf9, 0x20, 0xffff};

// Bytes of one instruction, or of none.
std::array<u8, 16> code_bytes(Input& in) {
    std::array<u8, 16> code;
    code.fill(0x90);
    usize at = 0;
    if (in.below(4))
        for (u8 b : kKnown[in.below(std::size(kKnown))]) {
            if (at && !b) break;
            code[at++] = b;
        }
    Bytes rest = in.bytes(in.below(static_cast<unsigned>(17 - at)));
    std::memcpy(code.data() + at, rest.data(), rest.size());
    return code;
}

u64 address(Input& in) {
    switch (in.below(6)) {
    case 0: return in.take<u64>();
    case 1: return reinterpret_cast<u64>(guest_memory.data()) + kBytes - in.below(32);
    default: return reinterpret_cast<u64>(guest_memory.data()) + 8 * in.below(kBytes / 8);
    }
}

void set_registers(Input& in, Vcpu& v) {
    arch::GuestRegs& r = v.arch.regs;
    for (unsigned n = 0; n < 16; ++n) {
        if (in.one_in(2)) pv::gpr(r, n) = in.one_in(3) ? in.take<u64>() : in.one_in(2) ? address(in) : in.take<u8>();
        else pv::gpr(r, n) = in.one_in(4) ? 0xc0000080 + in.take<u8>() : 0;
    }
    if (in.below(4)) r.rcx = in.of(kMsrs);
    if (in.below(4)) r.rdx = in.below(2) ? in.of(kPorts) : 0;
    constexpr u16 kSelectors[] = {arch::kGuestCs64, arch::kGuestCs32, 0xe033, 0x10, 0};
    r.cs = in.of(kSelectors);
    r.ss = arch::kGuestSs;
    r.rflags = 0x202 | (in.take<u16>() & 0x4d5);
    r.rsp = address(in);
    v.arch.iopl = static_cast<u8>(in.below(4));
    v.arch.in_kernel = !in.one_in(4);
    v.arch.kernel_sp = address(in);
}

void set_handlers(Input& in, Vcpu& v) {
    for (unsigned vector : {0u, 1u, 6u, 13u, 14u})
        if (in.below(3)) v.arch.traps[vector] = {0xffffffff81000000, static_cast<u16>(arch::kGuestCs64), 0, in.below(2) != 0};
}

void check(const Vcpu& v) {
    const arch::GuestRegs& r = v.arch.regs;
    if ((r.cs & 3) != 3 && !domain::crashed(*v.domain)) broken("a code selector of the hypervisor's");
    if (!(r.rflags & 0x200)) broken("interrupts off in the guest");
    if (r.rflags & 0x3000) broken("a real IOPL for the guest");
    if (r.rflags & 0x1000000) broken("flags that do not exist");
}

}  // namespace

void run_instructions(Input in) {
    start_machine(64);
    sim::state().window_start = reinterpret_cast<u64>(guest_memory.data());
    sim::state().window_bytes = kBytes;
    Domain& d = sim::create_domain({.privileged = in.one_in(4), .id = 1});
    if (in.one_in(2)) {
        (void)d.io_ports->add(0x20, 0x80).ok();
        (void)d.io_ports->add(0xcf8, 0xcff).ok();
    }
    {
        Vcpu& v = *d.vcpus[0];
        sim::On on{v};
        guest_memory.fill(0x90);
        set_handlers(in, v);
        for (unsigned n = 0; n < 4 && !in.empty(); ++n) {
            set_registers(in, v);
            u64 at = in.below(kBytes);
            std::array<u8, 16> code = code_bytes(in);
            decode_alone(Bytes{code});
            usize room = kBytes - at < code.size() ? kBytes - at : code.size();
            std::memcpy(guest_memory.data() + at, code.data(), room);
            v.arch.regs.rip = reinterpret_cast<u64>(guest_memory.data()) + at;
            constexpr unsigned kVectors[] = {13, 13, 13, 13, 6, 14, 0, 1, 3, 7, 16, 17, 19, 12};
            v.arch.regs.entry_vector = in.of(kVectors);
            v.arch.regs.error_code = in.one_in(4) ? in.take<u16>() : 0;
            pv_exception(v, in.one_in(2) ? address(in) : 0);
            check(v);
            if (domain::crashed(d)) break;
        }
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    }
    sim::destroy_domain(d);
    sim::state().window_bytes = 0;
}

}  // namespace xen::fuzz
