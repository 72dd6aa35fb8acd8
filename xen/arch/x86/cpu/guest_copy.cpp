// SPDX-License-Identifier: MIT
#include <asm/guest_copy.hpp>

#include <asm/fixup.hpp>

namespace xen::arch {
namespace {

bool copy(void* to, const void* from, usize bytes) {
    usize words = bytes / 8, tail = bytes % 8;
    asm volatile goto(OPEN_GUEST
             "1: rep movsq\n\t"
             "mov %[tail], %%rcx\n\t"
             "2: rep movsb\n\t" CLOSE_GUEST FIXUP("1b", "%l[fault]") FIXUP("2b", "%l[fault]")
             : "+D"(to), "+S"(from), "+c"(words)
             : [tail] "r"(tail)
             : "memory"
             : fault);
    return true;
fault:
    asm volatile(CLOSE_GUEST ::: "memory");
    return false;
}

template <class T>
bool exchange(u64 gva, u64* old, u64 desired) {
    T expected = static_cast<T>(*old);
    asm volatile goto(OPEN_GUEST
             "1: lock cmpxchg %[desired], (%[at])\n\t" CLOSE_GUEST FIXUP("1b", "%l[fault]")
             : "+a"(expected)
             : [at] "r"(gva), [desired] "q"(static_cast<T>(desired))
             : "memory", "cc"
             : fault);
    *old = expected;
    return true;
fault:
    asm volatile(CLOSE_GUEST ::: "memory");
    return false;
}

}  // namespace

bool copy_from_guest(void* to, u64 gva, usize bytes) { return copy(to, reinterpret_cast<const void*>(gva), bytes); }
bool copy_to_guest(u64 gva, const void* from, usize bytes) { return copy(reinterpret_cast<void*>(gva), from, bytes); }

bool clear_guest(u64 gva, usize bytes) {
    usize words = bytes / 8, tail = bytes % 8;
    asm volatile goto(OPEN_GUEST
             "1: rep stosq\n\t"
             "mov %[tail], %%rcx\n\t"
             "2: rep stosb\n\t" CLOSE_GUEST FIXUP("1b", "%l[fault]") FIXUP("2b", "%l[fault]")
             : "+D"(gva), "+c"(words)
             : [tail] "r"(tail), "a"(0ul)
             : "memory"
             : fault);
    return true;
fault:
    asm volatile(CLOSE_GUEST ::: "memory");
    return false;
}

bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes) {
    switch (bytes) {
    case 1: return exchange<u8>(gva, old, desired);
    case 2: return exchange<u16>(gva, old, desired);
    case 4: return exchange<u32>(gva, old, desired);
    case 8: return exchange<u64>(gva, old, desired);
    default: return false;
    }
}

}  // namespace xen::arch
