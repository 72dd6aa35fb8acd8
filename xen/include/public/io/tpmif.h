/* SPDX-License-Identifier: MIT */
/*
 * The virtual TPM. Version 2: one page holds a header and the command or the answer; extra pages
 * may follow. Version 1, with tpmif_tx_request, is only kept for its names. Keys:
 *   frontend  ring-ref, event-channel, feature-protocol-v2
 *   backend   feature-protocol-v2
 */
#ifndef __XEN_PUBLIC_IO_TPMIF_H__
#define __XEN_PUBLIC_IO_TPMIF_H__

#include "../grant_table.h"

struct tpmif_tx_request {
    unsigned long addr; /* machine address */
    grant_ref_t ref;
    uint16_t unused;
    uint16_t size;
};
typedef struct tpmif_tx_request tpmif_tx_request_t;

typedef uint32_t TPMIF_RING_IDX;

#define TPMIF_TX_RING_SIZE 1

struct tpmif_ring {
    struct tpmif_tx_request req;
};
typedef struct tpmif_ring tpmif_ring_t;

struct tpmif_tx_interface {
    struct tpmif_ring ring[TPMIF_TX_RING_SIZE];
};
typedef struct tpmif_tx_interface tpmif_tx_interface_t;

/* Who may touch the page: the frontend in IDLE and FINISH, the backend otherwise. */
enum tpmif_state {
    TPMIF_STATE_IDLE,
    TPMIF_STATE_SUBMIT, /* frontend: a command is there */
    TPMIF_STATE_FINISH, /* backend: the answer is there */
    TPMIF_STATE_CANCEL  /* frontend: never mind; the backend goes to IDLE or FINISH */
};

struct tpmif_shared_page {
    uint32_t length; /* of the command or the answer */
    uint8_t state;   /* enum tpmif_state */
    uint8_t locality;
    uint8_t pad;
    uint8_t nr_extra_pages;
    uint32_t extra_pages[0]; /* grants; the data starts behind them */
};
typedef struct tpmif_shared_page tpmif_shared_page_t;

#endif
