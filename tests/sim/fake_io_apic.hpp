// SPDX-License-Identifier: MIT
#pragma once

#include <asm/mmio.hpp>
#include <asm/pagemap.hpp>

#include <array>

#include "drivers/ioapic/ioapic.hpp"

namespace xen::sim {

// The register window and the 24 entries of an 82093AA.
class FakeIoApic final : public MmioDevice {
public:
    static constexpr unsigned kPins = 24;
    explicit FakeIoApic(Paddr at) : MmioDevice{arch::direct_map(at), 0x20} { entries_.fill(0x10000); }
    u64 read(usize offset, unsigned) override {
        if (offset == 0) return select_;
        if (select_ == 1) return (kPins - 1) << 16 | 0x20;
        if (select_ < 0x10) return 0;
        u64 e = entries_[(select_ - 0x10) / 2];
        return select_ & 1 ? e >> 32 : e & 0xffffffff;
    }
    void write(usize offset, unsigned, u64 v) override {
        if (offset == 0) {
            select_ = static_cast<u32>(v);
        } else if (select_ >= 0x10) {
            u64& e = entries_[(select_ - 0x10) / 2];
            e = select_ & 1 ? (e & 0xffffffff) | v << 32 : (e >> 32 << 32) | v;
        }
    }
    ioapic::Entry entry(u32 pin) const { return ioapic::decode(entries_[pin]); }

private:
    u32 select_ = 0;
    std::array<u64, kPins> entries_{};
};

}  // namespace xen::sim
