// SPDX-License-Identifier: MIT
// What loaders hand over, read from a small simulated memory: both protocols, and garbage.
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <xen/free_ranges.hpp>
#include <xen/multiboot.hpp>

using namespace xen;

namespace {

// Physical memory from kBase; the parser sees nothing else.
constexpr u64 kBase = 0x10000;
std::vector<u8> memory;

const void* read_memory(Paddr at, u64 bytes) {
    u64 offset = at.raw() - kBase;
    if (at.raw() < kBase || offset > memory.size() || bytes > memory.size() - offset) return nullptr;
    return memory.data() + offset;
}

std::string text(Str s) { return {s.data(), s.size()}; }

struct Writer {
    std::vector<u8> bytes;
    template <class T>
    Writer& put(T v) {
        auto* p = reinterpret_cast<const u8*>(&v);
        bytes.insert(bytes.end(), p, p + sizeof(v));
        return *this;
    }
    Writer& put_text(const char* s) {
        bytes.insert(bytes.end(), s, s + std::strlen(s) + 1);
        return *this;
    }
};

// A multiboot2 structure of the given tags.
class Info2 {
public:
    Info2() { out_.put<u32>(0).put<u32>(0); }
    Info2& tag(u32 type, const Writer& body) {
        out_.put<u32>(type).put<u32>(static_cast<u32>(body.bytes.size() + 8));
        out_.bytes.insert(out_.bytes.end(), body.bytes.begin(), body.bytes.end());
        while (out_.bytes.size() % 8) out_.put<u8>(0);
        return *this;
    }
    std::vector<u8> done() {
        tag(0, {});
        u32 size = static_cast<u32>(out_.bytes.size());
        std::memcpy(out_.bytes.data(), &size, 4);
        return out_.bytes;
    }

private:
    Writer out_;
};

struct Parsed {
    char strings[4096];
    BootInfo info;
    Status status;
    Parsed(u32 magic, u64 at) : status{run(magic, at)} {}
    Status run(u32 magic, u64 at) {
        multiboot::StringPool pool{strings, sizeof(strings)};
        return multiboot::parse(magic, Paddr{at}, read_memory, pool, info);
    }
};

Writer map_entry(u64 start, u64 bytes, u32 type) { return Writer{}.put(start).put(bytes).put(type).put<u32>(0); }

Writer memory_map(std::initializer_list<Writer> entries) {
    Writer w;
    w.put<u32>(24).put<u32>(0);
    for (auto& e : entries) w.bytes.insert(w.bytes.end(), e.bytes.begin(), e.bytes.end());
    return w;
}

}  // namespace

TEST_CASE("multiboot2: GRUB's tags give command line, modules, map, RSDP and framebuffer") {
    memory = Info2{}
                 .tag(1, Writer{}.put_text("placeholder console=com1"))
                 .tag(2, Writer{}.put_text("GRUB 2.06"))
                 .tag(3, Writer{}.put<u32>(0x200000).put<u32>(0x300000).put_text("root=/dev/xvda"))
                 .tag(6, memory_map({map_entry(0x100000, 0x7f00000, 1), map_entry(0, 0x9fc00, 1), map_entry(0xf0000, 0x10000, 2)}))
                 .tag(8, Writer{}.put<u64>(0xc0000000).put<u32>(4096).put<u32>(1024).put<u32>(768).put<u8>(32).put<u8>(1).put<u16>(0)
                             .put<u8>(16).put<u8>(8).put<u8>(8).put<u8>(8).put<u8>(0).put<u8>(8))
                 .tag(15, Writer{}.put_text("RSD PTR "))
                 .done();
    Parsed p{multiboot::kMagic2, kBase};
    REQUIRE(p.status.ok());
    CHECK(text(p.info.cmdline) == "placeholder console=com1");
    CHECK(text(p.info.loader) == "GRUB 2.06");
    REQUIRE(p.info.module_count == 1);
    CHECK(p.info.modules[0].bytes == 0x100000);
    CHECK(text(p.info.modules[0].cmdline) == "root=/dev/xvda");
    REQUIRE(p.info.memory_count == 3);
    CHECK(p.info.memory[0].start == Paddr{0});
    CHECK(p.info.memory[1].type == MemoryType::reserved);
    REQUIRE(p.info.framebuffer);
    CHECK(p.info.framebuffer->red_pos == 16);
    REQUIRE(p.info.rsdp);
    CHECK(std::memcmp(read_memory(*p.info.rsdp, 8), "RSD PTR ", 8) == 0);
}

