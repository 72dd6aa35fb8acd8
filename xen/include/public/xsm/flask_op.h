/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xsm_op(op) where the security module is FLASK: its policy and what it decides. Members
 * are in unless they say otherwise.
 */
#ifndef __FLASK_OP_H__
#define __FLASK_OP_H__

#include "../event_channel.h"

#define XEN_FLASK_INTERFACE_VERSION 1

struct xen_flask_load {
    XEN_GUEST_HANDLE(char) buffer; /* binary policy */
    uint32_t size;
};
XENITH_ABI_TYPE(xen_flask_load);

struct xen_flask_setenforce {
    uint32_t enforcing; /* 0: only report */
};
XENITH_ABI_TYPE(xen_flask_setenforce);

/* CONTEXT_TO_SID, SID_TO_CONTEXT */
struct xen_flask_sid_context {
    uint32_t sid;  /* in or out */
    uint32_t size; /* in: room or length; out: length */
    XEN_GUEST_HANDLE(char) context; /* in or out */
};
XENITH_ABI_TYPE(xen_flask_sid_context);

struct xen_flask_access {
    uint32_t ssid;        /* subject */
    uint32_t tsid;        /* object */
    uint32_t tclass;      /* kind of object */
    uint32_t req;         /* permissions asked for */
    uint32_t allowed;     /* out: permissions granted */
    uint32_t audit_allow; /* out */
    uint32_t audit_deny;  /* out */
    uint32_t seqno;       /* out: of the policy */
};
XENITH_ABI_TYPE(xen_flask_access);

/* CREATE, RELABEL, MEMBER */
struct xen_flask_transition {
    uint32_t ssid;
    uint32_t tsid;
    uint32_t tclass;
    uint32_t newsid; /* out */
};
XENITH_ABI_TYPE(xen_flask_transition);

#if __XEN_INTERFACE_VERSION__ < 0x00040800
/* USER, gone */
struct xen_flask_userlist {
    uint32_t start_sid;
    uint32_t size;
    union {
        XEN_GUEST_HANDLE(char) user;
        XEN_GUEST_HANDLE(uint32) sids;
    } u;
};
#endif

/* GETBOOL, SETBOOL: by number, or by name if the number is -1 */
struct xen_flask_boolean {
    uint32_t bool_id;  /* in and out */
    uint8_t enforcing; /* out: value in force */
    uint8_t pending;   /* out: value after COMMITBOOLS */
    uint8_t new_value; /* SETBOOL */
    uint8_t commit;    /* SETBOOL: not 0 to commit all at once */
    uint32_t size;     /* in: room or length; out: length */
    XEN_GUEST_HANDLE(char) name; /* in, or out if size is not 0 */
};
XENITH_ABI_TYPE(xen_flask_boolean);

struct xen_flask_setavc_threshold {
    uint32_t threshold; /* out for GETAVC_THRESHOLD */
};
XENITH_ABI_TYPE(xen_flask_setavc_threshold);

/* AVC_HASHSTATS, AVC_CACHESTATS: of the cache of decisions; out but cpu */
struct xen_flask_hash_stats {
    uint32_t entries;
    uint32_t buckets_used;
    uint32_t buckets_total;
    uint32_t max_chain_len;
};
XENITH_ABI_TYPE(xen_flask_hash_stats);
struct xen_flask_cache_stats {
    uint32_t cpu;
    uint32_t lookups;
    uint32_t hits;
    uint32_t misses;
    uint32_t allocations;
    uint32_t reclaims;
    uint32_t frees;
};
XENITH_ABI_TYPE(xen_flask_cache_stats);

/* ADD_OCONTEXT, DEL_OCONTEXT: label of a range of hardware */
struct xen_flask_ocontext {
    uint32_t ocon; /* kind of hardware */
    uint32_t sid;
    xenith_u64_t low, high;
};
XENITH_ABI_TYPE(xen_flask_ocontext);

struct xen_flask_peersid {
    evtchn_port_t evtchn;
    uint32_t sid; /* out: of the domain at the other end */
};
XENITH_ABI_TYPE(xen_flask_peersid);

struct xen_flask_relabel {
    uint32_t domid;
    uint32_t sid;
};
XENITH_ABI_TYPE(xen_flask_relabel);

struct xen_flask_devicetree_label {
    uint32_t sid;
    uint32_t length; /* of path */
    XEN_GUEST_HANDLE(char) path;
};
XENITH_ABI_TYPE(xen_flask_devicetree_label);

struct xen_flask_op {
    uint32_t cmd;
#define FLASK_LOAD             1
#define FLASK_GETENFORCE       2
#define FLASK_SETENFORCE       3
#define FLASK_CONTEXT_TO_SID   4
#define FLASK_SID_TO_CONTEXT   5
#define FLASK_ACCESS           6
#define FLASK_CREATE           7
#define FLASK_RELABEL          8
#define FLASK_USER             9 /* gone */
#define FLASK_POLICYVERS       10
#define FLASK_GETBOOL          11
#define FLASK_SETBOOL          12
#define FLASK_COMMITBOOLS      13
#define FLASK_MLS              14
#define FLASK_DISABLE          15
#define FLASK_GETAVC_THRESHOLD 16
#define FLASK_SETAVC_THRESHOLD 17
#define FLASK_AVC_HASHSTATS    18
#define FLASK_AVC_CACHESTATS   19
#define FLASK_MEMBER           20
#define FLASK_ADD_OCONTEXT     21
#define FLASK_DEL_OCONTEXT     22
#define FLASK_GET_PEER_SID     23
#define FLASK_RELABEL_DOMAIN   24
#define FLASK_DEVICETREE_LABEL 25
    uint32_t interface_version; /* XEN_FLASK_INTERFACE_VERSION */
    union {
        xen_flask_load_t load;
        xen_flask_setenforce_t enforce;
        xen_flask_sid_context_t sid_context;
        xen_flask_access_t access;
        xen_flask_transition_t transition;
#if __XEN_INTERFACE_VERSION__ < 0x00040800
        struct xen_flask_userlist userlist;
#endif
        xen_flask_boolean_t boolean;
        xen_flask_setavc_threshold_t setavc_threshold;
        xen_flask_hash_stats_t hash_stats;
        xen_flask_cache_stats_t cache_stats;
        xen_flask_ocontext_t ocontext;
        xen_flask_peersid_t peersid;
        xen_flask_relabel_t relabel;
        xen_flask_devicetree_label_t devicetree_label;
    } u;
};
XENITH_ABI_TYPE_HANDLE(xen_flask_op);

#endif /* __FLASK_OP_H__ */
