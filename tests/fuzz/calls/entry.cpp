// SPDX-License-Identifier: MIT
// What is no call of its own: shared memory that the guest writes as it likes, exceptions, batches of calls, time that passes.
#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <sim/state.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "../machine.hpp"
#include "world.hpp"

namespace xen::fuzz {
namespace {

// On an idle CPU: timers that are due, and what RCU has to free.
void time_passes(Caller& c) {
    sim::advance(Nanos{static_cast<s64>(c.in.take<u16>()) * 1000 << c.in.below(16)});
    for (usize cpu : cpu_online) {
        arch::CpuBlock* outer = std::exchange(arch::this_cpu_block, &sim::block(CpuId{static_cast<u32>(cpu)}));
        Vcpu* ran = arch::current_vcpu();
        arch::set_current_vcpu(&sched::idle_vcpu(CpuId{static_cast<u32>(cpu)}));
        softirq::raise(softirq::Kind::timer);
        softirq::raise(softirq::Kind::rcu);
        softirq::process();
        arch::set_current_vcpu(ran);
        arch::this_cpu_block = outer;
    }
}

void scribble(Caller& c) {
    Mfn f{c.frame_of(c.domain())};
    if (f.raw() < 256) return;
    PageInfo& p = page_of(f);
    if (p.owner() != &c.domain() || (p.type_uses() && p.page_type() != PageType::writable)) return;
    auto* words = static_cast<u32*>(arch::direct_map(f));
    for (unsigned n = 1 + c.in.below(4); n; --n) words[c.in.one_in(2) ? c.in.below(32) : c.in.below(1024)] = static_cast<u32>(c.number());
}

void shared_words(Caller& c) {
    shared_info* s = c.domain().shared;
    u64 value = c.in.below(2) ? ~u64{0} : c.number();
    switch (c.in.below(4)) {
    case 0: shared_store(s->evtchn_mask[c.in.below(64)], c.in.below(2) ? 0 : value); break;
    case 1: shared_store(s->evtchn_pending[c.in.below(64)], value); break;
    default:
        if (!c.v.info) return;
        shared_store(c.v.info->evtchn_upcall_mask, static_cast<u8>(c.in.below(2)));
        shared_store(c.v.info->evtchn_upcall_pending, static_cast<u8>(c.in.below(2)));
        break;
    }
}

// The vCPU's instruction faults, or the guest returns to where an event waits for it.
void exception(Caller& c) {
    arch::GuestRegs& r = c.v.arch.regs;
    auto* code = c.make<u8>(32);
    Bytes b = c.in.bytes(c.in.below(16));
    std::memcpy(code, b.data(), b.size());
    constexpr u8 kStores[][4] = {{0x48, 0x89, 0x07}, {0x48, 0x87, 0x07}, {0xf0, 0x48, 0x0f, 0xb1}, {0x48, 0xab}, {0x80, 0x27, 0xfd}};
    if (c.in.below(4)) std::memcpy(code, kStores[c.in.below(5)], 4);
    r.rip = reinterpret_cast<u64>(code);
    r.cs = arch::kGuestCs64;
    r.rsp = reinterpret_cast<u64>(c.make<u8>(512) + 512);
    constexpr unsigned kVectors[] = {13, 13, 14, 14, 6, 0, 3, 7, 17, 19};
    r.entry_vector = c.in.of(kVectors);
    r.error_code = r.entry_vector == 14 ? (c.in.below(2) ? 7 : c.in.below(32)) : 0;
    u64 at = c.va();
    if (c.in.below(8)) r.rdi = at;
    if (c.in.below(2)) r.rax = c.pte();
    c.v.arch.kernel_sp = r.rsp;
    pv_exception(c.v, at);
    c.v.arch.regs.rip = 0;
}

// An instruction that stores at (%rdi), into a table of the guest's that it may only read: its tables are mapped behind its
// pages (World::prepare).
void table_store(Caller& c) {
    constexpr u8 kPrefixes[] = {0xf0, 0x66, 0xf3, 0xf2, 0x67, 0x64, 0x65, 0x48};
    struct Form {
        u8 bytes, opcode[2];
        bool has_modrm;
    };
    constexpr Form kForms[] = {{1, {0x89}, true}, {1, {0x88}, true}, {1, {0x87}, true}, {1, {0x86}, true}, {1, {0x80}, true},
                               {1, {0x81}, true}, {1, {0x83}, true}, {1, {0xc6}, true}, {1, {0xc7}, true}, {1, {0xfe}, true},
                               {1, {0xff}, true}, {1, {0xaa}, false}, {1, {0xab}, false}, {1, {0xa4}, false}, {1, {0xa5}, false},
                               {2, {0x0f, 0xb0}, true}, {2, {0x0f, 0xb1}, true}, {2, {0x0f, 0xc0}, true}, {2, {0x0f, 0xc1}, true},
                               {2, {0x0f, 0xab}, true}, {2, {0x0f, 0xb3}, true}, {2, {0x0f, 0xbb}, true}, {2, {0x0f, 0xba}, true},
                               {2, {0x0f, 0xc3}, true}, {1, {0x01}, true}, {1, {0x09}, true}, {1, {0x21}, true}, {1, {0x31}, true},
                               {1, {0xa3}, false}};
    auto* code = c.make<u8>(32);
    unsigned n = 0;
    while (n < 4 && c.in.one_in(3)) code[n++] = c.in.of(kPrefixes);
    if (c.in.below(4)) code[n++] = 0x48;
    const Form& form = c.in.of(kForms);
    for (unsigned i = 0; i < form.bytes; ++i) code[n++] = form.opcode[i];
    if (form.has_modrm) code[n++] = static_cast<u8>(0x07 | c.in.below(8) << 3);
    arch::GuestRegs& r = c.v.arch.regs;
    u64 table = (u64{1} << 39 | u64{1} << 30 | u64{1} << 21) + kPageSize * (12 + c.in.below(4));
    u64 at = table + 8 * c.in.below(20);
    if (form.opcode[0] == 0xa3) std::memcpy(code + n, &at, sizeof(at));
    else code[n] = static_cast<u8>(c.in.take<u8>());
    r.rip = reinterpret_cast<u64>(code);
    r.cs = arch::kGuestCs64;
    r.rdi = at + (c.in.one_in(8) ? c.in.below(8) : 0);
    r.rsp = reinterpret_cast<u64>(c.make<u8>(512) + 512);
    c.v.arch.kernel_sp = r.rsp;
    auto* data = c.make<u64>(2);
    *data = c.pte();
    r.rsi = c.in.below(2) ? reinterpret_cast<u64>(data) : *data;
    r.rax = c.in.below(2) ? c.pte() : 0;
    r.rcx = c.in.below(2) ? c.in.below(4) : c.pte();
    if (c.in.one_in(4)) r.rflags ^= 0x400;
    r.entry_vector = 14;
    r.error_code = 7;
    pv_exception(c.v, at);
    c.v.arch.regs.rip = 0;
}

void line(Caller& c) { interrupt(c.in.below(24)); }

// Calls of this vCPU together in one: what each operation would have asked for.
void batch(Caller& c) {
    constexpr Operations (*kGroups[])() = {event_operations, grant_operations, memory_operations, table_operations, vcpu_operations};
    unsigned n = 1 + c.in.below(6);
    auto* calls = c.make<multicall_entry>(n);
    for (unsigned i = 0; i < n; ++i) {
        Operations all = c.in.of(kGroups)();
        c.v.arch.regs.rax = __HYPERVISOR_xen_version;
        all[c.in.below(static_cast<unsigned>(all.size()))](c);
        const arch::GuestRegs& r = c.v.arch.regs;
        calls[i].op = r.rax;
        u64 args[6] = {r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9};
        std::memcpy(calls[i].args, args, sizeof(args));
    }
    c.call(__HYPERVISOR_multicall, c.pointer(calls), c.in.one_in(32) ? c.in.take<u32>() : n);
}

constexpr Operation kOperations[] = {time_passes, scribble, scribble, shared_words, exception, table_store, table_store, line, batch, batch};

}  // namespace

Operations entry_operations() { return kOperations; }

}  // namespace xen::fuzz
