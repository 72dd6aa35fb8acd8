// SPDX-License-Identifier: MIT
// Single atomic accesses to bits of words that a running guest changes too. Every read-modify-write is a full
// barrier: what the sender wrote before it sends is visible to whoever sees the bit.
// Any context; the words live as long as the page reference that their owner holds.
#pragma once

#include <xen/page.hpp>

namespace xen::event {

template <class W>
constexpr W bit_of(unsigned bit) { return static_cast<W>(W{1} << bit); }

template <class W>
inline bool test_bit(const W& word, unsigned bit) { return shared_load(word) & bit_of<W>(bit); }

// Both return what the bit was.
template <class W>
inline bool set_bit(W& word, unsigned bit) {
    return __atomic_fetch_or(&word, bit_of<W>(bit), __ATOMIC_SEQ_CST) & bit_of<W>(bit);
}
template <class W>
inline bool clear_bit(W& word, unsigned bit) {
    return __atomic_fetch_and(&word, static_cast<W>(~bit_of<W>(bit)), __ATOMIC_SEQ_CST) & bit_of<W>(bit);
}

// On failure `expected` receives what is there.
template <class W>
inline bool exchange_if(W& word, W& expected, W desired) {
    return __atomic_compare_exchange_n(&word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

}  // namespace xen::event
