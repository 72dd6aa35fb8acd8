// SPDX-License-Identifier: MIT
#include "common/image/stream.hpp"

#include <xen/log.hpp>

namespace xen::image {
namespace {

constexpr u32 kLargest = 512u << 20;

const char* what_is_wrong(Outcome o) {
    switch (o) {
    case Outcome::truncated: return "ends too early";
    case Outcome::too_long: return "is longer than the size behind it";
    case Outcome::done: return "is shorter than the size behind it";
    default: return "is damaged";
    }
}

Errno refuse_stream(Outcome o, const Packer& k, const Decoding& d) {
    if (o == Outcome::no_memory) {
        log_error("kernel image: no memory to unpack its %s payload to %zu bytes: the machine has too little, or give "
                  "it unpacked",
                  k.name, d.out.size());
        return Errno::nomem;
    }
    log_error("kernel image refused: its %s payload %s (at byte %zu of %zu, %zu of %zu unpacked): copy it again", k.name,
              what_is_wrong(o), d.consumed, d.in.size(), d.produced, d.out.size());
    return Errno::noexec;
}

Result<PageRun> room_for(u32 size, const Packer& k) {
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

Result<Unpacked> unpack_stream(const Packer& k, Bytes stream, u32 size) {
    PageRun run = TRY(room_for(size, k));
    Arena arena;
    Decoding d{.in = stream, .out = {run.data(), size}, .arena = arena};
    Outcome o = k.decode(d);
    if (o != Outcome::done || d.produced != size) return refuse_stream(o, k, d);
    log_info("kernel image: %s, %zu KiB to %u KiB, with %lu KiB of memory beside", k.name, stream.size() >> 10, size >> 10,
             arena.used() >> 10);
    u64 pages = run.pages();
    return Unpacked{Bytes{run.data(), size}, run.leak(), pages};
}

}  // namespace xen::image
