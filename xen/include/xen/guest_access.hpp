// SPDX-License-Identifier: MIT
// Typed handles to guest memory of the current vCPU. No pointer to guest memory exists outside this header's
// implementation. Copy in once, check the copy, never read again. Not under a lock of rank `domain` or lower.
// Every failure is Errno::fault.
#pragma once

#include <type_traits>

#include <asm/guest_copy.hpp>
#include <asm/layout.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"

namespace xen {

namespace guest {
inline Status copy_in(void* to, u64 gva, usize bytes) {
    if (!arch::guest_range_ok(gva, bytes) || !arch::copy_from_guest(to, gva, bytes)) return Errno::fault;
    return {};
}
inline Status copy_out(u64 gva, const void* from, usize bytes) {
    if (!arch::guest_range_ok(gva, bytes) || !arch::copy_to_guest(gva, from, bytes)) return Errno::fault;
    return {};
}
inline Status clear(u64 gva, usize bytes) {
    if (!arch::guest_range_ok(gva, bytes) || !arch::clear_guest(gva, bytes)) return Errno::fault;
    return {};
}
// What fits into a register goes by one instruction.
template <class T>
inline constexpr bool is_word = sizeof(T) == 4 || sizeof(T) == 8;
template <class T>
using Word = std::conditional_t<sizeof(T) == 4, u32, u64>;
template <class T>
[[gnu::always_inline]] inline Status copy_word_in(T& to, u64 gva) {
    Word<T> word;
    if (!arch::guest_range_ok(gva, sizeof(T)) || !arch::load_guest(gva, word)) [[unlikely]] return Errno::fault;
    __builtin_memcpy(static_cast<void*>(&to), &word, sizeof(T));
    return {};
}
template <class T>
[[gnu::always_inline]] inline Status copy_word_out(u64 gva, const T& from) {
    Word<T> word;
    __builtin_memcpy(&word, static_cast<const void*>(&from), sizeof(T));
    if (!arch::guest_range_ok(gva, sizeof(T)) || !arch::store_guest(gva, word)) [[unlikely]] return Errno::fault;
    return {};
}
template <class S, class M>
usize offset_of(M S::*member) {
    alignas(S) static char probe[sizeof(S)];
    auto* s = reinterpret_cast<S*>(probe);
    return static_cast<usize>(reinterpret_cast<char*>(&(s->*member)) - probe);
}
}  // namespace guest

template <class T>
class GuestPtr {
public:
    constexpr GuestPtr() = default;
    constexpr explicit GuestPtr(u64 gva) : gva_{gva} {}
    constexpr u64 raw() const { return gva_; }
    constexpr bool is_null() const { return gva_ == 0; }

protected:
    u64 at(u64 i) const {
        if constexpr (std::is_void_v<T>) return gva_ + i;
        else return gva_ + i * sizeof(T);
    }
    u64 gva_ = 0;
};

template <class T>
class GuestIn : public GuestPtr<T> {
public:
    using GuestPtr<T>::GuestPtr;
    template <class U = T>
    Result<U> copy_in(u64 i = 0) const {
        static_assert(std::is_trivially_copyable_v<U>);
        U v;
        if constexpr (guest::is_word<U>) TRY(guest::copy_word_in(v, this->at(i)));
        else TRY(guest::copy_in(&v, this->at(i), sizeof(U)));
        return v;
    }
    Status copy_array_in(std::remove_const_t<T>* to, u64 from, usize n) const
        requires(!std::is_void_v<T>)
    {
        return guest::copy_in(to, this->at(from), n * sizeof(T));
    }
    template <class U>
    GuestIn<U> as() const { return GuestIn<U>{this->gva_}; }
    GuestIn at_offset(u64 n) const { return GuestIn{this->at(n)}; }
};

template <class T>
class GuestOut : public GuestPtr<T> {
public:
    using GuestPtr<T>::GuestPtr;
    template <class U>
        requires(std::is_void_v<T> || std::is_same_v<T, U>)
    Status copy_out(const U& v, u64 i = 0) const {
        static_assert(std::is_trivially_copyable_v<U>);
        if constexpr (guest::is_word<U>) return guest::copy_word_out(this->at(i), v);
        else return guest::copy_out(this->at(i), &v, sizeof(U));
    }
    template <class U = T>
    Status copy_array_out(const U* from, u64 to, usize n) const {
        return guest::copy_out(this->at(to), from, n * sizeof(U));
    }
    Status clear_bytes(usize n) const { return guest::clear(this->gva_, n); }
    template <class U>
    GuestOut<U> as() const { return GuestOut<U>{this->gva_}; }
    GuestOut at_offset(u64 n) const { return GuestOut{this->at(n)}; }
};

template <class T>
class GuestInOut : public GuestPtr<T> {
public:
    using GuestPtr<T>::GuestPtr;
    template <class U = T>
    Result<U> copy_in(u64 i = 0) const { return GuestIn<U>{this->at(i)}.copy_in(); }
    template <class U>
    Status copy_out(const U& v, u64 i = 0) const {
        static_assert(std::is_void_v<T> || std::is_same_v<T, U>);
        return GuestOut<U>{this->at(i)}.copy_out(v);
    }
    // Writes one member back, and only that: `uop.copy_field_out(op, &xen_op::size)`.
    template <class S, class M>
    Status copy_field_out(const S& v, M S::*member) const {
        return guest::copy_out(this->gva_ + guest::offset_of(member), &(v.*member), sizeof(M));
    }
    template <class U>
    GuestInOut<U> as() const { return GuestInOut<U>{this->gva_}; }
    GuestIn<T> in() const { return GuestIn<T>{this->gva_}; }
    GuestOut<T> out() const { return GuestOut<T>{this->gva_}; }
    GuestInOut at_offset(u64 n) const { return GuestInOut{this->at(n)}; }
};

// From the handles inside ABI structures: XEN_GUEST_HANDLE(T) is a struct with a pointer member p.
template <class H>
using HandleTarget = std::remove_pointer_t<decltype(H::p)>;
template <class H>
auto guest_in(const H& h) { return GuestIn<HandleTarget<H>>{reinterpret_cast<u64>(h.p)}; }
template <class H>
auto guest_out(const H& h) { return GuestOut<std::remove_const_t<HandleTarget<H>>>{reinterpret_cast<u64>(h.p)}; }
template <class H>
auto guest_inout(const H& h) { return GuestInOut<std::remove_const_t<HandleTarget<H>>>{reinterpret_cast<u64>(h.p)}; }

}  // namespace xen
