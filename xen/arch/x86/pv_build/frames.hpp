// SPDX-License-Identifier: MIT
// A PV domain's pseudo-physical memory while it is built: which machine frame stands behind each pseudo-physical one.
#pragma once

#include <xen/domain.hpp>

namespace xen::pv_build {

class Frames {
public:
    Frames(Domain& d, const char* name) : domain_{d}, name_{name} {}
    // `pages` more frames, in chunks as large as there are.
    Status allocate(u64 pages);
    // Frames that exist already (the ramdisk's): they become the domain's.
    Status adopt(Mfn first, u64 pages);
    u64 count() const { return count_; }
    Mfn at(u64 pfn) const;
    // Copies into, or clears, pseudo-physical memory.
    void write(u64 address, const void* from, u64 bytes) const;
    void clear(u64 address, u64 bytes) const;
    template <class F>
    void for_each(F f) const {
        for (usize i = 0; i < chunk_count_; ++i)
            for (u64 n = 0; n < chunks_[i].pages; ++n) f(chunks_[i].pfn + n, chunks_[i].first + n);
    }

private:
    struct Chunk {
        u64 pfn = 0;
        Mfn first{};
        u64 pages = 0;
    };
    static constexpr usize kMaxChunks = 4096;
    Status add(Mfn first, u64 pages);
    template <class F>
    void by_page(u64 address, u64 bytes, F f) const;

    Domain& domain_;
    const char* name_;        // for the log
    Array<Chunk> chunks_;
    usize chunk_count_ = 0;
    u64 count_ = 0;
};

}  // namespace xen::pv_build
