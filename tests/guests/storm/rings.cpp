// SPDX-License-Identifier: MIT
#include "rings.hpp"
#include "event.hpp"
#include "lib.hpp"
#include "page.hpp"
#include <public/io/console.h>
#include <public/io/xs_wire.h>
#include <public/sched.h>

namespace {

constexpr unsigned kConsoleWindow = 14, kStoreWindow = 15;   // of page.hpp; the grants' tables use those before
constexpr unsigned kTries = 50;

xencons_interface& console() { return *reinterpret_cast<xencons_interface*>(window(kConsoleWindow)); }
xenstore_domain_interface& store() { return *reinterpret_cast<xenstore_domain_interface*>(window(kStoreWindow)); }

u32 read_index(const u32& index) { return __atomic_load_n(&index, __ATOMIC_ACQUIRE); }
void write_index(u32& index, u32 value) { __atomic_store_n(&index, value, __ATOMIC_RELEASE); }

void put_request(const void* bytes, u32 length) {
    xenstore_domain_interface& s = store();
    u32 at = s.req_prod;
    for (u32 i = 0; i < length; ++i) s.req[MASK_XENSTORE_IDX(at++)] = static_cast<const char*>(bytes)[i];
    write_index(s.req_prod, at);
}

} // namespace

void map_rings() {
    window_map(kConsoleWindow, boot_info->console.domU.mfn, kReadWrite);
    window_map(kStoreWindow, boot_info->store_mfn, kReadWrite);
}

u32 console_port() { return boot_info->console.domU.evtchn; }
u32 store_port() { return boot_info->store_evtchn; }

u32 console_room() {
    xencons_interface& c = console();
    return static_cast<u32>(sizeof(c.out)) - (c.out_prod - read_index(c.out_cons));
}

u32 put_console(const char* text, u32 length) {
    xencons_interface& c = console();
    u32 at = c.out_prod;
    if (const u32 room = console_room(); length > room) length = room;
    for (u32 i = 0; i < length; ++i) c.out[MASK_XENCONS_IDX(at++, c.out)] = text[i];
    write_index(c.out_prod, at);
    return length;
}

bool ask_store(u32 type, const char* payload, u32 length) {
    xenstore_domain_interface& s = store();
    write_index(s.rsp_cons, read_index(s.rsp_prod));
    const u32 room = XENSTORE_RING_SIZE - (s.req_prod - read_index(s.req_cons));
    if (room < sizeof(xsd_sockmsg) + length) return false;
    const xsd_sockmsg head = {type, 0, 0, length};
    put_request(&head, sizeof(head));
    put_request(payload, length);
    return true;
}

void nap(u64 nanoseconds) {
    sched_poll_t poll;
    memset(static_cast<void*>(&poll), 0, sizeof(poll));
    poll.timeout = system_time() + nanoseconds;
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&poll));
}

Line& Line::operator<<(const char* text) {
    while (*text && used_ < sizeof(text_) - 1) text_[used_++] = *text++;
    return *this;
}

Line& Line::operator<<(u64 number) {
    char digits[24];
    char* p = digits + sizeof(digits) - 1;
    *p = 0;
    do *--p = static_cast<char>('0' + number % 10);
    while (number /= 10);
    return *this << p;
}

void Line::send() {
    text_[used_++] = '\n';
    const char* rest = text_;
    for (unsigned n = 0; used_ && n < kTries; ++n) {
        const u32 done = put_console(rest, used_);
        rest += done;
        used_ -= done;
        send_port(console_port());
        if (used_) nap(10'000'000);
    }
}
