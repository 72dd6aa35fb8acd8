// SPDX-License-Identifier: MIT
// An array of the running guest's whose whole range has been looked at, so that its elements need no look of their own
// (8 instructions each way). Elements come and go in words of 8 bytes. The rules are those of xen/guest_access.hpp.
#pragma once

#include <asm/guest_words.hpp>
#include <xen/guest_access.hpp>

namespace xen {

template <class T>
class GuestArray {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);

public:
    // Errno::fault where the guest may not name the range.
    static Result<GuestArray> at(u64 gva, u64 elements) {
        if (!arch::guest_range_ok(gva, elements * sizeof(T))) return Errno::fault;
        return GuestArray{gva};
    }
    u64 raw() const { return gva_; }
    GuestArray from(u64 i) const { return GuestArray{gva_ + i * sizeof(T)}; }

    [[gnu::always_inline]] Status copy_in(T& to, u64 i) const {
        u64 words[sizeof(T) / 8] = {};
        if (!arch::get_words(words, gva_ + i * sizeof(T))) [[unlikely]] return Errno::fault;
        __builtin_memcpy(static_cast<void*>(&to), words, sizeof(T));
        return {};
    }
    // The words from `start` on, counted in bytes.
    template <usize start>
    [[gnu::always_inline]] Status copy_rest_out(const T& from, u64 i) const {
        static_assert(start % 8 == 0 && start < sizeof(T));
        u64 words[(sizeof(T) - start) / 8];
        __builtin_memcpy(words, reinterpret_cast<const char*>(&from) + start, sizeof(words));
        if (!arch::put_words(gva_ + i * sizeof(T) + start, words)) [[unlikely]] return Errno::fault;
        return {};
    }
    // A member of 2, 4 or 8 bytes that stands `offset` bytes behind the start.
    template <usize offset, class M>
    [[gnu::always_inline]] Status copy_member_out(M value, u64 i) const {
        static_assert(offset + sizeof(M) <= sizeof(T));
        if (!arch::store_guest(gva_ + i * sizeof(T) + offset, value)) [[unlikely]] return Errno::fault;
        return {};
    }

private:
    explicit GuestArray(u64 gva) : gva_{gva} {}
    u64 gva_;
};

}  // namespace xen
