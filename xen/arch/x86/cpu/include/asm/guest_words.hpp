// SPDX-License-Identifier: MIT
// Leaf: a few 64-bit words to and from the running guest, each with one instruction. The rules are those of
// asm/guest_copy.hpp; the caller has checked the range.
#pragma once

#include <asm/fixup.hpp>

#include "lib/types.hpp"

namespace xen::arch {

namespace detail {

[[gnu::always_inline]] inline bool put_word(u64 gva, u64 word) {
    asm volatile goto("1: mov %0, %1\n\t" FIXUP("1b", "%l[fault]")
                      ::"r"(word), "m"(*reinterpret_cast<u64*>(gva))
                      : "memory"
                      : fault);
    return true;
fault:
    return false;
}

[[gnu::always_inline]] inline bool get_word(u64& to, u64 gva) {
    u64 word;
    asm volatile goto("1: mov %[from], %[word]\n\t" FIXUP("1b", "%l[fault]")
                      : [word] "=r"(word)
                      : [from] "m"(*reinterpret_cast<u64*>(gva))
                      :
                      : fault);
    to = word;
    return true;
fault:
    return false;
}

template <unsigned... I>
struct Numbers {};
template <unsigned N, unsigned... I>
struct UpTo : UpTo<N - 1, N - 1, I...> {};
template <unsigned... I>
struct UpTo<0, I...> {
    using type = Numbers<I...>;
};

template <unsigned N, unsigned... I>
[[gnu::always_inline]] inline bool put_each(u64 gva, const u64 (&words)[N], Numbers<I...>) {
    return (put_word(gva + 8 * I, words[I]) && ...);
}
template <unsigned N, unsigned... I>
[[gnu::always_inline]] inline bool get_each(u64 (&words)[N], u64 gva, Numbers<I...>) {
    return (get_word(words[I], gva + 8 * I) && ...);
}

}  // namespace detail

// False when one faults; those before it may have been stored.
template <unsigned N>
[[gnu::always_inline]] inline bool put_words(u64 gva, const u64 (&words)[N]) {
    asm volatile(OPEN_GUEST ::: "memory");
    bool done = detail::put_each(gva, words, typename detail::UpTo<N>::type{});
    asm volatile(CLOSE_GUEST ::: "memory");
    return done;
}

// False when one faults; the words are not to be looked at then.
template <unsigned N>
[[gnu::always_inline]] inline bool get_words(u64 (&words)[N], u64 gva) {
    asm volatile(OPEN_GUEST ::: "memory");
    bool done = detail::get_each(words, gva, typename detail::UpTo<N>::type{});
    asm volatile(CLOSE_GUEST ::: "memory");
    return done;
}

}  // namespace xen::arch
