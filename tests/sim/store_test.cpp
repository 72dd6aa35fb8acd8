// SPDX-License-Identifier: MIT
// Every store that a kernel may make into a page table that it only may read does there what the processor would do.
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

constexpr unsigned kEntry = 9;
constexpr u64 kCf = 1, kZf = 0x40, kDf = 0x400;

// An entry that is not present holds any number: what is computed there can be compared.
struct Case {
    const char* name;
    std::vector<u8> code;
    u64 before, after;
    u64 rcx = 0, rax = 0, flags = 0;
    unsigned offset = 0;              // of the operand in the entry
};

const Case kCases[] = {
    {"add", {0x48, 0x01, 0x0f}, 0xf0, 0x100, 0x10},
    {"or", {0x48, 0x09, 0x0f}, 0xf0, 0xff0, 0xf00},
    {"adc", {0x48, 0x11, 0x0f}, 0xf0, 0x102, 0x11, 0, kCf},
    {"sbb", {0x48, 0x19, 0x0f}, 0xf0, 0xe0, 0xf, 0, kCf},
    {"and", {0x48, 0x21, 0x0f}, 0xff0, 0xf00, 0xf00},
    {"sub", {0x48, 0x29, 0x0f}, 0xff0, 0xfe0, 0x10},
    {"xor", {0x48, 0x31, 0x0f}, 0xff0, 0xf0f0, 0xff00},
    {"add byte", {0x80, 0x07, 0x10}, 0xff0, 0xf00},
    {"or immediate", {0x48, 0x81, 0x0f, 0, 1, 0, 0}, 0xf0, 0x1f0},
    {"and immediate", {0x48, 0x83, 0x27, 0xf0}, 0xffe, 0xff0},
    {"xchg byte", {0x86, 0x0f}, 0x1234, 0x1256, 0x56},
    {"mov byte", {0x88, 0x0f}, 0x1234, 0x1256, 0x56},
    {"mov word", {0x66, 0x89, 0x0f}, 0x12345678, 0x1234fff0, 0xfffffff0},
    {"mov of four bytes", {0x89, 0x0f}, 0x1111111122222222, 0x11111111fffffff0, 0x33333333fffffff0},
    {"movnti", {0x48, 0x0f, 0xc3, 0x0f}, 0xf0, 0x7770, 0x7770},
    {"mov byte immediate", {0xc6, 0x07, 0x20}, 0xfff0, 0xff20},
    {"mov immediate", {0x48, 0xc7, 0x07, 0xf0, 0xff, 0xff, 0xff}, 0x10, ~u64{0xf}},
    {"inc", {0x66, 0xff, 0x07}, 0xffff0000, 0, 0, 0, 0, 2},
    {"dec byte", {0xfe, 0x0f}, 0x1000, 0xf00, 0, 0, 0, 1},
    {"bts", {0x48, 0x0f, 0xab, 0x0f}, 0, 0x20, 5},
    {"btr", {0x48, 0x0f, 0xb3, 0x0f}, 0x30, 0x10, 5},
    {"btc", {0x0f, 0xbb, 0x0f}, 0x30, 0x20, 4},
    {"bts word", {0x66, 0x0f, 0xab, 0x0f}, 0x10, 0x30, 5},
    {"bts immediate", {0x48, 0x0f, 0xba, 0x2f, 0x3e}, 0, u64{1} << 62},
    {"btr immediate", {0x48, 0x0f, 0xba, 0x37, 5}, 0x30, 0x10},
    {"btc immediate", {0x66, 0x0f, 0xba, 0x3f, 4}, 0x30, 0x20},
    {"xadd", {0xf0, 0x48, 0x0f, 0xc1, 0x0f}, 0x100, 0x130, 0x30},
    {"xadd byte", {0x0f, 0xc0, 0x0f}, 0x1ff0, 0x1f00, 0x10},
    {"cmpxchg byte", {0x0f, 0xb0, 0x0f}, 0x1234, 0x1256, 0x56, 0x34},
    {"stos", {0x48, 0xab}, 0xf0, 0x4560, 0, 0x4560},
    {"stos byte", {0xaa}, 0x12f0, 0x1260, 0, 0x4560},
};

void set_at(MappedKernel& k, unsigned i, u64 value) {
    k.regs().rdi = k.entry_address(i);
    k.regs().rsi = value;
    k.store({0x48, 0x89, 0x37}, i);
}
void set(MappedKernel& k, u64 value) {
    set_at(k, kEntry, value);
    REQUIRE(k.entry(kEntry).raw == value);
}

}  // namespace

TEST_CASE("each store into a table has the result that the processor would give") {
    MappedKernel k;
    for (const Case& c : kCases) {
        INFO(c.name);
        set(k, c.before);
        arch::GuestRegs& r = k.regs();
        r.rdi = k.entry_address(kEntry) + c.offset;
        r.rcx = c.rcx, r.rax = c.rax, r.rflags = 0x202 | c.flags;
        k.store_at(c.code, r.rdi);
        CHECK(k.advanced() == c.code.size());
        CHECK(k.entry(kEntry).raw == c.after);
    }
}

