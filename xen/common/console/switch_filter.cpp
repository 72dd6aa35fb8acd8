// SPDX-License-Identifier: MIT
#include "common/console/input.hpp"

namespace xen::console {

char switch_code(Str option) {
    if (option.empty()) return 0;
    char c = option[0];
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 1) : '\0';
}

SwitchFilter::Out SwitchFilter::feed(char c) {
    if (code_ && c == code_) {
        if (++seen_ < 3) return {};
        seen_ = 0;
        return {true, 0, false};
    }
    Out out{false, seen_, true};
    seen_ = 0;
    return out;
}

}  // namespace xen::console
