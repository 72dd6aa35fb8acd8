// SPDX-License-Identifier: MIT
// LZ4's legacy frame: a magic number, then blocks of 8 MiB each but the last, a 32-bit length before each. Frames may
// follow each other; nothing marks the end but the end of the input.
#include <asm/boot_vector.hpp>
#include <lz4.h>

#include "common/image/decoder.hpp"

namespace xen::image {
namespace {

constexpr u32 kLegacyMagic = 0x184c2102;
constexpr usize kBlock = 8 << 20;

bool take_word(Decoding& d, u32& word) {
    auto w = read_at<u32>(d.in, d.consumed);
    if (!w) return false;
    word = w.value();
    d.consumed += sizeof(u32);
    return true;
}

Outcome decode_block(Decoding& d, u32 bytes) {
    if (bytes == 0 || bytes > static_cast<u32>(LZ4_COMPRESSBOUND(kBlock))) return Outcome::damaged;
    if (bytes > d.rest()) return Outcome::truncated;
    if (!d.room()) return Outcome::too_long;
    usize room = d.room() < kBlock ? d.room() : kBlock;
    arch::BootVectorUnit unit;
    int n = LZ4_decompress_safe(reinterpret_cast<const char*>(d.in.data() + d.consumed),
                                reinterpret_cast<char*>(d.out.data() + d.produced), static_cast<int>(bytes),
                                static_cast<int>(room));
    if (n <= 0) return Outcome::damaged;
    d.consumed += bytes;
    d.produced += static_cast<usize>(n);
    return Outcome::done;
}

}  // namespace

Outcome decode_lz4(Decoding& d) {
    while (d.rest()) {
        u32 word = 0;
        if (!take_word(d, word)) return Outcome::truncated;
        if (word == kLegacyMagic) continue;
        if (Outcome o = decode_block(d, word); o != Outcome::done) return o;
    }
    return Outcome::done;
}

}  // namespace xen::image
