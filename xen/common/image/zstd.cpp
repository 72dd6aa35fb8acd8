// SPDX-License-Identifier: MIT
// One Zstandard frame (RFC 8878). The output is one buffer that stays, so that no window of up to 128 MiB is needed
// beside it.
#include <asm/boot_vector.hpp>

#define ZSTD_STATIC_LINKING_ONLY   // ZSTD_customMem, ZSTD_d_stableOutBuffer
#include <zstd.h>
#include <zstd_errors.h>

#include "common/image/decoder.hpp"

namespace xen::image {
namespace {

constexpr usize kInput = 128 * 1024;   // in one call; a kernel grows to about six times that

void* allocate(void* arena, size_t bytes) { return static_cast<Arena*>(arena)->allocate(1, bytes); }
void release(void*, void*) {}

ZSTD_DCtx* start(Arena& arena) {
    arch::BootVectorUnit unit;
    ZSTD_DCtx* c = ZSTD_createDCtx_advanced({allocate, release, &arena});
    if (c && ZSTD_isError(ZSTD_DCtx_setParameter(c, ZSTD_d_stableOutBuffer, 1))) return nullptr;
    return c;
}

struct Step {
    bool error = false;
    ZSTD_ErrorCode code{};
    bool ended = false;
};

Step step(ZSTD_DCtx* c, Decoding& d) {
    ZSTD_outBuffer out{d.out.data(), d.out.size(), d.produced};
    ZSTD_inBuffer in{d.in.data() + d.consumed, d.rest() < kInput ? d.rest() : kInput, 0};
    arch::BootVectorUnit unit;
    size_t r = ZSTD_decompressStream(c, &out, &in);
    d.produced = out.pos;
    d.consumed += in.pos;
    return {ZSTD_isError(r) != 0, ZSTD_getErrorCode(r), r == 0};
}

Outcome outcome_of(ZSTD_ErrorCode code, const Decoding& d) {
    if (d.arena.exhausted() || code == ZSTD_error_memory_allocation) return Outcome::no_memory;
    if (code == ZSTD_error_dstSize_tooSmall) return Outcome::too_long;
    return Outcome::damaged;
}

}  // namespace

Outcome decode_zstd(Decoding& d) {
    ZSTD_DCtx* c = start(d.arena);
    if (!c) return Outcome::no_memory;
    for (;;) {
        usize consumed = d.consumed, produced = d.produced;
        Step s = step(c, d);
        if (s.error) return outcome_of(s.code, d);
        if (s.ended) return Outcome::done;
        if (d.consumed == consumed && d.produced == produced) return d.rest() ? Outcome::too_long : Outcome::truncated;
    }
}

}  // namespace xen::image
