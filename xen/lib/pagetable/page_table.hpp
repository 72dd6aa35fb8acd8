// SPDX-License-Identifier: MIT
// One walker and updater for every page table that the hypervisor owns: lookup, map, unmap, walk and teardown over a format.
// Blocks are split where a range needs a part of one, and a block takes the place of a table where the range covers it.
//
// The owner serialises changes. A change that fails (Errno::nomem) has changed no translation. Where the format asks for
// break-before-make, an entry is a hole, flushed, between two valid values: a walker that meets it faults, and its owner lets
// it try again once the change is over. Old leaves are told to `gone(entry, input, height)` when no walker can have them
// any more.
#pragma once

#include "lib/maybe.hpp"
#include "lib/pagetable/format.hpp"
#include "lib/result.hpp"

namespace xen::pt {

// How tables are reached. store() orders itself for walkers; flush() waits until none of them holds what stood in the range.
template <class M, class Entry>
concept TableMemory = requires(M& m, Paddr p, Entry* slot, Entry e, u64 in, u64 bytes) {
    { m.table(p) } -> std::same_as<Entry*>;
    { m.allocate() } -> std::same_as<Maybe<Paddr>>;   // zeroed
    m.release(p);
    { m.load(slot) } -> std::same_as<Entry>;
    m.store(slot, e);
    m.flush(in, bytes);
};

template <Format F, class M>
    requires TableMemory<M, typename F::Entry>
class PageTable {
public:
    using Entry = typename F::Entry;
    using Attributes = typename F::Attributes;

    struct Found {
        Entry entry{};
        unsigned height = 0;          // of the entry: what it maps, or how much is missing
        EntryKind kind = EntryKind::hole;
        Paddr at{};                   // of the input address itself, of a leaf
    };

    PageTable(F format, M& memory, Paddr root)
        : format_{format}, memory_{memory}, root_{root}, root_height_{format.root_height()}, root_mask_{entries_at(root_height_) - 1} {}

    const F& format() const { return format_; }
    bool holds(u64 in, u64 bytes) const { return in + bytes >= in && ((in + bytes - (bytes != 0)) >> format_.input_bits()) == 0; }

    Found find(u64 in) const {
        Paddr at = root_;
        for (unsigned h = root_height_;; --h) {
            Entry e = memory_.load(slot_of(at, in, h));
            EntryKind kind = F::kind(e, h);
            if (kind == EntryKind::leaf) return {e, h, kind, F::address(e, h) + (in & (bytes_at(h) - 1))};
            if (kind == EntryKind::hole) return {e, h, kind};
            at = F::address(e, h);
        }
    }

    // [in, in + bytes) maps to `out` on, in the largest blocks that fit; addresses and bytes are of whole pages, in range.
    template <class Gone>
    Status map(u64 in, Paddr out, u64 bytes, Attributes a, Gone gone) {
        if (largest(in, out, bytes) < bytes)
            for (u64 done = 0, step; done < bytes; done += step) {
                step = largest(in + done, out + done, bytes - done);
                if (!slot_for(in + done, height_of(step))) return Errno::nomem;
            }
        for (u64 done = 0, step; done < bytes; done += step) {
            step = largest(in + done, out + done, bytes - done);
            unsigned h = height_of(step);
            Entry* slot = slot_for(in + done, h);
            if (!slot) return Errno::nomem;   // of the only step
            replace(slot, in + done, h, F::leaf(h, out + done, a), gone);
        }
        return {};
    }

    template <class Gone>
    Status unmap(u64 in, u64 bytes, Gone gone) {
        if (bytes == kPageSize && unmap_page(in, gone)) return {};
        if (!split_at(in) || !split_at(in + bytes)) return Errno::nomem;
        bool any = false;
        each_entry(in, bytes, [&](Entry* slot, Entry e, u64, unsigned h) {
            if (F::kind(e, h) != EntryKind::leaf) return;
            memory_.store(slot, F::broken(e));
            any = true;
        });
        if (!any) return {};
        memory_.flush(in, bytes);
        each_entry(in, bytes, [&](Entry* slot, Entry e, u64 at, unsigned h) {
            if (!F::is_broken(e)) return;
            memory_.store(slot, Entry{});
            gone(F::mended(e, h), at, h);
        });
        return {};
    }

    // f(entry, input, height) for each leaf that touches the range.
    template <class Each>
    void walk(u64 in, u64 bytes, Each f) const {
        each_entry(in, bytes, [&](Entry*, Entry e, u64 at, unsigned h) {
            if (F::kind(e, h) == EntryKind::leaf) f(e, at, h);
        });
    }

    // Takes the table apart, when no walker uses it any more: at most `budget` entries in a call, all but the root's own
    // memory. True when there is nothing left.
    template <class Gone>
    bool drain(unsigned& budget, Gone gone) {
        return drain_table(root_, 0, format_.root_height(), budget, gone);
    }

private:
    u64 entries_at(unsigned height) const {
        if (height != format_.root_height()) return u64{1} << kIndexBits;
        return format_.input_bits() > shift_of(height) ? u64{1} << (format_.input_bits() - shift_of(height)) : 1;
    }
    Entry* slot_of(Paddr table, u64 in, unsigned height) const {
        return memory_.table(table) + ((in >> shift_of(height)) & (height == root_height_ ? root_mask_ : (u64{1} << kIndexBits) - 1));
    }

    // The largest block that may start here; a block at the root's height only where the format has such leaves.
    u64 largest(u64 in, Paddr out, u64 bytes) const {
        unsigned h = F::kLargestLeaf < format_.root_height() ? F::kLargestLeaf : format_.root_height();
        while (h && (((in | out.raw()) & (bytes_at(h) - 1)) || bytes < bytes_at(h))) --h;
        return bytes_at(h);
    }
    static unsigned height_of(u64 block) { return (static_cast<unsigned>(__builtin_ctzll(block)) - kPageShift) / kIndexBits; }

