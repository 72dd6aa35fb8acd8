// SPDX-License-Identifier: MIT
// Result<T>: a T or an Errno. TRY(expr) gives the value or returns the error from the enclosing function.
// TRY is the whole initialiser, right-hand side or statement, once per statement: inside a braced list
// compilers leak the members already built, and inside a larger expression it hides an exit.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "lib/errno.hpp"

namespace xen {

template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(Errno e) : error_{e}, ok_{false} {}
    template <class U = T>
        requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Errno>)
    Result(U&& v) : ok_{true} {
        ::new (static_cast<void*>(&value_)) T(std::forward<U>(v));
    }
    Result(Result&& o) noexcept : ok_{o.ok_} {
        if (ok_) ::new (static_cast<void*>(&value_)) T(std::move(o.value_));
        else error_ = o.error_;
    }
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    Result& operator=(Result&&) = delete;
    ~Result() {
        if (ok_) value_.~T();
    }

    explicit operator bool() const { return ok_; }
    bool ok() const { return ok_; }
    Errno error() const { return error_; }
    T& value() { return value_; }
    const T& value() const { return value_; }
    T take() && { return std::move(value_); }
    T value_or(T other) && { return ok_ ? std::move(value_) : std::move(other); }

private:
    union {
        T value_;
        Errno error_;
    };
    bool ok_;
};

// What TRY gives for a Result<T&>: a statement expression would copy a plain reference.
template <class T>
class Reference {
public:
    explicit Reference(T& v) : p_{&v} {}
    operator T&() const { return *p_; }

private:
    T* p_;
};

// References are kept as pointers.
template <class T>
class [[nodiscard]] Result<T&> {
public:
    using value_type = T&;
    Result(Errno e) : error_{e} {}
    Result(T& v) : value_{&v} {}
    explicit operator bool() const { return value_ != nullptr; }
    bool ok() const { return value_ != nullptr; }
    Errno error() const { return error_; }
    T& value() const { return *value_; }
    Reference<T> take() && { return Reference<T>{*value_}; }

private:
    T* value_ = nullptr;
    Errno error_{};
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    Result(Errno e) : error_{e}, ok_{false} {}
    explicit operator bool() const { return ok_; }
    bool ok() const { return ok_; }
    Errno error() const { return error_; }
    void take() && {}

private:
    Errno error_{};
    bool ok_ = true;
};

using Status = Result<void>;

// What a hypercall gives its caller in the return register: the value, or the negated errno.
inline s64 abi_value(const Result<s64>& r) { return r ? r.value() : abi_error(r.error()); }
inline s64 abi_value(const Status& r) { return r ? 0 : abi_error(r.error()); }

}  // namespace xen

#define TRY(...)                                              \
    ({                                                        \
        auto try_result_ = (__VA_ARGS__);                     \
        if (!try_result_) [[unlikely]]                        \
            return try_result_.error();                       \
        static_cast<decltype(try_result_)&&>(try_result_).take(); \
    })
