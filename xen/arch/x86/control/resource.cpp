// SPDX-License-Identifier: MIT
// XENPF_resource_op (public/platform.h): the MSRs of cache monitoring (SDM 3B 18.18), and the counter as system time.
#include <asm/cpu.hpp>
#include <xen/guest_access.hpp>
#include <xen/smp.hpp>
#include <xen/time.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::arch {
namespace {

constexpr u32 kMostEntries = 3;
constexpr u64 kTsc = 0x10, kMonitorSelect = 0xc8d, kMonitorCount = 0xc8e;

struct Job {
    xenpf_resource_entry entries[kMostEntries];
    u32 count;
    u32 done;
};

s32 refusal(Errno e) { return -static_cast<s32>(e); }

s32 check(const xenpf_resource_entry& e) {
    if (e.rsvd) return refusal(Errno::inval);
    if (e.u.cmd != XEN_RESOURCE_OP_MSR_READ && e.u.cmd != XEN_RESOURCE_OP_MSR_WRITE) return refusal(Errno::opnotsupp);
    if (e.idx >> 32) return refusal(Errno::inval);
    bool allowed = e.idx == kTsc || e.idx == kMonitorSelect || e.idx == kMonitorCount;
    return allowed ? 0 : refusal(Errno::perm);
}

// How many entries stand before the first that is wrong.
u32 check_all(Job& job) {
    for (u32 i = 0; i < job.count; ++i)
        if (s32 r = check(job.entries[i])) {
            job.entries[i].u.ret = r;
            return i;
        }
    return job.count;
}

s32 read(xenpf_resource_entry& e) {
    if (e.idx == kTsc) {
        e.val = static_cast<u64>(time::now().raw());
        return 0;
    }
    auto v = rdmsr_safe(static_cast<u32>(e.idx));
    if (!v) return refusal(v.error());
    e.val = v.value();
    return 0;
}

s32 write(const xenpf_resource_entry& e) {
    if (e.idx == kTsc) return refusal(Errno::perm);
    Status s = wrmsr_safe(static_cast<u32>(e.idx), e.val);
    return s ? 0 : refusal(s.error());
}

void run(void* data) {
    Job& job = *static_cast<Job*>(data);
    u32 limit = job.done;
    for (job.done = 0; job.done < limit; ++job.done) {
        xenpf_resource_entry& e = job.entries[job.done];
        e.u.ret = e.u.cmd == XEN_RESOURCE_OP_MSR_READ ? read(e) : write(e);
        if (e.u.ret) return;
    }
}

}  // namespace

Result<s64> access_resources(const xenpf_resource_op& op) {
    if (!op.nr_entries) return 0;
    if (op.nr_entries > kMostEntries) return Errno::inval;
    Job job{};
    job.count = op.nr_entries;
    for (u32 i = 0; i < job.count; ++i) job.entries[i] = TRY(guest_in(op.entries).copy_in(i));
    job.done = check_all(job);
    if (job.done) {
        if (op.cpu >= kMaxCpus || !cpu_online.test(op.cpu)) return Errno::nodev;
        CpuMask cpus;
        cpus.set(op.cpu);
        smp::call_on(cpus, run, &job);
    }
    u32 told = job.done < job.count ? job.done + 1 : job.count;   // the failed one with its error
    for (u32 i = 0; i < told; ++i) TRY(guest_out(op.entries).copy_out(job.entries[i], i));
    return s64{job.done};
}

}  // namespace xen::arch
