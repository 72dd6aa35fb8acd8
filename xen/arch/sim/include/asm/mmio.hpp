// SPDX-License-Identifier: MIT
// Simulated leaf: device registers in memory go to the devices that tests attach, else to simulated memory.
#pragma once

#include "lib/types.hpp"

namespace xen::sim {

// A device's registers. Attached for the life of the object; bytes is 1, 2, 4 or 8.
class MmioDevice {
public:
    MmioDevice(const volatile void* start, usize size);
    virtual ~MmioDevice();
    virtual u64 read(usize offset, unsigned bytes) = 0;
    virtual void write(usize offset, unsigned bytes, u64 v) = 0;
    bool covers(const volatile void* a) const;
    usize offset_of(const volatile void* a) const;

private:
    friend MmioDevice* mmio_device(const volatile void* a);
    const volatile char* start_;
    usize size_;
    MmioDevice* next_;
};
u64 mmio_read(const volatile void* a, unsigned bytes);
void mmio_write(volatile void* a, unsigned bytes, u64 v);

}  // namespace xen::sim

namespace xen::arch {

inline u8 mmio_read8(const volatile void* a) { return static_cast<u8>(sim::mmio_read(a, 1)); }
inline u16 mmio_read16(const volatile void* a) { return static_cast<u16>(sim::mmio_read(a, 2)); }
inline u32 mmio_read32(const volatile void* a) { return static_cast<u32>(sim::mmio_read(a, 4)); }
inline u64 mmio_read64(const volatile void* a) { return sim::mmio_read(a, 8); }
inline void mmio_write8(volatile void* a, u8 v) { sim::mmio_write(a, 1, v); }
inline void mmio_write16(volatile void* a, u16 v) { sim::mmio_write(a, 2, v); }
inline void mmio_write32(volatile void* a, u32 v) { sim::mmio_write(a, 4, v); }
inline void mmio_write64(volatile void* a, u64 v) { sim::mmio_write(a, 8, v); }

}  // namespace xen::arch