TEST_CASE("multiboot2: the EFI map counts only where there is no other") {
    auto efi = [](u32 type, u64 start, u64 pages, u64 attributes) {
        return Writer{}.put<u32>(type).put<u32>(0).put(start).put<u64>(0).put(pages).put(attributes);
    };
    Writer map;
    map.put<u32>(40).put<u32>(1);
    for (auto& d : {efi(7, 0x100000, 16, 0xf), efi(9, 0x110000, 1, 0xf), efi(6, 0x111000, 1, 0xf), efi(4, 0x112000, 1, 1)})
        map.bytes.insert(map.bytes.end(), d.bytes.begin(), d.bytes.end());
    memory = Info2{}.tag(17, map).tag(12, Writer{}.put<u64>(0x7fee0018)).done();
    Parsed p{multiboot::kMagic2, kBase};
    REQUIRE(p.status.ok());
    CHECK(p.info.efi);
    REQUIRE(p.info.memory_count == 3);
    CHECK(p.info.memory[0].type == MemoryType::ram);
    CHECK(p.info.memory[1].type == MemoryType::acpi);
    CHECK(p.info.memory[2].type == MemoryType::reserved);
    CHECK(p.info.memory[2].bytes == 0x2000);
    REQUIRE(p.info.efi_system_table);
    CHECK(*p.info.efi_system_table == Paddr{0x7fee0018});
    CHECK(p.info.efi_wide);

    memory = Info2{}.tag(17, map).tag(6, memory_map({map_entry(0, 0x1000, 1)})).done();
    Parsed q{multiboot::kMagic2, kBase};
    REQUIRE(q.status.ok());
    CHECK(q.info.memory_count == 1);
}

TEST_CASE("multiboot2: 32-bit EFI firmware has a system table of its own kind") {
    memory = Info2{}.tag(11, Writer{}.put<u32>(0x7fee0018)).tag(6, memory_map({map_entry(0, 0x1000, 1)})).done();
    Parsed p{multiboot::kMagic2, kBase};
    REQUIRE(p.status.ok());
    CHECK(p.info.efi);
    CHECK_FALSE(p.info.efi_wide);
    REQUIRE(p.info.efi_system_table);
    CHECK(*p.info.efi_system_table == Paddr{0x7fee0018});
}

// UEFI 2.10 table 7.10: what memory of each type is once boot services have ended.
TEST_CASE("multiboot2: each type of EFI memory") {
    using enum MemoryType;
    struct Expected {
        u32 efi;
        MemoryType type;
    };
    constexpr u64 kWriteBack = 8, kRuntime = u64{1} << 63;
    for (Expected e : {Expected{0, reserved}, {1, ram}, {2, ram}, {3, ram}, {4, ram}, {5, reserved}, {6, reserved}, {7, ram},
                       {8, unusable}, {9, acpi}, {10, nvs}, {11, reserved}, {12, reserved}, {13, reserved}, {14, reserved},
                       {0x80000000, reserved}}) {
        u64 attributes = 0xf | (e.efi == 5 || e.efi == 6 ? kRuntime : 0);
        auto map = [&](u64 a) {
            return Writer{}.put<u32>(40).put<u32>(1).put(e.efi).put<u32>(0).put<u64>(0x100000).put<u64>(0).put<u64>(16).put(a);
        };
        memory = Info2{}.tag(17, map(attributes)).done();
        Parsed p{multiboot::kMagic2, kBase};
        REQUIRE(p.status.ok());
        REQUIRE(p.info.memory_count == 1);
        CHECK(p.info.memory[0].type == e.type);
        CHECK(p.info.memory[0].bytes == 0x10000);
        memory = Info2{}.tag(17, map(attributes & ~kWriteBack)).done();
        Parsed q{multiboot::kMagic2, kBase};
        REQUIRE(q.status.ok());
        CHECK(q.info.memory[0].type == (e.type == ram ? reserved : e.type));
    }
}