    // The slot of `in` at a height, with the tables above it made and blocks above it split; null without memory.
    Entry* slot_for(u64 in, unsigned height) {
        Paddr at = root_;
        for (unsigned h = root_height_;; --h) {
            Entry* slot = slot_of(at, in, h);
            if (h == height) return slot;
            Entry e = memory_.load(slot);
            EntryKind kind = F::kind(e, h);
            if (kind == EntryKind::table) {
                at = F::address(e, h);
                continue;
            }
            Maybe<Paddr> fresh = memory_.allocate();
            if (!fresh) return nullptr;
            if (kind == EntryKind::leaf) split(slot, e, in & ~(bytes_at(h) - 1), h, *fresh);
            else memory_.store(slot, F::table(*fresh));
            at = *fresh;
        }
    }

    void split(Entry* slot, Entry block, u64 in, unsigned height, Paddr table) {
        Entry* piece = memory_.table(table);
        for (u64 i = 0; i < u64{1} << kIndexBits; ++i)
            memory_.store(piece + i, F::leaf(height - 1, F::address(block, height) + (i << shift_of(height - 1)), F::attributes(block)));
        make_anew(slot, in, height, F::table(table));
    }

    void make_anew(Entry* slot, u64 in, unsigned height, Entry value) {
        if (F::kBreakBeforeMake) {
            memory_.store(slot, Entry{});
            memory_.flush(in, bytes_at(height));
        }
        memory_.store(slot, value);
    }

    // False: the page has no leaf of its own.
    template <class Gone>
    bool unmap_page(u64 in, Gone& gone) {
        Paddr at = root_;
        for (unsigned h = root_height_;; --h) {
            Entry* slot = slot_of(at, in, h);
            Entry e = memory_.load(slot);
            EntryKind kind = F::kind(e, h);
            if (kind == EntryKind::table) {
                at = F::address(e, h);
                continue;
            }
            if (h || kind != EntryKind::leaf) return false;
            memory_.store(slot, Entry{});
            memory_.flush(in, kPageSize);
            gone(e, in, h);
            return true;
        }
    }

    // A border inside a block ends it there.
    bool split_at(u64 in) {
        if (!holds(in, 1)) return true;
        Found f = find(in);
        while (f.kind == EntryKind::leaf && (in & (bytes_at(f.height) - 1))) {
            if (!slot_for(in, f.height - 1)) return false;
            f = find(in);
        }
        return true;
    }

    template <class Gone>
    void replace(Entry* slot, u64 in, unsigned height, Entry value, Gone& gone) {
        Entry old = memory_.load(slot);
        EntryKind kind = F::kind(old, height);
        if (kind == EntryKind::hole) {
            memory_.store(slot, value);
            return;
        }
        make_anew(slot, in, height, value);
        if (kind == EntryKind::leaf) {
            if (!F::kBreakBeforeMake) memory_.flush(in, bytes_at(height));
            gone(old, in, height);
            return;
        }
        unsigned all = ~0u;
        drain_table(F::address(old, height), in, height - 1, all, gone);
        memory_.release(F::address(old, height));
    }

    // The entries that stand for the range, tables left out: leaves, holes and broken ones. `f` may change the slot.
    template <class Each>
    void each_entry(u64 in, u64 bytes, Each f) const {
        for (u64 end = in + bytes; in < end;) {
            Paddr at = root_;
            unsigned h = root_height_;
            Entry* slot = slot_of(at, in, h);
            Entry e = memory_.load(slot);
            while (F::kind(e, h) == EntryKind::table) {
                at = F::address(e, h--);
                slot = slot_of(at, in, h);
                e = memory_.load(slot);
            }
            u64 next = each_neighbour(slot, in, end, h, f);
            if (next <= in) return;   // the end of the address space
            in = next;
        }
    }

    // The rest of a table from `slot` on, until the range ends or an entry is a table.
    template <class Each>
    u64 each_neighbour(Entry* slot, u64 in, u64 end, unsigned height, Each& f) const {
        u64 table_end = (in | ((entries_at(height) << shift_of(height)) - 1)) + 1;
        in &= ~(bytes_at(height) - 1);
        for (; in < end && in != table_end; in += bytes_at(height), ++slot) {
            Entry e = memory_.load(slot);
            if (F::kind(e, height) == EntryKind::table) return in;
            f(slot, e, in, height);
        }
        return in;
    }

    template <class Gone>
    bool drain_table(Paddr table, u64 in, unsigned height, unsigned& budget, Gone& gone) {
        Entry* slot = memory_.table(table);
        const Entry* end = slot + entries_at(height);
        for (const u64 step = bytes_at(height); slot != end; ++slot, in += step) {
            Entry e = memory_.load(slot);
            if (e == Entry{}) continue;                    // most of a table that is nearly empty
            EntryKind kind = F::kind(e, height);
            if (kind == EntryKind::hole) continue;
            if (!budget) return false;
            if (kind == EntryKind::table) {
                if (!drain_table(F::address(e, height), in, height - 1, budget, gone)) return false;
                memory_.release(F::address(e, height));
            }
            memory_.store(slot, Entry{});
            if (budget) --budget;
            if (kind == EntryKind::leaf) gone(e, in, height);
        }
        return true;
    }

    F format_;
    M& memory_;
    Paddr root_;
    unsigned root_height_;
    u64 root_mask_;
};

}  // namespace xen::pt
