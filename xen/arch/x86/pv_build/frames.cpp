// SPDX-License-Identifier: MIT
#include "arch/x86/pv_build/frames.hpp"

#include <bit>

#include <xen/assert.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::pv_build {

Status Frames::add(Mfn first, u64 pages) {
    if (chunks_.size() == 0) chunks_ = TRY(Array<Chunk>::create(kMaxChunks));
    if (chunk_count_ && chunks_[chunk_count_ - 1].first + chunks_[chunk_count_ - 1].pages == first) {
        chunks_[chunk_count_ - 1].pages += pages;
    } else {
        if (chunk_count_ == kMaxChunks) return Errno::nomem;
        chunks_[chunk_count_++] = {count_, first, pages};
    }
    count_ += pages;
    return {};
}

Status Frames::allocate(u64 pages) {
    unsigned most = memory::kMaxOrder;
    while (pages) {
        unsigned fits = static_cast<unsigned>(std::bit_width(pages)) - 1;
        if (fits < most) most = fits;
        auto r = memory::allocate_domain_pages(domain_, {.order = Order{static_cast<u8>(most)}, .no_scrub = true});
        if (!r) {
            if (most-- > 0) continue;
            log_error("%s: out of memory with %lu MiB still to give", name_, pages >> 8);
            return Errno::nomem;
        }
        TRY(add(r.value().mfn(), u64{1} << most));
        pages -= u64{1} << most;
    }
    return {};
}

Status Frames::adopt(Mfn first, u64 pages) {
    TRY(memory::adopt_pages(domain_, first, pages));
    return add(first, pages);
}

Mfn Frames::at(u64 pfn) const {
    usize low = 0;
    usize high = chunk_count_;
    while (high - low > 1) {
        usize middle = (low + high) / 2;
        if (chunks_[middle].pfn <= pfn) low = middle;
        else high = middle;
    }
    bug_if(chunk_count_ == 0 || pfn - chunks_[low].pfn >= chunks_[low].pages);
    return chunks_[low].first + (pfn - chunks_[low].pfn);
}

template <class F>
void Frames::by_page(u64 address, u64 bytes, F f) const {
    while (bytes) {
        u64 offset = page_offset(address);
        u64 n = kPageSize - offset < bytes ? kPageSize - offset : bytes;
        MappedPage<u8> page{at(address >> kPageShift)};
        f(page.get() + offset, n);
        address += n;
        bytes -= n;
    }
}

void Frames::write(u64 address, const void* from, u64 bytes) const {
    auto* source = static_cast<const u8*>(from);
    by_page(address, bytes, [&](u8* to, u64 n) {
        memcpy(to, source, n);
        source += n;
    });
}

void Frames::clear(u64 address, u64 bytes) const {
    by_page(address, bytes, [](u8* to, u64 n) { memset(to, 0, n); });
}

}  // namespace xen::pv_build
