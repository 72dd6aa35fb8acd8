/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xenoprof_op(cmd, arg): OProfile for all domains, the ancestor of pmu.h. "Primary" is
 * the domain that controls a session. Members are in unless they say out.
 */
#ifndef __XEN_PUBLIC_XENOPROF_H__
#define __XEN_PUBLIC_XENOPROF_H__

#include "xen.h"

#define XENOPROF_init                0
#define XENOPROF_reset_active_list   1
#define XENOPROF_reset_passive_list  2
#define XENOPROF_set_active          3
#define XENOPROF_set_passive         4
#define XENOPROF_reserve_counters    5
#define XENOPROF_counter             6
#define XENOPROF_setup_events        7
#define XENOPROF_enable_virq         8
#define XENOPROF_start               9
#define XENOPROF_stop               10
#define XENOPROF_disable_virq       11
#define XENOPROF_release_counters   12
#define XENOPROF_shutdown           13
#define XENOPROF_get_buffer         14
#define XENOPROF_set_backtrace      15
#define XENOPROF_get_ibs_caps       16 /* AMD instruction based sampling */
#define XENOPROF_ibs_counter        17
#define XENOPROF_last_op            17

#define MAX_OPROF_EVENTS       32
#define MAX_OPROF_DOMAINS      25
#define XENOPROF_CPU_TYPE_SIZE 64

/* A sample */
struct event_log {
    xenith_u64_t eip;
    uint8_t mode; /* 0 user, 1 kernel, 2 hypervisor */
    uint8_t event;
};

/* eip of an entry whose event is a code: */
#define XENOPROF_ESCAPE_CODE (~xen_mk_ullong(0))
#define XENOPROF_TRACE_BEGIN 1

/* Shared ring of one vCPU; all but event_tail is out */
struct xenoprof_buf {
    uint32_t event_head;
    uint32_t event_tail; /* written by the guest */
    uint32_t event_size; /* entries */
    uint32_t vcpu_id;
    xenith_u64_t xen_samples;
    xenith_u64_t kernel_samples;
    xenith_u64_t user_samples;
    xenith_u64_t lost_samples;
    struct event_log event_log[1]; /* event_size of them */
};
#ifndef __XEN__
XENITH_ABI_TYPE_HANDLE(xenoprof_buf);
#endif

struct xenoprof_init { /* all out */
    int32_t num_events;
    int32_t is_primary;
    char cpu_type[XENOPROF_CPU_TYPE_SIZE];
};
XENITH_ABI_TYPE_HANDLE(xenoprof_init);

struct xenoprof_get_buffer {
    int32_t max_samples;
    int32_t nbuf;            /* out */
    int32_t bufsize;         /* out */
    xenith_u64_t buf_gmaddr; /* in if translated, else out */
};
XENITH_ABI_TYPE_HANDLE(xenoprof_get_buffer);

struct xenoprof_counter {
    uint32_t ind;
    xenith_u64_t count;
    uint32_t enabled;
    uint32_t event;
    uint32_t hypervisor;
    uint32_t kernel;
    uint32_t user;
    xenith_u64_t unit_mask;
};
XENITH_ABI_TYPE_HANDLE(xenoprof_counter);

typedef struct xenoprof_passive {
    uint16_t domain_id;
    int32_t max_samples;
    int32_t nbuf;            /* out */
    int32_t bufsize;         /* out */
    xenith_u64_t buf_gmaddr; /* in if translated, else out */
} xenoprof_passive_t;
DEFINE_XEN_GUEST_HANDLE(xenoprof_passive_t);

struct xenoprof_ibs_counter {
    xenith_u64_t op_enabled;
    xenith_u64_t fetch_enabled;
    xenith_u64_t max_cnt_fetch;
    xenith_u64_t max_cnt_op;
    xenith_u64_t rand_en;
    xenith_u64_t dispatched_ops;
};
XENITH_ABI_TYPE_HANDLE(xenoprof_ibs_counter);

#endif /* __XEN_PUBLIC_XENOPROF_H__ */
