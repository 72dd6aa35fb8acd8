// SPDX-License-Identifier: MIT
#include <asm/mmio.hpp>

namespace xen::sim {
namespace {

MmioDevice* devices = nullptr;

}  // namespace

MmioDevice::MmioDevice(const volatile void* start, usize size)
    : start_{static_cast<const volatile char*>(start)}, size_{size}, next_{devices} {
    devices = this;
}

MmioDevice::~MmioDevice() {
    MmioDevice** p = &devices;
    while (*p != this) p = &(*p)->next_;
    *p = next_;
}

bool MmioDevice::covers(const volatile void* a) const { return offset_of(a) < size_; }
usize MmioDevice::offset_of(const volatile void* a) const {
    return reinterpret_cast<usize>(a) - reinterpret_cast<usize>(start_);
}

MmioDevice* mmio_device(const volatile void* a) {
    for (MmioDevice* d = devices; d; d = d->next_)
        if (d->covers(a)) return d;
    return nullptr;
}

// Registers that no device answers for are memory; CPUs share them, so each access is one atomic access.
u64 mmio_read(const volatile void* a, unsigned bytes) {
    if (MmioDevice* d = mmio_device(a)) return d->read(d->offset_of(a), bytes);
    switch (bytes) {
    case 1: return __atomic_load_n(static_cast<const volatile u8*>(a), __ATOMIC_RELAXED);
    case 2: return __atomic_load_n(static_cast<const volatile u16*>(a), __ATOMIC_RELAXED);
    case 4: return __atomic_load_n(static_cast<const volatile u32*>(a), __ATOMIC_RELAXED);
    default: return __atomic_load_n(static_cast<const volatile u64*>(a), __ATOMIC_RELAXED);
    }
}

void mmio_write(volatile void* a, unsigned bytes, u64 v) {
    if (MmioDevice* d = mmio_device(a)) return d->write(d->offset_of(a), bytes, v);
    switch (bytes) {
    case 1: return __atomic_store_n(static_cast<volatile u8*>(a), static_cast<u8>(v), __ATOMIC_RELAXED);
    case 2: return __atomic_store_n(static_cast<volatile u16*>(a), static_cast<u16>(v), __ATOMIC_RELAXED);
    case 4: return __atomic_store_n(static_cast<volatile u32*>(a), static_cast<u32>(v), __ATOMIC_RELAXED);
    default: return __atomic_store_n(static_cast<volatile u64*>(a), v, __ATOMIC_RELAXED);
    }
}

}  // namespace xen::sim
