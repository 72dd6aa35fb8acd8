// SPDX-License-Identifier: MIT
#include "common/image/decompress.hpp"

#include <xen/log.hpp>

#include "common/image/decoder.hpp"

namespace xen::image {
namespace {

// Linux, Documentation/arch/x86/boot.rst, payload_offset; the last from lzop.
struct Kind {
    Packing packing;
    const char* name;
    u8 magic[4];
    u8 magic_bytes;
    Outcome (*decode)(Decoding&);
};
constexpr Kind kKinds[] = {
    {Packing::elf, "ELF", {0x7f, 'E', 'L', 'F'}, 4, nullptr},
    {Packing::gzip, "gzip", {0x1f, 0x8b}, 2, decode_gzip},
    {Packing::xz, "xz", {0xfd, '7', 'z', 'X'}, 4, decode_xz},
    {Packing::zstd, "zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, decode_zstd},
    {Packing::lz4, "lz4", {0x02, 0x21, 0x4c, 0x18}, 4, decode_lz4},
    {Packing::bzip2, "bzip2", {'B', 'Z', 'h'}, 3, nullptr},
    {Packing::lzma, "lzma", {0x5d, 0, 0}, 3, nullptr},
    {Packing::lzo, "lzo", {0x89, 'L', 'Z', 'O'}, 4, nullptr},
};
constexpr u32 kLargest = 512u << 20;

const Kind* kind_of(Bytes payload) {
    for (const Kind& k : kKinds)
        if (payload.size() >= k.magic_bytes && __builtin_memcmp(payload.data(), k.magic, k.magic_bytes) == 0) return &k;
    return nullptr;
}

Errno refuse_kind(const Kind* k, Bytes payload) {
    if (k)
        log_error("kernel image refused: it is packed with %s: build it with xz, gzip, zstd or lz4, or give the vmlinux",
                  k->name);
    else
        log_error("kernel image refused: its payload of %zu bytes is packed in no known way: copy it again, or give the "
                  "vmlinux",
                  payload.size());
    return Errno::noexec;
}

const char* what_is_wrong(Outcome o) {
    switch (o) {
    case Outcome::truncated: return "ends too early";
    case Outcome::too_long: return "is longer than the size behind it";
    case Outcome::done: return "is shorter than the size behind it";
    default: return "is damaged";
    }
}

Errno refuse_stream(Outcome o, const Kind& k, const Decoding& d) {
    if (o == Outcome::no_memory) {
        log_error("kernel image: no memory to unpack its %s payload to %zu bytes: the machine has too little, or use the "
                  "vmlinux",
                  k.name, d.out.size());
        return Errno::nomem;
    }
    log_error("kernel image refused: its %s payload %s (at byte %zu of %zu, %zu of %zu unpacked): copy it again", k.name,
              what_is_wrong(o), d.consumed, d.in.size(), d.produced, d.out.size());
    return Errno::noexec;
}

Result<PageRun> room_for(u32 size, const Kind& k) {
    if (size == 0 || size > kLargest) {
        log_error("kernel image refused: its %s payload says that it unpacks to %u bytes, %u MiB are the most: copy it again",
                  k.name, size, kLargest >> 20);
        return Errno::noexec;
    }
    auto run = PageRun::create(size);
    if (!run) log_error("kernel image: no %u MiB in one piece to unpack it to: the machine has too little memory", size >> 20);
    return run;
}

}  // namespace

Packing packing_of(Bytes payload) {
    const Kind* k = kind_of(payload);
    return k ? k->packing : Packing::unknown;
}

Result<Unpacked> decompress(Bytes payload) {
    const Kind* k = kind_of(payload);
    if (k && k->packing == Packing::elf) return Unpacked{payload, nullptr, 0};
    constexpr usize kSizeBytes = sizeof(u32);
    if (!k || !k->decode || payload.size() <= kSizeBytes) return refuse_kind(k, payload);
    usize stream = k->packing == Packing::gzip ? payload.size() : payload.size() - kSizeBytes;
    u32 size = TRY(read_at<u32>(payload, payload.size() - kSizeBytes));
    PageRun run = TRY(room_for(size, *k));
    Arena arena;
    Decoding d{.in = payload.first(stream), .out = {run.data(), size}, .arena = arena};
    Outcome o = k->decode(d);
    if (o != Outcome::done || d.produced != size) return refuse_stream(o, *k, d);
    log_info("kernel image: %s, %zu KiB to %u KiB, with %lu KiB of memory beside", k->name, stream >> 10, size >> 10,
             arena.used() >> 10);
    u64 pages = run.pages();
    return Unpacked{Bytes{run.data(), size}, run.leak(), pages};
}

}  // namespace xen::image
