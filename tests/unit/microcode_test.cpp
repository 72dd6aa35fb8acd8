// SPDX-License-Identifier: MIT
// Microcode containers made up for the test: what is taken, what is refused, and that nothing is read beyond the end.
#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "arch/x86/microcode/container.hpp"

using namespace xen;
using namespace xen::microcode;

namespace {

using Blob = std::vector<u8>;

void word(Blob& b, u32 v) {
    for (unsigned i = 0; i < 4; ++i) b.push_back(static_cast<u8>(v >> 8 * i));
}
void put(Blob& b, usize at, u32 v) { std::memcpy(b.data() + at, &v, 4); }
u32 get(const Blob& b, usize at) {
    u32 v;
    std::memcpy(&v, b.data() + at, 4);
    return v;
}
void append(Blob& b, const Blob& more) { b.insert(b.end(), more.begin(), more.end()); }
// An exact copy on the heap: one byte beyond it is one too many for ASan.
Bytes bytes(const Blob& b) { return {b.data(), b.size()}; }

constexpr Processor kIntel{arch::Vendor::intel, 0x000506e3, 1 << 1, 0x10};
constexpr Processor kAmd{arch::Vendor::amd, 0x00800f12, 0, 0x08001200};

struct IntelPatch {
    u32 revision = 0x20, signature = 0x000506e3, platforms = 0x36;
    std::vector<u32> more{};    // signatures of the extended table
};

void fix_sum(Blob& b, usize field, usize from, usize to) {
    put(b, field, 0);
    u32 sum = 0;
    for (usize i = from; i < to; i += 4) sum += get(b, i);
    put(b, field, 0 - sum);
}

Blob intel(const IntelPatch& p) {
    constexpr u32 kData = 976;
    u32 table = p.more.empty() ? 0 : 20 + 12 * static_cast<u32>(p.more.size());
    u32 total = (48 + kData + table + 1023) & ~1023u;
    Blob b;
    for (u32 v : {1u, p.revision, 0x01022024u, p.signature, 0u, 1u, p.platforms, kData, total, 0u, 0u, 0u}) word(b, v);
    b.resize(total);
    for (usize i = 48; i < 48 + kData; ++i) b[i] = static_cast<u8>(i * 7);
    if (table) {
        usize at = 48 + kData;
        put(b, at, static_cast<u32>(p.more.size()));
        for (usize i = 0; i < p.more.size(); ++i) {
            put(b, at + 20 + 12 * i, p.more[i]);
            put(b, at + 24 + 12 * i, 2);
        }
        fix_sum(b, at + 4, at, at + table);
    }
    fix_sum(b, 16, 0, total);
    return b;
}

struct AmdPatch {
    u32 revision = 0x08001300;
    u16 processor = 0x8012;
    u32 size = 3200;
    u32 bridge = 0;
};

Blob amd(const std::vector<AmdPatch>& patches, u32 signature = 0x00800f12, u16 name = 0x8012) {
    Blob b;
    word(b, 0x00414d44);
    word(b, 0);
    word(b, 48);
    for (u32 s : {0x00700f01u, signature, 0u}) {
        word(b, s);
        word(b, 0);
        word(b, 0);
        word(b, s == signature ? name : s ? 0x7001 : 0);
    }
    for (const AmdPatch& p : patches) {
        word(b, 1);
        word(b, p.size);
        usize at = b.size();
        b.resize(at + p.size, 0x5a);
        put(b, at, 0x20240102);
        put(b, at + 4, p.revision);
        put(b, at + 16, p.bridge);
        put(b, at + 20, 0);
        put(b, at + 24, p.processor);
    }
    return b;
}

Errno refusal(const Blob& b, const Processor& p) {
    auto r = find_newest(bytes(b), p);
    REQUIRE_FALSE(r);
    return r.error();
}

Blob archive(const std::vector<std::pair<std::string, Blob>>& files) {
    Blob b;
    auto text = [&](const std::string& s) { b.insert(b.end(), s.begin(), s.end()); };
    auto pad = [&] { b.resize((b.size() + 3) & ~usize{3}); };
    auto entry = [&](const std::string& name, const Blob& data) {
        char header[111];
        snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0100644, 0, 0, 1, 0,
                 static_cast<unsigned>(data.size()), 0, 0, 0, 0, static_cast<unsigned>(name.size() + 1), 0);
        text(header);
        text(name);
        b.push_back(0);
        pad();
        append(b, data);
        pad();
    };
    for (const auto& [name, data] : files) entry(name, data);
    entry("TRAILER!!!", {});
    return b;
}

}  // namespace

