/* SPDX-License-Identifier: MIT */
/*
 * Exercises the macros and functions of io/ring.h, io/netif.h, io/fbif.h and hvm/save.h that are no
 * constants, and prints what they do. tests/abi/run builds it with Xen's headers and with ours, and
 * compares the two outputs. Random numbers are the program's own, so that they are the same twice.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned int barriers;
#define mb()  (++barriers)
#define rmb() (++barriers)
#define wmb() (++barriers)
#define xen_mb  mb
#define xen_rmb rmb
#define xen_wmb wmb
#define XEN_NETIF_DEFINE_TOEPLITZ

#include "public/xen.h"
#include "public/grant_table.h"
#include "public/io/fbif.h"
#include "public/io/netif.h"
#include "public/io/ring.h"
#include "public/io/xs_wire.h"
#include "public/hvm/save.h"

struct request {
    uint32_t a, b;
};
struct response {
    uint32_t c;
};
DEFINE_RING_TYPES(test, struct request, struct response);
DEFINE_XEN_FLEX_RING_AND_INTF(flex);

static uint32_t seed = 12345;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % below;
}

/* A frontend and a backend that do random steps; indices start shortly before they wrap around. */
static void slotted_ring(void)
{
    static union {
        test_sring_t ring;
        char bytes[4096];
    } page;
    test_front_ring_t front;
    test_back_ring_t back;
    const RING_IDX start = 0xffffff00u;
    int step;

    memset(&page, 0xaa, sizeof(page));
    XEN_FRONT_RING_INIT(&front, &page.ring, sizeof(page));
    BACK_RING_INIT(&back, &page.ring, sizeof(page));
    printf("size %u %u\n", RING_SIZE(&front), (unsigned int)__CONST_RING_SIZE(test, 4096));
    printf("empty %u %u %u %u\n", page.ring.req_prod, page.ring.req_event, page.ring.rsp_prod,
           page.ring.rsp_event);
    page.ring.req_prod = page.ring.rsp_prod = start;
    page.ring.req_event = page.ring.rsp_event = start + 1;
    FRONT_RING_ATTACH(&front, &page.ring, start, sizeof(page));
    BACK_RING_ATTACH(&back, &page.ring, start, sizeof(page));
    for (step = 0; step < 20000; step++) {
        int notify = -1, work = -1;
        struct request request = {0, 0};
        struct response response = {0};

        switch (next_random(8)) {
        case 0:
        case 1:
            if (!RING_FULL(&front))
                RING_GET_REQUEST(&front, front.req_prod_pvt++)->a = next_random(1000);
            break;
        case 2:
            RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
            break;
        case 3:
            if (RING_HAS_UNCONSUMED_REQUESTS(&back)) {
                RING_COPY_REQUEST(&back, back.req_cons, &request);
                back.req_cons++;
                RING_GET_RESPONSE(&back, back.rsp_prod_pvt++)->c = request.a + 1;
            }
            break;
        case 4:
            RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
            break;
        case 5:
            if (RING_HAS_UNCONSUMED_RESPONSES(&front)) {
                RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
                front.rsp_cons++;
            }
            break;
        case 6:
            RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
            break;
        default:
            RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
            break;
        }
        if (next_random(64) == 0)
            RING_PUSH_REQUESTS(&front);
        if (next_random(64) == 0)
            RING_PUSH_RESPONSES(&back);
        if (next_random(256) == 0) /* a frontend that lies */
            page.ring.req_prod += next_random(2 * RING_SIZE(&back));
        printf("%d: %u %u %u %u, %u %u %u %u, %d %d %u %u, %u %u %u %d %d %d %u\n", step,
               page.ring.req_prod, page.ring.req_event, page.ring.rsp_prod, page.ring.rsp_event,
               front.req_prod_pvt, front.rsp_cons, back.rsp_prod_pvt, back.req_cons, notify, work,
               request.a, response.c, RING_FREE_REQUESTS(&front),
               XEN_RING_NR_UNCONSUMED_REQUESTS(&back), XEN_RING_NR_UNCONSUMED_RESPONSES(&front),
               RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons),
               RING_REQUEST_PROD_OVERFLOW(&back, page.ring.req_prod),
               RING_RESPONSE_PROD_OVERFLOW(&front, page.ring.rsp_prod), barriers);
        if (RING_REQUEST_PROD_OVERFLOW(&back, page.ring.req_prod))
            page.ring.req_prod = front.req_prod_pvt;
    }
}

