// SPDX-License-Identifier: MIT
#include "common/image/decompress.hpp"

#include <xen/log.hpp>

#include "common/image/stream.hpp"

namespace xen::image {
namespace {

Outcome (*decoder_of(Packing p))(Decoding&) {
    switch (p) {
    case Packing::xz: return decode_xz;
    case Packing::zstd: return decode_zstd;
    case Packing::lz4: return decode_lz4;
    default: return nullptr;
    }
}

Errno refuse_kind(Packing p, Bytes payload) {
    if (p != Packing::unknown)
        log_error("kernel image refused: it is packed with %s: build it with xz, gzip, zstd or lz4, or give the vmlinux",
                  name_of(p));
    else
        log_error("kernel image refused: its payload of %zu bytes is packed in no known way: copy it again, or give the "
                  "vmlinux",
                  payload.size());
    return Errno::noexec;
}

}  // namespace

Result<Unpacked> decompress(Bytes payload) {
    Packing p = packing_of(payload);
    if (p == Packing::elf) return Unpacked{payload, nullptr, 0};
    if (p == Packing::gzip) return unpack_gzip(payload);
    auto* decode = decoder_of(p);
    constexpr usize kSizeBytes = sizeof(u32);
    if (!decode || payload.size() <= kSizeBytes) return refuse_kind(p, payload);
    usize stream = payload.size() - kSizeBytes;
    u32 size = TRY(read_at<u32>(payload, stream));
    return unpack_stream({name_of(p), decode}, payload.first(stream), size);
}

}  // namespace xen::image
