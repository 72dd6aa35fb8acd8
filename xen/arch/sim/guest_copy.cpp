// SPDX-License-Identifier: MIT
// Guest memory: through the vCPU's own page tables as the processor walks them; a vCPU without tables names host memory.
#include <asm/guest_copy.hpp>

#include <asm/mm.hpp>
#include <string.h>

#include "sim/state.hpp"

namespace xen::arch {
namespace {

// As the processor does on its way: atomically, and only what is not set yet.
void set_bits(Pte* slot, Pte seen, u64 bits) {
    if (!seen.has(bits)) __atomic_fetch_or(&slot->raw, bits, __ATOMIC_SEQ_CST);
}

// The host address behind a guest one, or nullptr where the processor would fault.
u8* translate(u64 gva, bool write) {
    Vcpu& v = current();
    const sim::State& s = sim::state();
    if (gva - s.window_start < s.window_bytes) return reinterpret_cast<u8*>(gva);
    Maybe<Mfn> root = v.arch.in_kernel ? v.arch.guest_table : v.arch.guest_table_user;
    if (!root) return s.window_bytes || v.arch.guest_table ? nullptr : reinterpret_cast<u8*>(gva);
    Mfn table = *root;
    for (unsigned level = 4; level >= 1; --level) {
        Pte* slot = static_cast<Pte*>(direct_map(table)) + index_of(gva, level);
        Pte e = load_pte(slot);
        if (!e.present() || !e.has(Pte::kUser) || (write && !e.writable())) return nullptr;
        set_bits(slot, e, write && level == 1 ? Pte::kAccessed | Pte::kDirty : u64{Pte::kAccessed});
        table = e.mfn();
        if (table >= max_frame) return nullptr;   // a device's
    }
    return static_cast<u8*>(direct_map(table)) + page_offset(gva);
}

template <class F>
bool by_page(u64 gva, usize bytes, bool write, F f) {
    for (usize done = 0; done < bytes;) {
        usize n = kPageSize - page_offset(gva + done);
        if (n > bytes - done) n = bytes - done;
        u8* at = translate(gva + done, write);
        if (!at) return false;
        sim::state().guest_copies.fetch_add(1, std::memory_order_relaxed);
        f(at, done, n);
        done += n;
    }
    return true;
}

}  // namespace

bool copy_from_guest(void* to, u64 gva, usize bytes) {
    return by_page(gva, bytes, false, [&](u8* at, usize done, usize n) { memcpy(static_cast<u8*>(to) + done, at, n); });
}

bool copy_to_guest(u64 gva, const void* from, usize bytes) {
    return by_page(gva, bytes, true, [&](u8* at, usize done, usize n) { memcpy(at, static_cast<const u8*>(from) + done, n); });
}

bool clear_guest(u64 gva, usize bytes) {
    return by_page(gva, bytes, true, [](u8* at, usize, usize n) { memset(at, 0, n); });
}

bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes) {
    u8* at = translate(gva, true);
    if (!at || page_offset(gva) + bytes > kPageSize) return false;
    u64 seen = 0;
    memcpy(&seen, at, bytes);
    if (memcmp(&seen, old, bytes) == 0) memcpy(at, &desired, bytes);
    *old = seen;
    return true;
}

}  // namespace xen::arch
