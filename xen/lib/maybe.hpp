// SPDX-License-Identifier: MIT
// Maybe<T>: a T or nothing, for trivially copyable T. "No frame" inside the hypervisor is an empty
// Maybe<Mfn>; the all-ones value of the ABI is translated at the edge.
#pragma once

#include <type_traits>

namespace xen {

struct Nothing {};
inline constexpr Nothing nothing{};

template <class T>
class Maybe {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    constexpr Maybe() = default;
    constexpr Maybe(Nothing) {}
    constexpr Maybe(T v) : value_{v}, has_{true} {}
    constexpr explicit operator bool() const { return has_; }
    constexpr const T& operator*() const { return value_; }
    constexpr T& operator*() { return value_; }
    constexpr const T* operator->() const { return &value_; }
    constexpr T value_or(T other) const { return has_ ? value_ : other; }
    friend constexpr bool operator==(const Maybe& a, const Maybe& b) {
        return a.has_ == b.has_ && (!a.has_ || a.value_ == b.value_);
    }

private:
    T value_{};
    bool has_ = false;
};

}  // namespace xen
