// SPDX-License-Identifier: MIT
// The .xz format with every filter that liblzma knows; Linux's build uses BCJ x86 and LZMA2 with a 32 MiB dictionary.
#include <asm/boot_vector.hpp>
#include <lzma.h>

#include "common/image/decoder.hpp"

namespace xen::image {
namespace {

void* allocate(void* arena, size_t count, size_t bytes) { return static_cast<Arena*>(arena)->allocate(count, bytes); }
void release(void*, void*) {}

lzma_ret start(lzma_stream& s) {
    arch::BootVectorUnit unit;
    return lzma_stream_decoder(&s, Arena::kLimit, 0);
}

lzma_ret step(lzma_stream& s, Decoding& d) {
    usize room = d.room() < kSlice ? d.room() : kSlice;
    s.next_out = d.out.data() + d.produced;
    s.avail_out = room;
    arch::BootVectorUnit unit;
    lzma_ret r = lzma_code(&s, LZMA_RUN);
    d.produced += room - s.avail_out;
    d.consumed = d.in.size() - s.avail_in;
    return r;
}

Outcome outcome_of(lzma_ret r, const Decoding& d) {
    switch (r) {
    case LZMA_STREAM_END: return Outcome::done;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR: return Outcome::no_memory;
    case LZMA_BUF_ERROR: return d.rest() ? Outcome::too_long : Outcome::truncated;
    default: return Outcome::damaged;
    }
}

}  // namespace

Outcome decode_xz(Decoding& d) {
    const lzma_allocator from_arena{allocate, release, &d.arena};
    lzma_stream s{};
    s.allocator = &from_arena;
    s.next_in = d.in.data();
    s.avail_in = d.in.size();
    lzma_ret r = start(s);
    while (r == LZMA_OK) r = step(s, d);
    return outcome_of(r, d);
}

}  // namespace xen::image
