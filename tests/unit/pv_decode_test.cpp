// SPDX-License-Identifier: MIT
// The decoder of emulated instructions, their arithmetic, and the frames that bounces leave: pure functions.
#include <catch2/catch.hpp>
#include <tuple>
#include <vector>

#include "arch/x86/guest/pv/alu.hpp"
#include "arch/x86/guest/pv/decode.hpp"
#include "arch/x86/guest/pv/frame.hpp"

using namespace xen;
using namespace xen::pv;

namespace {

Maybe<Instruction> decoded(std::vector<u8> bytes, bool is_long = true) {
    return decode(bytes.data(), static_cast<unsigned>(bytes.size()), is_long);
}

Instruction must(std::vector<u8> bytes, bool is_long = true) {
    auto i = decoded(bytes, is_long);
    REQUIRE(i);
    CHECK(i->length == bytes.size());
    return *i;
}

// A segment prefix that changes nothing sends the decoder the long way.
bool same_with_prefix(std::vector<u8> bytes, bool is_long) {
    auto plain = decoded(bytes, is_long);
    bytes.insert(bytes.begin(), 0x3e);
    auto prefixed = decoded(bytes, is_long);
    if (!plain || !prefixed) return !plain == !prefixed;
    Instruction i = *prefixed;
    if (i.segment == SegmentName::ds) i.segment = plain->segment;
    --i.length;
    auto fields = [](const Instruction& x) {
        return std::tuple{x.opcode, x.length, x.operand, x.address, x.segment, x.lock, x.repeat, x.repeat_ne, x.has_rex, x.has_modrm, x.mod,
                          x.reg, x.rm, x.is_memory, x.base, x.index, x.scale, x.rip_relative, x.displacement, x.immediate};
    };
    return fields(i) == fields(*plain);
}

}  // namespace

TEST_CASE("privileged instructions are known by their opcodes") {
    CHECK(must({0xfa}).opcode == 0xfa);                      // cli
    CHECK(must({0x0f, 0x06}).opcode == 0x0f06);              // clts
    CHECK(must({0x0f, 0x32}).opcode == 0x0f32);              // rdmsr
    CHECK(must({0x0f, 0xa2}).opcode == 0x0fa2);              // cpuid
    Instruction xsetbv = must({0x0f, 0x01, 0xd1});
    CHECK((xsetbv.mod == 3 && xsetbv.reg == 2 && xsetbv.rm == 1));
    CHECK_FALSE(decoded({0xf4}));                            // hlt is the guest's own fault
    CHECK_FALSE(decoded({0x0f, 0x05}));
}

TEST_CASE("moves of control registers use whole registers, with REX for the upper ones") {
    Instruction i = must({0x41, 0x0f, 0x22, 0xd8});          // mov %r8, %cr3
    CHECK((i.opcode == 0x0f22 && i.reg == 3 && i.rm == 8 && i.operand == 8 && !i.is_memory));
    i = must({0x0f, 0x20, 0xd0});                            // mov %cr2, %rax
    CHECK((i.reg == 2 && i.rm == 0));
}

TEST_CASE("port instructions have their operand sizes") {
    CHECK(must({0xec}).operand == 1);
    CHECK(must({0xed}).operand == 4);
    CHECK(must({0x66, 0xed}).operand == 2);
    Instruction out = must({0xe6, 0x80});
    CHECK((out.immediate & 0xff) == 0x80);
    Instruction ins = must({0xf3, 0x6c});
    CHECK((ins.repeat && ins.operand == 1));
    CHECK(must({0xed}, false).address == 4);
}

TEST_CASE("memory operands") {
    arch::GuestRegs r{};
    r.rax = 0x1000;
    r.rcx = 0x20;
    r.r12 = 0x5000;
    r.rip = 0xffffffff81000000;
    CHECK(effective_address(must({0x48, 0x89, 0x18}), r) == 0x1000);                    // mov %rbx, (%rax)
    CHECK(effective_address(must({0x48, 0x89, 0x5c, 0xc8, 0xf8}), r) == 0x10f8);        // -8(%rax,%rcx,8)
    CHECK(effective_address(must({0x49, 0x89, 0x1c, 0x24}), r) == 0x5000);              // (%r12)
    Instruction rip = must({0x48, 0x89, 0x1d, 0x10, 0, 0, 0});                          // 0x10(%rip)
    CHECK(effective_address(rip, r) == r.rip + 7 + 0x10);
    CHECK(effective_address(must({0x48, 0x89, 0x1c, 0x25, 0, 0x10, 0, 0x80}), r) == 0xffffffff80001000);
    Instruction moffs = must({0x48, 0xa3, 8, 0, 0, 0, 0x80, 0x88, 0xff, 0xff});
    CHECK(effective_address(moffs, r) == 0xffff888000000008);
}

TEST_CASE("stores that kernels use for page tables") {
    Instruction andb = must({0xf0, 0x80, 0x27, 0xfd});       // lock andb $0xfd, (%rdi)
    CHECK((andb.lock && andb.operand == 1 && andb.reg == 4 && (andb.immediate & 0xff) == 0xfd));
    Instruction movq = must({0x48, 0xc7, 0x07, 0, 0, 0, 0x80});
    CHECK((movq.operand == 8 && movq.immediate == 0xffffffff80000000));
    Instruction cmpxchg = must({0xf0, 0x48, 0x0f, 0xb1, 0x0f});
    CHECK((cmpxchg.opcode == 0x0fb1 && cmpxchg.reg == 1 && cmpxchg.operand == 8));
    Instruction btr = must({0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01});
    CHECK((btr.reg == 6 && btr.immediate == 1));
}