TEST_CASE("exchanges give the old value back, and compare sets the flags") {
    MappedKernel k;
    set(k, 0x1230);
    k.regs().rdi = k.entry_address(kEntry);
    k.regs().rcx = 0x10;
    k.store({0xf0, 0x48, 0x0f, 0xc1, 0x0f}, kEntry);           // lock xadd %rcx, (%rdi)
    CHECK(k.regs().rcx == 0x1230);
    CHECK(k.entry(kEntry).raw == 0x1240);
    k.regs().rcx = 0x5550;
    k.store({0x48, 0x87, 0x0f}, kEntry);                       // xchg %rcx, (%rdi)
    CHECK(k.regs().rcx == 0x1240);
    k.regs().rax = 1, k.regs().rcx = 2, k.regs().rflags |= kZf;
    k.store({0x0f, 0xb0, 0x0f}, kEntry);                       // cmpxchg %cl, (%rdi): not what is there
    CHECK(k.regs().rax == 0x50);
    CHECK_FALSE((k.regs().rflags & kZf));
    CHECK(k.entry(kEntry).raw == 0x5550);
    k.regs().rflags |= kZf;
    k.store({0x48, 0x83, 0x07, 0x10}, kEntry);                 // add $16, (%rdi)
    CHECK_FALSE((k.regs().rflags & kZf));
}

TEST_CASE("stores of strings go on element by element") {
    MappedKernel k;
    k.regs().rdi = k.entry_address(kEntry);
    k.regs().rax = 0x70;
    k.regs().rcx = 2;
    k.store({0xf3, 0x48, 0xab}, kEntry);                       // rep stos
    CHECK(k.advanced() == 0);                                  // again, for the next one
    CHECK(k.regs().rcx == 1);
    CHECK(k.regs().rdi == k.entry_address(kEntry + 1));
    k.store({0xf3, 0x48, 0xab}, kEntry + 1);
    CHECK(k.advanced() == 3);
    CHECK(k.entry(kEntry + 1).raw == 0x70);
    k.regs().rdi = k.entry_address(kEntry);
    k.store({0xf2, 0x48, 0xab}, kEntry);                       // nothing left: over at once
    CHECK(k.advanced() == 3);
    CHECK(k.regs().rdi == k.entry_address(kEntry));

    // Backwards from the kernel's data, where the code does not reach.
    *reinterpret_cast<u64*>(k.data() + 64) = 0x1110;
    k.regs().rsi = MappedKernel::kData + 64;
    k.regs().rflags |= kDf;
    k.store({0x48, 0xa5}, kEntry);                             // movs
    CHECK(k.entry(kEntry).raw == 0x1110);
    CHECK(k.regs().rsi == MappedKernel::kData + 56);
    CHECK(k.regs().rdi == k.entry_address(kEntry - 1));
    k.regs().rflags &= ~kDf;
    k.regs().rdi = k.entry_address(kEntry);
    k.regs().rsi = 0x123456789000;                             // nothing is mapped there
    k.store({0xa4}, kEntry);
    CHECK(k.regs().rip == kHandler);
}

TEST_CASE("a store by absolute address, and with a segment's base") {
    MappedKernel k;
    u64 at = k.entry_address(kEntry);
    std::vector<u8> code{0x48, 0xa3};
    for (unsigned i = 0; i < 8; ++i) code.push_back(static_cast<u8>(at >> 8 * i));
    k.regs().rax = 0x880;
    k.store(code, kEntry);
    CHECK(k.advanced() == 10);
    CHECK(k.entry(kEntry).raw == 0x880);
    code.erase(code.begin());
    code[0] = 0xa2;                                            // mov %al
    k.regs().rax = 0x12f0;
    k.store(code, kEntry);
    CHECK(k.advanced() == 9);
    CHECK(k.entry(kEntry).raw == 0x8f0);
    arch::write_fs_base(at - 0x100);
    k.regs().rdi = 0x100, k.regs().rcx = 0x990;
    k.store({0x64, 0x48, 0x89, 0x0f}, kEntry);                 // mov %rcx, %fs:(%rdi)
    CHECK(k.entry(kEntry).raw == 0x990);
    arch::write_fs_base(0);
    arch::write_gs_base(at);
    k.regs().rdi = 0, k.regs().rcx = 0xaa0;
    k.store({0x65, 0x48, 0x89, 0x0f}, kEntry);
    CHECK(k.entry(kEntry).raw == 0xaa0);
    arch::write_gs_base(0);
}