// What GRUB makes of OVMF's map: runtime services have types of GRUB's own, or are reserved.
TEST_CASE("multiboot2: types of a loader's own are reserved memory") {
    memory = Info2{}
                 .tag(6, memory_map({map_entry(0x900000, 0x6000000, 1), map_entry(0x6900000, 0x100000, 20),
                                     map_entry(0x6a00000, 0x12000, 3), map_entry(0x6a12000, 0x80000, 4),
                                     map_entry(0x6a92000, 0x1000, 7), map_entry(0x6a93000, 0x1000, 5)}))
                 .done();
    Parsed p{multiboot::kMagic2, kBase};
    REQUIRE(p.status.ok());
    REQUIRE(p.info.memory_count == 6);
    constexpr MemoryType kTypes[] = {MemoryType::ram, MemoryType::reserved, MemoryType::acpi,
                                     MemoryType::nvs, MemoryType::reserved, MemoryType::unusable};
    for (usize i = 0; i < 6; ++i) CHECK(p.info.memory[i].type == kTypes[i]);
}

TEST_CASE("multiboot 1: other loaders put the image's name first") {
    Writer w;
    u32 strings = kBase + 0x200;
    w.put<u32>(1 << 2 | 1 << 3 | 1 << 6 | 1 << 9).put<u32>(0).put<u32>(0).put<u32>(0).put<u32>(strings);
    w.put<u32>(1).put<u32>(kBase + 0x100);
    for (int i = 0; i < 4; ++i) w.put<u32>(0);
    w.put<u32>(24).put<u32>(kBase + 0x140).put<u32>(0).put<u32>(0).put<u32>(0).put<u32>(strings + 0x40);
    w.bytes.resize(0x100);
    w.put<u32>(0x400000).put<u32>(0x401000).put<u32>(strings + 0x60).put<u32>(0);
    w.bytes.resize(0x140);
    w.put<u32>(20).put<u64>(0x100000).put<u64>(0x700000).put<u32>(1);
    w.bytes.resize(0x200);
    w.put_text(" /boot/xen  console=com1 loglvl=all");
    w.bytes.resize(0x240);
    w.put_text("qemu");
    w.bytes.resize(0x260);
    w.put_text("vmlinux console=hvc0");
    memory = w.bytes;
    Parsed p{multiboot::kMagic1, kBase};
    REQUIRE(p.status.ok());
    CHECK(text(p.info.cmdline) == "console=com1 loglvl=all");
    CHECK(text(p.info.modules[0].cmdline) == "console=hvc0");
    CHECK(p.info.memory_count == 1);
}

TEST_CASE("the image's name is kept with GRUB 2 and cut off with GRUB 0.97") {
    CHECK(text(multiboot::without_image_name("xen a b", "GRUB 2.06")) == "xen a b");
    CHECK(text(multiboot::without_image_name("xen a b", "GRUB 0.97")) == "a b");
    CHECK(text(multiboot::without_image_name("xen", "")).empty());
}

