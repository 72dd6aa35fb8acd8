// SPDX-License-Identifier: MIT
// Text on the hypervisor's console. A line is collected and written by one console_io call, so that
// the hypervisor's own messages never break it. Format: {} is decimal or text, {x} hexadecimal.
#pragma once
#include "guest.hpp"
#include <type_traits>

class Arg {
public:
    Arg(const char* text) : text_{text} {}
    Arg(bool value) : text_{value ? "true" : "false"} {}
    template <class T>
        requires std::is_integral_v<T> Arg(T value)
            : value_{static_cast<u64>(static_cast<s64>(value))},
              negative_{std::is_signed_v<T> && value < T{0}} {
            if constexpr (std::is_unsigned_v<T>) value_ = value;
        }
        const char* text() const { return text_; }
        u64 value() const { return value_; }
        bool negative() const { return negative_; }

    private:
        const char* text_ = nullptr;
        u64 value_ = 0;
        bool negative_ = false;
};

void print_args(const char* format, const Arg* args, unsigned count);

template <class... A> void print(const char* format, A... args) {
    const Arg list[] = {Arg{args}..., Arg{0}};
    print_args(format, list, sizeof...(args));
}

const char* errno_name(long negative_errno);