TEST_CASE("what is no store, or one that reaches beyond the entry, stays the guest's fault") {
    MappedKernel k;
    const std::vector<u8> kNone[] = {{0x48, 0x83, 0x3f, 0x10},            // cmp
                                     {0x48, 0xc7, 0x0f, 0, 0, 0, 0},      // no such instruction
                                     {0x48, 0xff, 0x17},                  // call
                                     {0x0f, 0xba, 0x27, 5},               // bt
                                     {0x48, 0x89, 0xcf},                  // mov between registers
                                     {0x48, 0x8b, 0x0f},                  // a load
                                     {0x06}};
    for (const auto& code : kNone) {
        set(k, 0x770);
        k.regs().rdi = k.entry_address(kEntry);
        k.store(code, kEntry);
        CHECK(k.regs().rip == kHandler);
        CHECK(k.entry(kEntry).raw == 0x770);
    }
    k.regs().rdi = k.entry_address(kEntry) + 4;                          // half in the next entry
    k.store_at({0x48, 0x89, 0x0f}, k.entry_address(kEntry) + 4);
    CHECK(k.regs().rip == kHandler);
    k.regs().rdi = k.entry_address(kEntry);
    k.store({0x67, 0x48, 0xab}, kEntry);                                 // of 32 bits of the address: somewhere else
    CHECK(k.regs().rip == kHandler);
    k.regs().rdi = k.entry_address(kEntry + 3);                          // another access than the one that faulted
    k.store({0x48, 0x89, 0x0f}, kEntry);
    CHECK(k.regs().rip == kHandler);
    k.regs().rdi = k.entry_address(kEntry - 3);
    k.store({0x48, 0x89, 0x0f}, kEntry);
    CHECK(k.regs().rip == kHandler);
    CHECK(k.entry(kEntry).raw == 0x770);
}

TEST_CASE("faults of user mode, in the hypervisor's part and on descriptors") {
    MappedKernel k;
    arch::GuestRegs& r = k.regs();
    auto fault = [&](u64 address, u32 error) {
        r.rip = 0x77;
        r.rsp = MappedKernel::kData + kPageSize;
        r.entry_vector = pv::kPageFault;
        r.error_code = error;
        pv_exception(current(), address);
        return r.rip == kHandler;
    };
    constexpr u32 kRead = pv::kErrorUser, kPresent = pv::kErrorUser | pv::kErrorPresent;
    CHECK(fault(arch::kXenStart + 8, kPresent));
    CHECK(fault(arch::kXenStart - 8, kRead));
    CHECK(fault(arch::kXenEnd + 8, kRead));
    CHECK(fault(MappedKernel::kData, kPresent | pv::kErrorReserved));
    CHECK(fault(MappedKernel::kData + 16, kRead));                                    // what is not there is in no TLB
    CHECK_FALSE(fault(MappedKernel::kData + 16, kPresent));                           // it may be read now
    CHECK_FALSE(fault(MappedKernel::kData + 16, kPresent | pv::kErrorFetch));
    CHECK(fault(MappedKernel::kTable + 16, kPresent | pv::kErrorWrite | pv::kErrorFetch));
    CHECK(fault(u64{3} << 39, kRead));
    CHECK(fault(MappedKernel::kData + 512 * kPageSize, kRead));
    CHECK_FALSE(fault(MappedKernel::kData + 16, kPresent | pv::kErrorWrite));         // another CPU's flush was faster
    set_at(k, 6, k.spare_mfn() << kPageShift | MappedKernel::kLeaf | Pte::kNoExecute);
    CHECK_FALSE(fault(MappedKernel::kData + 6 * kPageSize, kPresent));
    CHECK(fault(MappedKernel::kData + 6 * kPageSize, kPresent | pv::kErrorFetch));
    CHECK(fault(arch::kXenStart + 8, 0));
    // User mode has tables of its own, or none.
    current().arch.in_kernel = false;
    current().arch.guest_table_user = current().arch.guest_table;
    CHECK_FALSE(fault(MappedKernel::kData + 16, kPresent));
    current().arch.guest_table_user = nothing;
    current().arch.in_kernel = true;
    // Descriptors that are not there: #GP for the GDT, a page fault where the LDT lies in the guest.
    u32 vcpu = current().id.raw();
    current().arch.traps[pv::kGeneralProtection] = {kEvent, arch::kGuestCs64, 0, false};
    CHECK_FALSE(fault(arch::gdt_address(vcpu) + 0x18, 0));
    CHECK(r.rip == kEvent);
    current().arch.ldt_base = MappedKernel::kData + 0x100000, current().arch.ldt_entries = 600;
    CHECK(fault(arch::ldt_address(vcpu) + 0x18, 0));
    CHECK(current().arch.ldt_entries == 600);
    current().arch.ldt_base = u64{1} << 47;                                           // not canonical
    CHECK_FALSE(fault(arch::ldt_address(vcpu) + 0x18, 0));
    CHECK(r.rip == kEvent);
    current().arch.ldt_base = 0, current().arch.ldt_entries = 0;
}
