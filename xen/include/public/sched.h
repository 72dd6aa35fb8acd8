/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_sched_op(cmd, arg): a guest gives up its CPU, its life, or its liberty to move. */
#ifndef __XEN_PUBLIC_SCHED_H__
#define __XEN_PUBLIC_SCHED_H__

#include "event_channel.h"

#define SCHEDOP_yield           0 /* no arg */
#define SCHEDOP_block           1 /* no arg; unmasks events and sleeps until one comes */
#define SCHEDOP_shutdown        2 /* sched_shutdown */
#define SCHEDOP_poll            3 /* sched_poll */
#define SCHEDOP_remote_shutdown 4 /* sched_remote_shutdown, privileged */
#define SCHEDOP_shutdown_code   5 /* sched_shutdown: note the reason, stay alive */
#define SCHEDOP_watchdog        6 /* sched_watchdog */
#define SCHEDOP_pin_override    7 /* sched_pin_override, hardware domain */

struct sched_shutdown {
    unsigned int reason; /* in: SHUTDOWN_* */
};
XENITH_ABI_TYPE_HANDLE(sched_shutdown);

struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports; /* in: any of these, with upcalls masked */
    unsigned int nr_ports;                 /* in */
    xenith_u64_t timeout;                  /* in: system time in ns, 0 for none */
};
XENITH_ABI_TYPE_HANDLE(sched_poll);

struct sched_remote_shutdown {
    domid_t domain_id;   /* in */
    unsigned int reason; /* in: SHUTDOWN_* */
};
XENITH_ABI_TYPE_HANDLE(sched_remote_shutdown);

struct sched_watchdog {
    uint32_t id;      /* in: 0 makes a new one, whose id the call returns */
    uint32_t timeout; /* in: seconds from now; 0 removes it */
};
XENITH_ABI_TYPE_HANDLE(sched_watchdog);

struct sched_pin_override {
    int32_t pcpu; /* in: pin the caller there for now; negative ends it */
};
XENITH_ABI_TYPE_HANDLE(sched_pin_override);

/* Reasons; the toolstack acts on them. */
#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5 /* tear down and set up again, keeping memory */
#define SHUTDOWN_MAX        5

#endif /* __XEN_PUBLIC_SCHED_H__ */
