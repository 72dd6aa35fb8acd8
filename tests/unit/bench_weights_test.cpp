// SPDX-License-Identifier: MIT
// The benchmark's plugin knows the dear instructions and the guest's marks by their bytes.
#include "../bench/plugin/arm64.hpp"
#include "../bench/plugin/weights.hpp"
#include <catch2/catch.hpp>
#include <vector>

using namespace bench;

namespace {
using Bytes = std::vector<u8>;
Instruction decoded(const Bytes& bytes) { return decode(bytes.data(), bytes.size()); }
u32 weight_of(const Bytes& bytes) { return weight(decoded(bytes)); }
bool past(const Bytes& bytes) { return past_the_caches(decoded(bytes)); }
Mark mark_of(const Bytes& bytes) { return mark(decoded(bytes)); }
} // namespace

TEST_CASE("dear instructions have the weight of the table") {
    CHECK(weight_of({0x0f, 0x22, 0xd8}) == 200);                    // mov %rax, %cr3
    CHECK(weight_of({0x41, 0x0f, 0x22, 0xdb}) == 200);              // mov %r11, %cr3
    CHECK(weight_of({0x0f, 0x22, 0xc0}) == 60);                     // mov %rax, %cr0
    CHECK(weight_of({0x0f, 0x22, 0xe0}) == 60);                     // mov %rax, %cr4
    CHECK(weight_of({0x0f, 0x06}) == 60);                           // clts
    CHECK(weight_of({0x0f, 0x01, 0x38}) == 150);                    // invlpg (%rax)
    CHECK(weight_of({0x66, 0x0f, 0x38, 0x82, 0x08}) == 150);        // invpcid (%rax), %rcx
    CHECK(weight_of({0x0f, 0x30}) == 150);                          // wrmsr
    CHECK(weight_of({0x48, 0xcf}) == 60);                           // iretq
    CHECK(weight_of({0x0f, 0x05}) + weight_of({0x48, 0x0f, 0x07}) == 80); // syscall, sysretq
    CHECK(weight_of({0x0f, 0xae, 0xf0}) == 30);                     // mfence
    CHECK(weight_of({0x0f, 0xae, 0xe8}) == 30);                     // lfence
    CHECK(weight_of({0x0f, 0xae, 0xf8}) == 30);                     // sfence
    CHECK(weight_of({0x0f, 0xa2}) == 100);                          // cpuid
    CHECK(weight_of({0x48, 0x0f, 0xae, 0x07}) == 100);              // fxsave64 (%rdi)
    CHECK(weight_of({0x48, 0x0f, 0xae, 0x2f}) == 100);              // xrstor64 (%rdi)
    CHECK(weight_of({0x48, 0x0f, 0xc7, 0x27}) == 100);              // xsavec64 (%rdi)
    CHECK(weight_of({0x0f, 0x01, 0xd8}) == 1000);                   // vmrun
    CHECK(weight_of({0x0f, 0x01, 0xdb}) == 80);                     // vmsave
}

TEST_CASE("locked operations weigh, with the prefix or by themselves") {
    CHECK(weight_of({0xf0, 0x48, 0x0f, 0xb1, 0x0a}) == 20);         // lock cmpxchg %rcx, (%rdx)
    CHECK(weight_of({0xf0, 0x83, 0x04, 0x24, 0x00}) == 20);         // lock addl $0, (%rsp)
    CHECK(weight_of({0x65, 0x48, 0x87, 0x04, 0x25, 0, 0, 0, 0}) == 20);   // xchg %rax, %gs:0
    CHECK(weight_of({0x86, 0x07}) == 20);                           // xchg %al, (%rdi)
    CHECK(weight_of({0x48, 0x87, 0xd8}) == 0);                      // xchg %rbx, %rax
}

TEST_CASE("what looks like a dear instruction and is none weighs nothing") {
    CHECK(weight_of({0x0f, 0x20, 0xd8}) == 0);                      // mov %cr3, %rax
    CHECK(weight_of({0x44, 0x0f, 0x22, 0xc0}) == 0);                // mov %rax, %cr8
    CHECK(weight_of({0x0f, 0x32}) == 0);                            // rdmsr
    CHECK(weight_of({0x0f, 0x01, 0xf8}) == 0);                      // swapgs
    CHECK(weight_of({0x0f, 0x01, 0xd0}) == 0);                      // xgetbv
    CHECK(weight_of({0xf3, 0x48, 0x0f, 0xae, 0xd0}) == 0);          // wrfsbase %rax
    CHECK(weight_of({0x66, 0x0f, 0xae, 0x38}) == 0);                // clflushopt (%rax)
    CHECK(weight_of({0x0f, 0xae, 0x38}) == 0);                      // clflush (%rax)
    CHECK(weight_of({0x48, 0x8b, 0x05, 0x0f, 0x30, 0xa2, 0xcf}) == 0);    // mov with such bytes in its displacement
    CHECK(weight_of({0x30, 0xc0}) == 0);                            // xor %al, %al
    CHECK(weight_of({0x05, 1, 0, 0, 0}) == 0);                      // add $1, %eax
    CHECK(weight_of({0x90}) == 0);
    CHECK(weight_of({0xf0}) == kLocked);                            // cut off: nothing is read behind the end
    CHECK(weight_of({0x0f}) == 0);
}