TEST_CASE("Intel: the newest patch for this processor and platform") {
    Blob b = intel({.revision = 0x18});
    append(b, intel({.revision = 0x30, .signature = 0x000906ea}));       // another processor
    append(b, intel({.revision = 0x40, .platforms = 0x4}));              // another platform
    append(b, intel({.revision = 0x22}));
    append(b, intel({.revision = 0x20}));
    auto r = find_newest(bytes(b), kIntel);
    REQUIRE(r);
    CHECK(r.value().revision == 0x22);
    CHECK(r.value().bytes.size() == 1024);
    CHECK(refusal(intel({.revision = 0x10}), kIntel) == Errno::exist);
    CHECK(refusal(intel({.revision = 0x0f}), kIntel) == Errno::exist);
    CHECK(refusal(intel({.revision = 0x80000020}), kIntel) == Errno::exist);      // negative
    CHECK(refusal(intel({.signature = 0x000906ea}), kIntel) == Errno::noent);
    Blob other = amd({{}});
    CHECK(refusal(other, kIntel) == Errno::inval);
}

TEST_CASE("Intel: further processors stand in an extended table with a sum of its own") {
    IntelPatch p{.signature = 0x000906ea, .more = {0x000406e3, 0x000506e3}};
    auto r = find_newest(bytes(intel(p)), kIntel);
    CHECK(r);
    Blob b = intel(p);
    put(b, 48 + 976, 0x10000000);                                        // more entries than there is room
    fix_sum(b, 16, 0, b.size());
    CHECK(refusal(b, kIntel) == Errno::inval);
    b = intel(p);
    put(b, 48 + 976 + 20, 0x000506e4);
    fix_sum(b, 16, 0, b.size());                                         // the whole is right, the table's is not
    CHECK(refusal(b, kIntel) == Errno::inval);
}

TEST_CASE("Intel: damage anywhere is refused") {
    Blob good = intel({});
    for (usize at = 0; at < good.size(); at += 3) {
        Blob b = good;
        b[at] ^= 0x10;
        CHECK(refusal(b, kIntel) == Errno::inval);
    }
    for (usize n = 0; n < good.size(); n += 5) {
        Blob b(good.begin(), good.begin() + static_cast<long>(n));
        CHECK(refusal(b, kIntel) == Errno::inval);
    }
}

TEST_CASE("AMD: the table's name decides; the newest patch wins") {
    Blob b = amd({{.revision = 0x08001250}, {.revision = 0x08002000, .processor = 0x7001}, {.revision = 0x08001260}});
    auto r = find_newest(bytes(b), kAmd);
    REQUIRE(r);
    CHECK(r.value().revision == 0x08001260);
    CHECK(r.value().bytes.size() == 3200);
    CHECK(refusal(amd({{.revision = 0x08001200}}), kAmd) == Errno::exist);
    CHECK(refusal(amd({{.revision = 0x08000000}}), kAmd) == Errno::exist);
    CHECK(refusal(amd({{}}, 0x00a20f10), kAmd) == Errno::noent);         // another family's container
    CHECK(refusal(amd({{.bridge = 1}}), kAmd) == Errno::noent);
    CHECK(refusal(amd({{.size = 3204}}), kAmd) == Errno::inval);         // more than the family loads
    CHECK(refusal(intel({}), kAmd) == Errno::inval);

    Blob two = amd({{.revision = 1}}, 0x00a20f10, 0xa210);               // containers of two families
    append(two, amd({{.revision = 0x08001270}}));
    auto second = find_newest(bytes(two), kAmd);
    REQUIRE(second);
    CHECK(second.value().revision == 0x08001270);
}

TEST_CASE("AMD: a container that is cut short is refused, wherever") {
    Blob good = amd({{}, {}});
    for (usize n = 0; n < good.size(); ++n) {
        Blob b(good.begin(), good.begin() + static_cast<long>(n));
        auto r = find_newest(bytes(b), kAmd);
        bool between = n == 60 || n == 60 + 8 + 3200;                    // after the table, after the first patch
        if (!between) CHECK_FALSE(r);
        else if (!r) CHECK(r.error() == Errno::noent);
    }
}

TEST_CASE("the archive before a ramdisk") {
    Blob container = amd({{}});
    Blob b = archive({{"kernel", {}}, {"kernel/x86/microcode/AuthenticAMD.bin", container}, {"early_cpio", Blob(3)}});
    Blob whole = b;
    whole.resize(b.size() + 5000, 0xfd);
    auto file = file_in_archive(bytes(whole), archive_name(arch::Vendor::amd));
    REQUIRE(file);
    CHECK(Blob(file->begin(), file->end()) == container);
    CHECK_FALSE(file_in_archive(bytes(whole), archive_name(arch::Vendor::intel)));
    for (usize n = 0; n < b.size(); ++n) {
        Blob cut(b.begin(), b.begin() + static_cast<long>(n));
        auto f = file_in_archive(bytes(cut), archive_name(arch::Vendor::amd));
        if (f) CHECK(f->size() == container.size());
        (void)file_in_archive(bytes(cut), Str{"nothing"});
    }
    Blob garbage(300, 0x30);
    CHECK_FALSE(file_in_archive(bytes(garbage), Str{"x"}));
}
