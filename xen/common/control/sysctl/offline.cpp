// SPDX-License-Identifier: MIT
// XEN_SYSCTL_page_offline_op: memory out of use. The page allocator cannot set a frame aside yet, so every frame is
// online, and taking one offline fails with the status that says so.
#include <xen/hypercall.hpp>
#include <xen/page.hpp>
#include <xen/refusal.hpp>

#include "common/control/sysctl/sysctl.hpp"

namespace xen::control::sysctls {
namespace {

constexpr u32 kFramesPerStep = 512;

struct Answer {
    u32 status = 0;
    Status result;
};

Answer one(u32 cmd, u64 frame) {
    if (frame >= max_frame.raw()) return {cmd == sysctl_query_page_offline ? 0 : u32{PG_OFFLINE_INVALID}, Errno::inval};
    switch (cmd) {
    case sysctl_page_offline: return {PG_OFFLINE_FAILED, Errno::perm};
    case sysctl_page_online: return {};   // it was: neither onlined nor failed
    default: return {};
    }
}

}  // namespace

Status offline_pages(xen_sysctl_page_offline_op& x) {
    if (x.end < x.start) return refuse(Errno::inval, "end is %#x, before start, %#x", x.end, x.start);
    if (x.cmd < sysctl_page_offline || x.cmd > sysctl_query_page_offline) {
        TRY(guest_out(x.status).copy_out(u32{0}, 0));   // ABI: a list that cannot be written is told first
        return refuse(Errno::inval, "cmd is %u: there is no such one", x.cmd);
    }
    for (u64 done = 0; x.start + done <= x.end; ++done) {
        if (done && done % kFramesPerStep == 0 && hypercall::preempt_due()) {
            x.start += static_cast<u32>(done);
            x.status.p += done;
            return Errno::restart;
        }
        Answer a = one(x.cmd, x.start + done);
        TRY(guest_out(x.status).copy_out(a.status, done));
        if (!a.result) return refuse(a.result.error(), "frame %#llx cannot be taken out of use", static_cast<unsigned long long>(x.start + done));
    }
    return {};
}

}  // namespace xen::control::sysctls
