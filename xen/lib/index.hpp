// SPDX-License-Identifier: MIT
// Strong types for addresses, frames and ids. Mixing two of them does not compile; point ± count is a
// point, point − point is a count. raw() is for format encoders, architecture code and printing.
#pragma once

#include <compare>

#include "lib/types.hpp"

namespace xen {

// A name for something: comparable, without arithmetic.
template <class Self, class Rep>
class Id {
public:
    using rep = Rep;
    constexpr Id() = default;
    constexpr explicit Id(Rep raw) : raw_{raw} {}
    constexpr Rep raw() const { return raw_; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;

private:
    Rep raw_{};
};

// A point on a line.
template <class Self, class Rep = u64>
class Index : public Id<Self, Rep> {
public:
    using Id<Self, Rep>::Id;
    friend constexpr Self operator+(Self a, Rep n) { return Self{static_cast<Rep>(a.raw() + n)}; }
    friend constexpr Self operator-(Self a, Rep n) { return Self{static_cast<Rep>(a.raw() - n)}; }
    friend constexpr Rep operator-(Self a, Self b) { return static_cast<Rep>(a.raw() - b.raw()); }
    Self& operator++() { return self() = self() + Rep{1}; }
    Self& operator+=(Rep n) { return self() = self() + n; }

private:
    Self& self() { return static_cast<Self&>(*this); }
};

struct Paddr : Index<Paddr> { using Index::Index; };    // machine address
struct Gaddr : Index<Gaddr> { using Index::Index; };    // guest-physical address
struct Gva : Index<Gva> { using Index::Index; };        // guest-virtual address
struct Vaddr : Index<Vaddr> { using Index::Index; };    // hypervisor-virtual address
struct DmaAddr : Index<DmaAddr> { using Index::Index; };  // what a device sees
struct Mfn : Index<Mfn> { using Index::Index; };        // machine frame
struct Gfn : Index<Gfn> { using Index::Index; };        // guest frame; for a PV guest the machine frame
struct Pfn : Index<Pfn> { using Index::Index; };        // pseudo-physical frame of a PV guest

struct DomId : Id<DomId, u16> { using Id::Id; };
struct VcpuId : Id<VcpuId, u32> { using Id::Id; };
struct CpuId : Id<CpuId, u32> { using Id::Id; };
struct NodeId : Id<NodeId, u8> { using Id::Id; };
struct Port : Id<Port, u32> { using Id::Id; };
struct GrantRef : Id<GrantRef, u32> { using Id::Id; };
struct Order : Id<Order, u8> { using Id::Id; };         // 2^n pages

// System time and durations, in nanoseconds.
struct Nanos : Index<Nanos, s64> { using Index::Index; };

constexpr Nanos micros(s64 n) { return Nanos{n * 1000}; }
constexpr Nanos millis(s64 n) { return Nanos{n * 1000 * 1000}; }
constexpr Nanos seconds(s64 n) { return Nanos{n * 1000 * 1000 * 1000}; }

constexpr Mfn frame_of(Paddr a) { return Mfn{a.raw() >> kPageShift}; }
constexpr Gfn frame_of(Gaddr a) { return Gfn{a.raw() >> kPageShift}; }
constexpr Paddr address_of(Mfn f) { return Paddr{f.raw() << kPageShift}; }
constexpr Gaddr address_of(Gfn f) { return Gaddr{f.raw() << kPageShift}; }
constexpr u64 page_offset(u64 address) { return address & (kPageSize - 1); }
constexpr u64 pages_for(u64 bytes) { return (bytes + kPageSize - 1) >> kPageShift; }

}  // namespace xen
