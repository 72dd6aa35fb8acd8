// SPDX-License-Identifier: MIT
#include "common/hypfs/gzip.hpp"

namespace xen::hypfs {
namespace {

constexpr usize kHeader = 10, kTrailer = 8, kBlockHeader = 5;
constexpr usize kBlock = 0xffff;   // the most that a stored block holds (RFC 1951, 3.2.4)

usize blocks(usize bytes) { return bytes ? (bytes + kBlock - 1) / kBlock : 1; }

char* put(char* to, u32 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) *to++ = static_cast<char>(value >> (8 * i));
    return to;
}

u32 crc(const char* from, usize bytes) {
    constexpr u32 kPolynomial = 0xedb88320;
    u32 c = ~0u;
    for (usize i = 0; i < bytes; ++i) {
        c ^= static_cast<u8>(from[i]);
        for (int bit = 0; bit < 8; ++bit) c = (c & 1) ? c >> 1 ^ kPolynomial : c >> 1;
    }
    return ~c;
}

char* put_block(char* to, const char* from, usize bytes, bool last) {
    u32 n = static_cast<u32>(bytes);
    to = put(to, last, 1);
    to = put(to, n, 2);
    to = put(to, ~n, 2);
    memcpy(to, from, bytes);
    return to + bytes;
}

}  // namespace

usize gzip_size(usize bytes) { return kHeader + blocks(bytes) * kBlockHeader + bytes + kTrailer; }

void gzip(char* to, const char* from, usize bytes) {
    static constexpr u8 kHead[kHeader] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    memcpy(to, kHead, kHeader);
    to += kHeader;
    usize done = 0;
    for (usize left = blocks(bytes); left; --left) {
        usize n = bytes - done < kBlock ? bytes - done : kBlock;
        to = put_block(to, from + done, n, left == 1);
        done += n;
    }
    to = put(to, crc(from, bytes), 4);
    put(to, static_cast<u32>(bytes), 4);
}

}  // namespace xen::hypfs
