// SPDX-License-Identifier: MIT
// What a count found to be wrong: each finding begins with the name of the broken rule (docs/proving.md lists them).
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include <string>

namespace xen::census {

class Findings {
public:
    [[gnu::format(printf, 3, 4)]] void add(const char* rule, const char* form, ...) {
        if (++count_ > kMost) return;
        char text[240];
        va_list args;
        va_start(args, form);
        vsnprintf(text, sizeof(text), form, args);
        va_end(args);
        text_ += std::string{rule} + ": " + text + "\n";
    }
    bool any() const { return count_ != 0; }
    const std::string& text() const { return text_; }

private:
    static constexpr unsigned kMost = 6;   // the first few say enough
    unsigned count_ = 0;
    std::string text_{};
};

}  // namespace xen::census