static void byte_ring(void)
{
    unsigned char ring[64], packet[64];
    RING_IDX prod = 0xffffffe0u, cons = prod;
    int step;
    unsigned int i;

    memset(ring, 0, sizeof(ring));
    printf("flex %lu %lu\n", XEN_FLEX_RING_SIZE(0), XEN_FLEX_RING_SIZE(9));
    for (step = 0; step < 5000; step++) {
        const RING_IDX queued = flex_queued(prod, cons, sizeof(ring));
        RING_IDX masked_prod = flex_mask(prod, sizeof(ring));
        RING_IDX masked_cons = flex_mask(cons, sizeof(ring));
        const RING_IDX room = sizeof(ring) - queued;

        if (next_random(2) && room) {
            const RING_IDX size = 1 + next_random(room);

            for (i = 0; i < size; i++)
                packet[i] = (unsigned char)next_random(256);
            flex_write_packet(ring, packet, size, &masked_prod, masked_cons, sizeof(ring));
            prod += size;
        } else if (queued) {
            const RING_IDX size = 1 + next_random(queued);

            memset(packet, 0, sizeof(packet));
            flex_read_packet(packet, ring, size, masked_prod, &masked_cons, sizeof(ring));
            cons += size;
        }
        printf("%d: %u %u %u %u %u %d:", step, prod, cons, masked_prod, masked_cons, queued,
               (int)(flex_get_ring_ptr(ring, prod, sizeof(ring)) - ring));
        for (i = 0; i < sizeof(ring); i++)
            printf(" %02x %02x", ring[i], packet[i]);
        printf("\n");
    }
}

static void hashes(void)
{
    uint8_t key[40], data[36];
    unsigned int round, i;

    for (round = 0; round < 500; round++) {
        const unsigned int key_length = next_random(sizeof(key) + 1);
        const unsigned int length = next_random(sizeof(data) + 1);

        for (i = 0; i < sizeof(key); i++)
            key[i] = (uint8_t)next_random(256);
        for (i = 0; i < sizeof(data); i++)
            data[i] = (uint8_t)next_random(256);
        printf("hash %08x\n", xen_netif_toeplitz_hash(key, key_length, data, length));
    }
}

static void records(void)
{
    static union {
        struct hvm_hw_cpu now;
        struct hvm_hw_cpu_compat old;
        unsigned char bytes[sizeof(struct hvm_hw_cpu)];
    } cpu;
    static char page[4096];
    unsigned int round, i;

    for (round = 0; round < 2; round++) {
        for (i = 0; i < sizeof(cpu); i++)
            cpu.bytes[i] = (unsigned char)next_random(256);
        if (round == 0) /* padding at the end of the new record is nobody's */
            cpu.now.pad0 = 0;
        printf("fix %d:", _hvm_hw_fix_cpu(&cpu, round ? sizeof(cpu.old) : sizeof(cpu.now)));
        for (i = 0; i < offsetof(struct hvm_hw_cpu, pad0); i++)
            printf(" %02x", cpu.bytes[i]);
        printf("\n");
    }
    printf("save %zu %zu %zu\n", HVM_SAVE_LENGTH(CPU), HVM_SAVE_CODE(CPU), HVM_SAVE_CODE(END));
    for (i = 0; i < 60; i++)
        printf("fb %td %td\n", (char *)&XENFB_IN_RING_REF(page, i) - page,
               (char *)&XENFB_OUT_RING_REF(page, i) - page);
    for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        printf("xs %d %s\n", xsd_errors[i].errnum, xsd_errors[i].errstring);
}

int main(void)
{
    slotted_ring();
    byte_ring();
    hashes();
    records();
    return 0;
}
