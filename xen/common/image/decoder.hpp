// SPDX-License-Identifier: MIT
// The decoders of packed kernels: one function a format, around the distribution's library for it. They read `in`
// only, write `out` only, and take all their memory from the arena, which the caller throws away afterwards.
//
// The libraries are compiled for programs: they use vector registers, the stack below its pointer and a thread's
// block. So a decoder runs on the boot CPU before the first guest, and each call into a library is inside an
// arch::BootVectorUnit. The calls are kept short (kSlice), because interrupts are off in them.
#pragma once

#include <span>

#include "common/image/arena.hpp"
#include "lib/bytes.hpp"

namespace xen::image {

enum class Outcome : u8 {
    done,        // the stream ended well; `out` may have room left
    damaged,     // not what an encoder writes
    truncated,   // the input ended before the stream
    too_long,    // more output than there is room for
    no_memory,
};

struct Decoding {
    Bytes in{};
    std::span<u8> out{};
    Arena& arena;
    usize consumed = 0, produced = 0;
    usize room() const { return out.size() - produced; }
    usize rest() const { return in.size() - consumed; }
};

inline constexpr usize kSlice = 1 << 20;   // bytes of output, about, in one call of a library

Outcome decode_gzip(Decoding& d);
Outcome decode_xz(Decoding& d);
Outcome decode_zstd(Decoding& d);
Outcome decode_lz4(Decoding& d);       // the legacy frame, which Linux's build makes

}  // namespace xen::image
