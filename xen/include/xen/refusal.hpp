// SPDX-License-Identifier: MIT
// Why an operation of domctl, sysctl or memory_op failed. Whoever refuses notes the reason with refuse(); the operation's
// end writes one line that names the caller, the operation, the domain, the error and the reason. So `xl dmesg` explains
// what a tool only calls "Invalid argument". Such lines are what a guest caused: rate limited, judged by guest_loglvl.
// For hypercalls only, which do not leave their CPU between begin() and the end.
#pragma once

#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/percpu.hpp>

namespace xen {

// Gives `e` back, so that it can be what is returned. Of several reasons the last one with the operation's error counts.
[[gnu::cold, gnu::format(printf, 2, 3)]] Errno refuse(Errno e, const char* fmt, ...);

namespace refusal {

struct Note {
    u16 errno_value = 0;             // 0: nothing is noted
    u16 domain = DOMID_INVALID;      // none
    char reason[120];
};
extern PerCpu<Note> notes;

inline void begin() {                // an operation starts, and nothing is noted
    Note& n = notes.local();
    n.errno_value = 0;
    n.domain = DOMID_INVALID;
}
inline void concerns(DomId id) { notes.local().domain = id.raw(); }   // whom it is about

// The error that was noted last.
inline Errno noted() { return static_cast<Errno>(notes.local().errno_value); }

// The line: "d0: domctl max_vcpus of d3: EINVAL: max is 9, the domain was created for 4". A null name is an unknown
// operation's.
[[gnu::cold]] void report(const char* call, const char* name, u64 number, Errno e, log::Level level = log::Level::warning);

}  // namespace refusal
}  // namespace xen
