// SPDX-License-Identifier: MIT
// What a page-table format tells the walker (lib/pagetable/page_table.hpp). A format is constants and pure functions: how an
// entry is built and read. Heights count from the pages up: an entry of height 0 maps 4 KiB, of height 1 2 MiB, of 2 1 GiB.
#pragma once

#include <concepts>

#include "lib/index.hpp"

namespace xen::pt {

enum class EntryKind : u8 { hole, table, leaf };

inline constexpr unsigned kIndexBits = 9;   // of every table but the root, which may be wider

constexpr unsigned shift_of(unsigned height) { return kPageShift + kIndexBits * height; }
constexpr u64 bytes_at(unsigned height) { return u64{1} << shift_of(height); }

// A value of the format says what only the machine or the domain knows (the width of an input address).
template <class F>
concept Format = requires(const F f, typename F::Entry e, unsigned height, Paddr p, typename F::Attributes a) {
    { f.root_height() } -> std::same_as<unsigned>;
    { f.input_bits() } -> std::same_as<unsigned>;
    { F::kLargestLeaf } -> std::convertible_to<unsigned>;          // height of the largest block
    { F::kBreakBeforeMake } -> std::convertible_to<bool>;          // an entry is invalid, and flushed, between two valid values
    { F::kind(e, height) } -> std::same_as<EntryKind>;
    { F::leaf(height, p, a) } -> std::same_as<typename F::Entry>;
    { F::table(p) } -> std::same_as<typename F::Entry>;
    { F::address(e, height) } -> std::same_as<Paddr>;
    { F::attributes(e) } -> std::same_as<typename F::Attributes>;
    { F::broken(e) } -> std::same_as<typename F::Entry>;           // a hole to the processor that remembers what stood there
    { F::is_broken(e) } -> std::same_as<bool>;
    { F::mended(e, height) } -> std::same_as<typename F::Entry>;   // undoes broken()
};

}  // namespace xen::pt
