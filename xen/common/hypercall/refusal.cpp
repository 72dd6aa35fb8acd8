// SPDX-License-Identifier: MIT
#include <xen/refusal.hpp>

#include "lib/errno_name.hpp"
#include "lib/format.hpp"

namespace xen {
namespace refusal {

XEN_PERCPU constinit PerCpu<Note> notes;

}  // namespace refusal

Errno refuse(Errno e, const char* fmt, ...) {
    refusal::Note& n = refusal::notes.local();
    va_list args;
    va_start(args, fmt);
    vformat(n.reason, sizeof(n.reason), fmt, args);
    va_end(args);
    n.errno_value = static_cast<u16>(e);
    return e;
}

namespace refusal {

void report(const char* call, const char* name, u64 number, Errno e, log::Level level) {
    const Note& n = notes.local();
    char what[32], whom[16] = "";
    if (name) format(what, sizeof(what), "%s", name);
    else format(what, sizeof(what), "operation %llu", static_cast<unsigned long long>(number));
    if (n.domain != DOMID_INVALID) format(whom, sizeof(whom), " of d%u", n.domain);
    bool explained = n.errno_value == static_cast<u16>(e);
    log::guest(level, "d%u: %s %s%s: %s%s%s", current_domain().id.raw(), call, what, whom, errno_name(e), explained ? ": " : "",
               explained ? n.reason : "");
}

}  // namespace refusal
}  // namespace xen
