// SPDX-License-Identifier: MIT
// The gzip format (RFC 1952).
#include <asm/boot_vector.hpp>

#define ZLIB_CONST
#include <zlib.h>

#include "common/image/decoder.hpp"

namespace xen::image {
namespace {

constexpr int kGzipHeader = 16;   // added to the window bits: the stream has gzip's header and trailer

void* allocate(void* arena, uInt count, uInt bytes) { return static_cast<Arena*>(arena)->allocate(count, bytes); }
void release(void*, void*) {}

int start(z_stream& s) {
    arch::BootVectorUnit unit;
    return inflateInit2_(&s, MAX_WBITS + kGzipHeader, ZLIB_VERSION, sizeof(s));
}

// zlib counts in 32 bits.
int step(z_stream& s, Decoding& d) {
    usize room = d.room() < kSlice ? d.room() : kSlice;
    usize input = d.rest() < kSlice ? d.rest() : kSlice;
    s.next_out = d.out.data() + d.produced;
    s.avail_out = static_cast<uInt>(room);
    s.next_in = d.in.data() + d.consumed;
    s.avail_in = static_cast<uInt>(input);
    arch::BootVectorUnit unit;
    int r = inflate(&s, Z_NO_FLUSH);
    d.produced += room - s.avail_out;
    d.consumed += input - s.avail_in;
    return r;
}

Outcome outcome_of(int r, const Decoding& d) {
    switch (r) {
    case Z_STREAM_END: return Outcome::done;
    case Z_MEM_ERROR: return Outcome::no_memory;
    case Z_BUF_ERROR: return d.rest() ? Outcome::too_long : Outcome::truncated;
    default: return Outcome::damaged;
    }
}

}  // namespace

Outcome decode_gzip(Decoding& d) {
    z_stream s{};
    s.zalloc = allocate;
    s.zfree = release;
    s.opaque = &d.arena;
    int r = start(s);
    while (r == Z_OK) r = step(s, d);
    return outcome_of(r, d);
}

}  // namespace xen::image
