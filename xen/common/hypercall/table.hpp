// SPDX-License-Identifier: MIT
// The one list of hypercalls. A handler's C++ signature decodes its arguments: an integer parameter drops the
// register's upper half where it is narrower, a guest handle takes the address. From this list come dispatch,
// statistics, and the reference page of the documents.
#pragma once

#include <asm/hypercalls.hpp>
#include <xen/hypercall.hpp>

#include "lib/result.hpp"

namespace xen::hypercall {

s64 unknown(u64, u64, u64, u64, u64, u64);   // no such hypercall

struct Entry {
    Call call = nullptr;     // unknown() where there is none
    Call nested = nullptr;   // in a multicall
    const char* name = nullptr;
    u8 args = 0;
};

namespace detail {

template <class P>
P argument(u64 v) {
    if constexpr (std::is_integral_v<P>) return static_cast<P>(v);
    else return P{v};
}

template <auto Handler, class F = decltype(Handler)>
struct Decoder;

template <auto Handler, class R, class... P>
struct Decoder<Handler, R (*)(P...)> {
    static constexpr u8 kArgs = sizeof...(P);
    static s64 call(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
        return apply({a0, a1, a2, a3, a4, a5}, std::index_sequence_for<P...>{});
    }

private:
    struct Registers {
        u64 a[6];
    };
    template <usize... I>
    static s64 apply(const Registers& r, std::index_sequence<I...>) {
        return abi_value(Handler(argument<P>(r.a[I])...));
    }
};

}  // namespace detail

template <auto Handler>
constexpr Entry entry(const char* name) {
    return {&detail::Decoder<Handler>::call, &detail::Decoder<Handler>::call, name, detail::Decoder<Handler>::kArgs};
}

struct Table {
    Entry entries[kNumbers]{};
};
extern const Table table;

}  // namespace xen::hypercall
