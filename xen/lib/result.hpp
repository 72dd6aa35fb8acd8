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

namespace detail {

// Value or error. What is trivial to move and to destroy stays so: such a Result comes back in registers.
template <class T, bool trivial = std::is_trivially_move_constructible_v<T> && std::is_trivially_destructible_v<T>>
struct ResultStorage {
    ResultStorage() {}
    ResultStorage(const ResultStorage&) = delete;
    ResultStorage(ResultStorage&& o) noexcept : ok{o.ok} {
        if (ok) ::new (static_cast<void*>(&value)) T(std::move(o.value));
        else error = o.error;
    }
    ResultStorage& operator=(const ResultStorage&) = delete;
    ~ResultStorage() {
        if (ok) value.~T();
    }
    union {
        T value;
        Errno error;
    };
    bool ok;
};

template <class T>
struct ResultStorage<T, true> {
    ResultStorage() {}
    union {
        T value;
        Errno error;
    };
    bool ok;
};

}  // namespace detail

template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(Errno e) {
        kept_.error = e;
        kept_.ok = false;
    }
    template <class U = T>
        requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Errno>)
    Result(U&& v) {
        ::new (static_cast<void*>(&kept_.value)) T(std::forward<U>(v));
        kept_.ok = true;
    }
    Result(Result&&) = default;
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    Result& operator=(Result&&) = delete;
    ~Result() = default;

    explicit operator bool() const { return kept_.ok; }
    bool ok() const { return kept_.ok; }
    Errno error() const { return kept_.error; }
    T& value() { return kept_.value; }
    const T& value() const { return kept_.value; }
    T take() && { return std::move(kept_.value); }
    T value_or(T other) && { return kept_.ok ? std::move(kept_.value) : std::move(other); }

private:
    detail::ResultStorage<T> kept_;
};
static_assert(std::is_trivially_move_constructible_v<Result<long>> && std::is_trivially_destructible_v<Result<long>>);

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

// 0 is success, as no Errno is.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    Result(Errno e) : code_{static_cast<u32>(e)} {}
    explicit operator bool() const { return code_ == 0; }
    bool ok() const { return code_ == 0; }
    Errno error() const { return static_cast<Errno>(code_); }
    void take() && {}

private:
    u32 code_ = 0;
};

using Status = Result<void>;

// What a hypercall gives its caller in the return register: the value, or the negated errno.
inline s64 abi_value(const Result<s64>& r) {
    if (r) [[likely]] return r.value();
    return abi_error(r.error());
}
inline s64 abi_value(const Status& r) { return -static_cast<s64>(r.error()); }

}  // namespace xen

#define TRY(...)                                              \
    ({                                                        \
        auto try_result_ = (__VA_ARGS__);                     \
        if (!try_result_) [[unlikely]]                        \
            return try_result_.error();                       \
        static_cast<decltype(try_result_)&&>(try_result_).take(); \
    })
