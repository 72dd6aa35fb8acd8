// SPDX-License-Identifier: MIT
// What clang's -fsanitize-coverage=trace-cmp calls (clang's page on SanitizerCoverage, "Tracing data flow").
#include "work.hpp"

namespace {

thread_local xen::u64 units;

}  // namespace

namespace xen::work {

u64 done() { return units; }

}  // namespace xen::work

#define COUNTS(name, type)                                                                     \
    __attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_##name(type, type);    \
    __attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_##name(type, type) {   \
        ++units;                                                                               \
    }

extern "C" {
COUNTS(cmp1, xen::u8)
COUNTS(cmp2, xen::u16)
COUNTS(cmp4, xen::u32)
COUNTS(cmp8, xen::u64)
COUNTS(const_cmp1, xen::u8)
COUNTS(const_cmp2, xen::u16)
COUNTS(const_cmp4, xen::u32)
COUNTS(const_cmp8, xen::u64)
__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_switch(xen::u64, xen::u64*);
__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_switch(xen::u64, xen::u64*) { ++units; }
}