TEST_CASE("garbage is refused or left out, never read beyond its end") {
    std::mt19937 random{1};
    auto base = Info2{}
                    .tag(1, Writer{}.put_text("console=com1"))
                    .tag(3, Writer{}.put<u32>(1).put<u32>(2).put_text("x"))
                    .tag(6, memory_map({map_entry(0, ~u64{0}, 1), map_entry(0x1000, 0x1000, 7)}))
                    .tag(17, Writer{}.put<u32>(0).put<u32>(0))
                    .done();
    for (int round = 0; round < 20000; ++round) {
        memory = base;
        for (int n = 1 + static_cast<int>(random() % 6); n; --n) memory[random() % memory.size()] = static_cast<u8>(random());
        memory.shrink_to_fit();
        Parsed p{random() % 2 ? multiboot::kMagic2 : multiboot::kMagic1, kBase};
        if (p.status.ok()) CHECK(p.info.memory_count > 0);
    }
    CHECK(Parsed{0x12345678, kBase}.status.error() == Errno::inval);
    memory.clear();
    CHECK(Parsed{multiboot::kMagic2, kBase}.status.error() == Errno::inval);
}

TEST_CASE("overlapping ranges: the more restrictive type wins") {
    BootInfo b;
    boot::add_range(b, Paddr{0}, 0x10000, MemoryType::ram);
    boot::add_range(b, Paddr{0x4000}, 0x2000, MemoryType::acpi);
    boot::add_range(b, Paddr{0x5000}, 0x2000, MemoryType::reserved);
    boot::add_range(b, Paddr{0x10000}, 0x1000, MemoryType::ram);
    boot::normalise(b);
    REQUIRE(b.memory_count == 4);
    CHECK(b.memory[0].end() == Paddr{0x4000});
    CHECK(b.memory[1].type == MemoryType::acpi);
    CHECK(b.memory[1].end() == Paddr{0x6000});
    CHECK(b.memory[2].type == MemoryType::reserved);
    CHECK(b.memory[3].end() == Paddr{0x11000});
}

TEST_CASE("free ranges are cut from the top, below the limit, aligned") {
    boot::FreeRanges f;
    f.add(Paddr{0x100000}, Paddr{0x800000});
    f.add(Paddr{u64{1} << 32}, Paddr{(u64{1} << 32) + 0x400000});
    f.remove(Paddr{0x300800}, Paddr{0x301000});
    CHECK(f.total() == 0x700000 + 0x400000 - 0x1000);
    auto low = f.take(0x1000, 0x1000, Paddr{u64{1} << 32});
    REQUIRE(low);
    CHECK(*low == Paddr{0x7ff000});
    auto big = f.take(0x200000, 0x200000, Paddr{u64{1} << 32});
    REQUIRE(big);
    CHECK(*big == Paddr{0x400000});
    CHECK(*f.take(0x200000, 0x200000, Paddr{~u64{0}}) == Paddr{(u64{1} << 32) + 0x200000});
    CHECK(!f.take(0x1000000, 0x1000, Paddr{~u64{0}}));
}

TEST_CASE("memory at and above a limit becomes unusable") {
    BootInfo b;
    boot::add_range(b, Paddr{0}, 0x9f000, MemoryType::ram);
    boot::add_range(b, Paddr{0x100000}, 0x1ff00000, MemoryType::ram);
    boot::add_range(b, Paddr{0x20000000}, 0x100000, MemoryType::acpi);
    boot::add_range(b, Paddr{0x100000000}, 0x40000000, MemoryType::ram);
    CHECK_FALSE(boot::limit_ram(b, Paddr{0x140000000}));
    CHECK(b.memory_count == 4);

    REQUIRE(boot::limit_ram(b, Paddr{0x10000000}));
    REQUIRE(b.memory_count == 5);
    const MemoryRange expected[] = {{Paddr{0}, 0x9f000, MemoryType::ram},
                                    {Paddr{0x100000}, 0xff00000, MemoryType::ram},
                                    {Paddr{0x10000000}, 0x10000000, MemoryType::unusable},
                                    {Paddr{0x20000000}, 0x100000, MemoryType::acpi},
                                    {Paddr{0x100000000}, 0x40000000, MemoryType::unusable}};
    for (usize i = 0; i < 5; ++i) {
        CHECK(b.memory[i].start == expected[i].start);
        CHECK(b.memory[i].bytes == expected[i].bytes);
        CHECK(b.memory[i].type == expected[i].type);
    }
}
