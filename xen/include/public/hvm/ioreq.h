/* SPDX-License-Identifier: MIT */
/*
 * Pages shared by the hypervisor and an ioreq server. A synchronous request goes through the states
 * NONE, READY (hypervisor filled it), INPROCESS (server took it), RESP_READY (server answered).
 */
#ifndef _IOREQ_H_
#define _IOREQ_H_

/* ioreq.dir */
#define IOREQ_WRITE             0
#define IOREQ_READ              1

/* ioreq.state */
#define STATE_IOREQ_NONE        0
#define STATE_IOREQ_READY       1
#define STATE_IOREQ_INPROCESS   2
#define STATE_IORESP_READY      3

/* ioreq.type */
#define IOREQ_TYPE_PIO          0
#define IOREQ_TYPE_COPY         1 /* memory-mapped */
#define IOREQ_TYPE_PCI_CONFIG   2 /* addr: 63:48 seg, 47:40 bus, 39:35 dev, 34:32 fn, 31:0 reg */
#define IOREQ_TYPE_TIMEOFFSET   7
#define IOREQ_TYPE_INVALIDATE   8 /* drop all cached mappings of the guest */

struct ioreq {
    uint64_t addr;
    uint64_t data;          /* value, or its guest-physical address if data_is_ptr */
    uint32_t count;         /* repetitions */
    uint32_t size;          /* bytes of one access */
    uint32_t vp_eport;      /* event channel of this vCPU */
    uint16_t _pad0;
    uint8_t state : 4;
    uint8_t data_is_ptr : 1;
    uint8_t dir : 1;
    uint8_t df : 1;         /* repetitions go downwards */
    uint8_t _pad1 : 1;
    uint8_t type;
};
typedef struct ioreq ioreq_t;

struct shared_iopage {
    struct ioreq vcpu_ioreq[1]; /* as many as the domain has vCPUs */
};
typedef struct shared_iopage shared_iopage_t;

/* A posted write. An access of eight bytes takes two slots, low half first. */
struct buf_ioreq {
    uint8_t type;
    uint8_t pad : 1;
    uint8_t dir : 1;
    uint8_t size : 2; /* log2 of the bytes */
    uint32_t addr : 20;
    uint32_t data;
};
typedef struct buf_ioreq buf_ioreq_t;

#define IOREQ_BUFFER_SLOT_NUM 511 /* fills the page behind the pointers */

/* The hypervisor accesses both free-running pointers as one word. */
struct buffered_iopage {
#ifdef __XEN__
    union bufioreq_pointers {
        struct {
            uint32_t read_pointer;
            uint32_t write_pointer;
        };
        uint64_t full;
    } ptrs;
#else
    uint32_t read_pointer;
    uint32_t write_pointer;
#endif
    buf_ioreq_t buf_ioreq[IOREQ_BUFFER_SLOT_NUM];
};
typedef struct buffered_iopage buffered_iopage_t;

/* ACPI register blocks, by the version in HVM_PARAM_ACPI_IOPORTS_LOCATION. */
#define ACPI_PM1A_EVT_BLK_ADDRESS_V0 0x1f40
#define ACPI_PM1A_CNT_BLK_ADDRESS_V0 0x1f44
#define ACPI_PM_TMR_BLK_ADDRESS_V0   0x1f48
#define ACPI_GPE0_BLK_ADDRESS_V0     0x1f68
#define ACPI_GPE0_BLK_LEN_V0         0x08

#define ACPI_PM1A_EVT_BLK_ADDRESS_V1 0xb000
#define ACPI_PM1A_CNT_BLK_ADDRESS_V1 0xb004
#define ACPI_PM_TMR_BLK_ADDRESS_V1   0xb008
#define ACPI_GPE0_BLK_ADDRESS_V1     0xafe0
#define ACPI_GPE0_BLK_LEN_V1         0x04

/* The names without a version mean version 0. */
#define ACPI_PM1A_EVT_BLK_ADDRESS    ACPI_PM1A_EVT_BLK_ADDRESS_V0
#define ACPI_PM1A_CNT_BLK_ADDRESS    ACPI_PM1A_CNT_BLK_ADDRESS_V0
#define ACPI_PM_TMR_BLK_ADDRESS      ACPI_PM_TMR_BLK_ADDRESS_V0
#define ACPI_GPE0_BLK_ADDRESS        ACPI_GPE0_BLK_ADDRESS_V0
#define ACPI_GPE0_BLK_LEN            ACPI_GPE0_BLK_LEN_V0

#endif
