// SPDX-License-Identifier: MIT
#include "preempt.hpp"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

namespace xen::census {

std::function<bool()> preemption;
LastWords last_words;

}  // namespace xen::census

using xen::census::last_words;

extern "C" {
bool __wrap__ZN3xen9hypercall11preempt_dueEv();
[[noreturn]] void __wrap__ZN3xen3bugEPKcS1_i(const char* condition, const char* file, int line);
[[noreturn, gnu::format(printf, 1, 2)]] void __wrap__ZN3xen5panicEPKcz(const char* form, ...);
}

bool __wrap__ZN3xen9hypercall11preempt_dueEv() { return xen::census::preemption && xen::census::preemption(); }

void __wrap__ZN3xen3bugEPKcS1_i(const char* condition, const char* file, int line) {
    if (last_words.text) snprintf(last_words.text, last_words.size, "core-assertion: %s, %s:%d\n", condition, file, line);
    _exit(3);
}

void __wrap__ZN3xen5panicEPKcz(const char* form, ...) {
    va_list args;
    va_start(args, form);
    if (last_words.text) {
        int n = snprintf(last_words.text, last_words.size, "core-panic: ");
        vsnprintf(last_words.text + n, last_words.size - static_cast<unsigned>(n), form, args);
    }
    va_end(args);
    _exit(3);
}
