// SPDX-License-Identifier: MIT
// ACPI tables made byte by byte, and a machine's memory that holds them.
#pragma once

#include <cstring>
#include <initializer_list>
#include <map>
#include <vector>

#include <xen/acpi.hpp>

namespace acpi_tables {

using namespace xen;
using namespace xen::acpi;

using Blob = std::vector<u8>;

template <class T>
inline void put(Blob& b, T v) {
    auto* p = reinterpret_cast<const u8*>(&v);
    b.insert(b.end(), p, p + sizeof v);
}
template <class T>
inline void put_at(Blob& b, usize at, T v) {
    if (b.size() < at + sizeof v) b.resize(at + sizeof v);
    std::memcpy(b.data() + at, &v, sizeof v);
}
inline Blob table(const char* name, u8 revision = 3) {
    Blob b(36);
    std::memcpy(b.data(), name, 4);
    b[8] = revision;
    return b;
}
inline u8 sum(const u8* p, usize n) {
    u8 s = 0;
    while (n--) s = static_cast<u8>(s + *p++);
    return s;
}
inline Blob& finish(Blob& b) {
    put_at<u32>(b, 4, static_cast<u32>(b.size()));
    b[9] = 0;
    b[9] = static_cast<u8>(-sum(b.data(), b.size()));
    return b;
}

inline Blob madt_header() {
    Blob b = table("APIC");
    put<u32>(b, 0xfee00000);
    put<u32>(b, 1);
    return b;
}
inline void add_lapic(Blob& b, u8 acpi, u8 apic, u32 flags) {
    for (u8 v : {u8{0}, u8{8}, acpi, apic}) b.push_back(v);
    put(b, flags);
}
inline void add_x2apic(Blob& b, u32 apic, u32 acpi, u32 flags) {
    b.push_back(9);
    b.push_back(16);
    put<u16>(b, 0);
    put(b, apic);
    put(b, flags);
    put(b, acpi);
}

// A machine's memory: only what is put there can be mapped.
inline std::map<u64, Blob> memory;
inline const void* map_memory(Paddr at, usize n) {
    for (auto& [start, b] : memory)
        if (at.raw() >= start && at.raw() + n <= start + b.size()) return b.data() + (at.raw() - start);
    return nullptr;
}

inline Blob rsdp(u32 rsdt, u64 xsdt) {
    Blob b(36);
    std::memcpy(b.data(), "RSD PTR ", 8);
    b[15] = xsdt ? 2 : 0;
    put_at<u32>(b, 16, rsdt);
    put_at<u32>(b, 20, 36);
    put_at<u64>(b, 24, xsdt);
    b[8] = static_cast<u8>(-sum(b.data(), 20));
    b[32] = static_cast<u8>(-sum(b.data(), 36));
    return b;
}

inline Blob fadt() {
    Blob b = table("FACP", 6);
    b.resize(276);
    put_at<u32>(b, 40, 0x5000);
    put_at<u16>(b, 46, 9);
    put_at<u32>(b, 64, 0x604);
    b[88] = 4;
    b[89] = 2;
    b[91] = 4;
    put_at<u32>(b, 76, 0x608);
    b[108] = 0x32;
    put_at<u32>(b, 112, (1u << 8) | (1u << 10));
    put_at<u8>(b, 116, 1);
    put_at<u8>(b, 117, 8);
    put_at<u64>(b, 120, 0xcf9);
    b[128] = 6;
    return b;
}

inline Blob aml(std::initializer_list<int> code) {
    Blob b;
    for (int v : code) b.push_back(static_cast<u8>(v));
    return b;
}

}  // namespace acpi_tables