TEST_CASE("instructions that are cut off are unknown") {
    const std::vector<u8> whole{0xf0, 0x48, 0x0f, 0xba, 0x77, 0x08, 0x01};
    for (usize n = 0; n < whole.size(); ++n) CHECK_FALSE(decoded({whole.begin(), whole.begin() + static_cast<sptr>(n)}));
    CHECK(decoded(whole));
    CHECK_FALSE(decoded(std::vector<u8>(20, 0x66)));
}

TEST_CASE("byte registers above 3 depend on REX") {
    arch::GuestRegs r{};
    r.rax = 0x1234;
    r.rsp = 0x77;
    CHECK(read_register(must({0x88, 0x20}), r, 4, 1) == 0x12);          // ah
    CHECK(read_register(must({0x40, 0x88, 0x20}), r, 4, 1) == 0x77);    // spl
    Instruction mov = must({0x88, 0x20});
    write_register(mov, r, 4, 1, 0xff);
    CHECK(r.rax == 0xff34);
    r.rax = ~u64{0};
    write_register(mov, r, 0, 4, 5);
    CHECK(r.rax == 5);
}

#if defined(__x86_64__)
namespace {

template <class T>
u64 flags_of_add(T a, T b) {
    u64 f;
    asm("add %2, %1; pushfq; pop %0" : "=r"(f), "+q"(a) : "q"(b) : "cc");
    return f & kArithmetic;
}
template <class T>
u64 flags_of_sub(T a, T b) {
    u64 f;
    asm("sub %2, %1; pushfq; pop %0" : "=r"(f), "+q"(a) : "q"(b) : "cc");
    return f & kArithmetic;
}
template <class T>
void compare_with_processor() {
    const u64 samples[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, ~u64{0}, 0x123456789abcdef0};
    for (u64 a : samples)
        for (u64 b : samples) {
            CHECK(compute(Alu::add, a, b, sizeof(T), 0).flags == flags_of_add(static_cast<T>(a), static_cast<T>(b)));
            CHECK(compute(Alu::sub, a, b, sizeof(T), 0).flags == flags_of_sub(static_cast<T>(a), static_cast<T>(b)));
        }
}

}  // namespace

TEST_CASE("flags are those of the processor") {
    compare_with_processor<u8>();
    compare_with_processor<u16>();
    compare_with_processor<u32>();
    compare_with_processor<u64>();
}
#endif

TEST_CASE("bit operations set the carry alone") {
    AluResult r = compute(Alu::btr, 0x67, 1, 8, kZero);
    CHECK((r.value == 0x65 && r.flags == (kZero | kCarry)));
    r = compute(Alu::bts, 0x65, 1, 8, 0);
    CHECK((r.value == 0x67 && r.flags == 0));
}

TEST_CASE("a frame from user mode") {
    arch::GuestRegs r{};
    r.rcx = 1;
    r.r11 = 2;
    r.rip = 0x400000;
    r.cs = 0xe033;
    r.rflags = 0x3246;   // IOPL and IF of the processor
    r.rsp = 0x7ffe0000;
    r.ss = 0xe02b;
    auto f = make_frame<Shape::error>({r, false, 0, 0, 4});
    const std::vector<u64> expected{1, 2, 4, 0x400000, 0xe033, 0x246, 0x7ffe0000, 0xe02b};
    CHECK(std::vector<u64>(std::begin(f.words), std::end(f.words)) == expected);
    CHECK(frame_address(0xffff888000001008, f.kBytes) == 0xffff888000001000 - 64);
}

TEST_CASE("a frame from a kernel that had events masked") {
    arch::GuestRegs r{};
    r.cs = 0xe033;
    r.rflags = 0x202;
    r.ss = 0xe02b;
    auto f = make_frame<Shape::plain>({r, true, 1, 0x1000});
    CHECK(f.kBytes == 56);
    CHECK(f.words[3] == (0xe030 | u64{1} << 32));
    CHECK(f.words[4] == 0x1002);
}

TEST_CASE("a failsafe frame has the selectors before rip") {
    arch::GuestRegs r{};
    r.rip = 7;
    auto f = make_frame<Shape::failsafe>({r, true, 0, 0, 0, {1, 2, 3, 4}});
    CHECK(f.kBytes == 88);
    CHECK((f.words[2] == 1 && f.words[3] == 2 && f.words[4] == 3 && f.words[5] == 4 && f.words[6] == 7));
}

TEST_CASE("instructions without prefixes are decoded as those with one") {
    std::vector<u8> tail{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa};
    unsigned different = 0;
    for (bool is_long : {true, false})
        for (unsigned op = 0; op < 256; ++op)
            for (unsigned modrm = 0; modrm < 256; ++modrm)
                for (bool two : {true, false}) {
                    std::vector<u8> bytes = tail;
                    bytes.insert(bytes.begin(), {static_cast<u8>(op), static_cast<u8>(modrm)});
                    if (two) bytes.insert(bytes.begin(), 0x0f);
                    different += !same_with_prefix(bytes, is_long);
                }
    CHECK(different == 0);
}
