/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol: a message is a struct xsd_sockmsg and len bytes of payload, over a socket
 * or over a page with two byte rings (struct xenstore_domain_interface; "req" goes to the daemon).
 * Replies repeat type, req_id and tx_id; a failure is an XS_ERROR whose payload is an errno's name.
 */
#ifndef _XS_WIRE_H
#define _XS_WIRE_H

enum xsd_sockmsg_type {
    XS_CONTROL,
    XS_DIRECTORY,
    XS_READ,
    XS_GET_PERMS,
    XS_WATCH,
    XS_UNWATCH,
    XS_TRANSACTION_START,
    XS_TRANSACTION_END,
    XS_INTRODUCE,
    XS_RELEASE,
    XS_GET_DOMAIN_PATH,
    XS_WRITE,
    XS_MKDIR,
    XS_RM,
    XS_SET_PERMS,
    XS_WATCH_EVENT, /* unasked, from the daemon */
    XS_ERROR,
    XS_IS_DOMAIN_INTRODUCED,
    XS_RESUME,
    XS_SET_TARGET,
    XS_RESET_WATCHES = 21, /* 20 was XS_RESTRICT */
    XS_DIRECTORY_PART,

    XS_TYPE_COUNT,

    XS_INVALID = 0xffff /* no message will ever have this type */
};

#define XS_DEBUG             XS_CONTROL /* its name in old clients */

/* Flags of XS_WRITE in the first protocol; not sent any more. */
#define XS_WRITE_NONE        "NONE"
#define XS_WRITE_CREATE      "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

/* Translation of XS_ERROR's payload, for programs that have errno.h. */
struct xsd_errors {
    int errnum;
    const char *errstring;
};
#ifdef EINVAL
#define XSD_ERROR(x) {x, #x}
#ifdef __GNUC__
__attribute__((unused))
#endif
static const struct xsd_errors xsd_errors[] = {
    /* The order is fixed: the daemon answers with the first when it knows no better. */
    XSD_ERROR(EINVAL), XSD_ERROR(EACCES), XSD_ERROR(EEXIST),    XSD_ERROR(EISDIR),
    XSD_ERROR(ENOENT), XSD_ERROR(ENOMEM), XSD_ERROR(ENOSPC),    XSD_ERROR(EIO),
    XSD_ERROR(ENOTEMPTY), XSD_ERROR(ENOSYS), XSD_ERROR(EROFS),  XSD_ERROR(EBUSY),
    XSD_ERROR(EAGAIN), XSD_ERROR(EISCONN), XSD_ERROR(E2BIG),    XSD_ERROR(EPERM),
};
#endif

struct xsd_sockmsg {
    uint32_t type;   /* xsd_sockmsg_type */
    uint32_t req_id; /* chosen by the client */
    uint32_t tx_id;  /* transaction, or 0 */
    uint32_t len;    /* of the payload */
};

/* Parts of an XS_WATCH_EVENT's payload. */
enum xs_watch_type {
    XS_WATCH_PATH,
    XS_WATCH_TOKEN
};

/* Limits. A longer payload breaks the connection; a longer path is an error reply. */
#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_RING_SIZE    1024
typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

/* server_features (written by the daemon): what the fields behind it mean anything for. */
#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

/* connection: the guest asks for a reconnect, the daemon clears it when done. */
#define XENSTORE_CONNECTED     0
#define XENSTORE_RECONNECT     1

/* error: why the daemon gave up this ring. */
#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1
#define XENSTORE_ERROR_RINGIDX 2
#define XENSTORE_ERROR_PROTO   3

struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE];
    char rsp[XENSTORE_RING_SIZE];
    XENSTORE_RING_IDX req_cons, req_prod;
    XENSTORE_RING_IDX rsp_cons, rsp_prod;
    uint32_t server_features;
    uint32_t connection;
    uint32_t error;
};

#endif
