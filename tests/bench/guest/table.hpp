// SPDX-License-Identifier: MIT
// An L1 table of our own, read-only and in nobody's tree: empty, or with 512 writable entries.
#pragma once
#include "page.hpp"

class Table {
public:
    explicit Table(bool full) {
        if (full)
            for (unsigned i = 0; i < kPageSize / sizeof(u64); ++i) entries_[i] = mfn_of(target_) << 12 | kReadWrite;
        protect(entries_, kReadOnly);
    }
    ~Table() {
        protect(entries_, kReadWrite);
        free_page(target_);
        free_page(reinterpret_cast<u8*>(entries_));
    }
    Table(const Table&) = delete;
    void pin() const { mmuext(MMUEXT_PIN_L1_TABLE, frame_); }
    void unpin() const { mmuext(MMUEXT_UNPIN_TABLE, frame_); }

private:
    u64* entries_ = reinterpret_cast<u64*>(new_page());
    u8* target_ = new_page();
    u64 frame_ = mfn_of(entries_);
};