TEST_CASE("stores past the caches are told from others") {
    CHECK(past({0x48, 0x0f, 0xc3, 0x47, 0x08}));                    // movnti %rax, 8(%rdi)
    CHECK(past({0x66, 0x0f, 0xe7, 0x07}));                          // movntdq %xmm0, (%rdi)
    CHECK(past({0x0f, 0x2b, 0x07}));                                // movntps %xmm0, (%rdi)
    CHECK(!past({0xf3, 0x0f, 0xe6, 0x07}));                         // cvtdq2pd (%rdi), %xmm0
    CHECK(!past({0xf2, 0x0f, 0xe7, 0x07}));
    CHECK(!past({0x48, 0x89, 0x07}));                               // mov %rax, (%rdi)
    CHECK(!past({0xc3}));
}

TEST_CASE("the guest's marks are told from other RDTSC and NOPs") {
    CHECK(mark_of({0x2e, 0x0f, 0x31}) == Mark::begin);
    CHECK(mark_of({0x36, 0x0f, 0x31}) == Mark::point);
    CHECK(mark_of({0x3e, 0x0f, 0x31}) == Mark::end);
    CHECK(mark_of({0x0f, 0x31}) == Mark::none);
    CHECK(mark_of({0x0f, 0x1f, 0x80, 0x00, 0x00, 0x42, 0x58}) == Mark::whole_row);
    CHECK(mark_of({0x0f, 0x1f, 0x80, 0x01, 0x00, 0x42, 0x58}) == Mark::point_row);
    CHECK(mark_of({0x0f, 0x1f, 0x80, 0x02, 0x00, 0x42, 0x58}) == Mark::bare_row);
    CHECK(mark_of({0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00}) == Mark::none);
    CHECK(mark_of({0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}) == Mark::none);
}

TEST_CASE("dear instructions of A64 have the weight of the table") {
    CHECK(arm64::weight(0xd50c83df) == 150);    // tlbi vmalls12e1is
    CHECK(arm64::weight(0xd50c8020) == 150);    // tlbi ipas2e1is, x0
    CHECK(arm64::weight(0xd508711f) == 100);    // ic ialluis
    CHECK(arm64::weight(0xd50b7520) == 100);    // ic ivau, x0
    CHECK(arm64::weight(0xd50c78a0) == 30);     // at s12e1w, x0
    CHECK(arm64::weight(0xd50b7e20) == 30);     // dc civac, x0
    CHECK(arm64::weight(0xd50b7420) == 0);      // dc zva, x0
    CHECK(arm64::weight(0xd5033f9f) == 30);     // dsb sy
    CHECK(arm64::weight(0xd5033fdf) == 30);     // isb
    CHECK(arm64::weight(0xd5033bbf) == 10);     // dmb ish
    CHECK(arm64::weight(0xd69f03e0) == 40);     // eret
    CHECK(arm64::weight(0xd401d422) == 40);     // hvc #0xea1
    CHECK(arm64::weight(0xd4000003) == 40);     // smc #0
    CHECK(arm64::weight(0xd53ccc00) == 20);     // mrs x0, ich_lr0_el2
    CHECK(arm64::weight(0xd518cc20) == 20);     // msr icc_eoir1_el1, x0
    CHECK(arm64::weight(0xc800fc41) == 20);     // stlxr w0, x1, [x2]
    CHECK(arm64::weight(0xc8200861) == 20);     // stxp w0, x1, x2, [x3]
    CHECK(arm64::weight(0xc8e0fc41) == 20);     // casal x0, x1, [x2]
    CHECK(arm64::weight(0xb8e03041) == 20);     // ldsetal w0, w1, [x2]
    // What only looks like one of them.
    for (u32 other : {0x885f7c40u /* ldxr */, 0x889ffc20u /* stlr */, 0x88dffc20u /* ldar */, 0xf8bfc020u /* ldapr */,
                      0xf8226820u /* str x0, [x1, x2] */, 0xf8408420u /* ldr x0, [x1], #8 */, 0xf8001020u /* stur */, 0xd503201fu /* nop */,
                      0xd50342dfu /* msr daifset, #2 */, 0xd51cc000u /* msr vbar_el2, x0 */, 0xd5184000u /* msr spsr_el1, x0 */})
        CHECK(arm64::weight(other) == 0);
}

TEST_CASE("the arm64 guest's marks are known, no other hints") {
    auto mark_of_hint = [](u32 n) { return arm64::mark(0xd503201f | n << 5); };
    CHECK(mark_of_hint(0x70) == Mark::begin);
    CHECK(mark_of_hint(0x71) == Mark::point);
    CHECK(mark_of_hint(0x72) == Mark::end);
    CHECK(mark_of_hint(0x73) == Mark::whole_row);
    CHECK(mark_of_hint(0x74) == Mark::point_row);
    CHECK(mark_of_hint(0x75) == Mark::bare_row);
    for (u32 n = 0; n < 0x80; ++n)
        if (n < 0x70 || n > 0x75) CHECK(mark_of_hint(n) == Mark::none);
    CHECK(arm64::mark(0xd5033f9f) == Mark::none);
}
