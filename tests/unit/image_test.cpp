// SPDX-License-Identifier: MIT
// Kernel images: packed in every format with the host's encoders, wrapped as Linux's build wraps them, then cut short,
// mutated and lied about. What is no kernel gives noexec, and no memory is lost.
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <lz4.h>
#include <lzma.h>
#include <public/elfnote.h>
#include <public/features.h>
#include <sim/machine.hpp>
#include <xen/image.hpp>
#include <xen/memory.hpp>
#include <zlib.h>
#include <zstd.h>

using namespace xen;
using Buffer = std::vector<u8>;

namespace {

template <class T>
void append(Buffer& b, T v) {
    auto* p = reinterpret_cast<const u8*>(&v);
    b.insert(b.end(), p, p + sizeof(T));
}

template <class T>
void store(Buffer& b, usize at, T v) {
    std::memcpy(b.data() + at, &v, sizeof(T));
}

// Compresses to about a third, begins as ELF does, has calls for the x86 filter.
Buffer kernel_like(usize bytes) {
    std::minstd_rand random{7};
    Buffer b(bytes);
    for (usize i = 0; i < bytes; ++i) b[i] = static_cast<u8>(i % 97 < 60 ? i / 97 : random());
    for (usize i = 200; i + 5 < bytes; i += 131) b[i] = 0xe8;
    static const u8 magic[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(b.data(), magic, sizeof(magic));
    return b;
}

Buffer with_size(Buffer stream, usize size) {
    append<u32>(stream, static_cast<u32>(size));
    return stream;
}

Buffer pack_plain(const Buffer& b) { return b; }

Buffer pack_gzip(const Buffer& b) {
    z_stream s{};
    REQUIRE(deflateInit2(&s, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    Buffer out(deflateBound(&s, b.size()));
    s.next_in = const_cast<u8*>(b.data());
    s.avail_in = static_cast<uInt>(b.size());
    s.next_out = out.data();
    s.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&s, Z_FINISH) == Z_STREAM_END);
    out.resize(s.total_out);
    deflateEnd(&s);
    return out;
}

Buffer xz(const Buffer& b, u32 dictionary, lzma_check check) {
    lzma_options_lzma o;
    REQUIRE(!lzma_lzma_preset(&o, 6));
    o.dict_size = dictionary;
    lzma_filter filters[] = {{LZMA_FILTER_X86, nullptr}, {LZMA_FILTER_LZMA2, &o}, {LZMA_VLI_UNKNOWN, nullptr}};
    Buffer out(lzma_stream_buffer_bound(b.size()));
    size_t n = 0;
    REQUIRE(lzma_stream_buffer_encode(filters, check, nullptr, b.data(), b.size(), out.data(), &n, out.size()) == LZMA_OK);
    out.resize(n);
    return out;
}

Buffer pack_xz(const Buffer& b) { return with_size(xz(b, 1 << 20, LZMA_CHECK_CRC32), b.size()); }
Buffer pack_xz_crc64(const Buffer& b) { return with_size(xz(b, 1 << 16, LZMA_CHECK_CRC64), b.size()); }

Buffer pack_zstd(const Buffer& b) {
    Buffer out(ZSTD_compressBound(b.size()));
    size_t n = ZSTD_compress(out.data(), out.size(), b.data(), b.size(), 6);
    REQUIRE(!ZSTD_isError(n));
    out.resize(n);
    return with_size(out, b.size());
}

// As from a pipe, with Linux's 128 MiB window: the frame does not say how long its contents are.
Buffer pack_zstd_pipe(const Buffer& b) {
    ZSTD_CCtx* c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 27);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    Buffer out(ZSTD_compressBound(b.size()) + 64);
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    for (usize at = 0; at < b.size();) {
        usize n = std::min<usize>(b.size() - at, 300'000);
        ZSTD_inBuffer from{b.data() + at, n, 0};
        at += n;
        size_t left = 1;
        while (from.pos < from.size || (at == b.size() && left))
            left = ZSTD_compressStream2(c, &to, &from, at == b.size() ? ZSTD_e_end : ZSTD_e_continue);
    }
    ZSTD_freeCCtx(c);
    out.resize(to.pos);
    return with_size(out, b.size());
}

Buffer pack_lz4(const Buffer& b) {
    constexpr usize block = 8 << 20;
    Buffer out;
    append<u32>(out, 0x184c2102);
    for (usize at = 0; at < b.size(); at += block) {
        int n = static_cast<int>(std::min(block, b.size() - at));
        std::vector<char> packed(static_cast<usize>(LZ4_compressBound(n)));
        int size = LZ4_compress_default(reinterpret_cast<const char*>(b.data() + at), packed.data(), n,
                                        static_cast<int>(packed.size()));
        REQUIRE(size > 0);
        append<u32>(out, static_cast<u32>(size));
        out.insert(out.end(), packed.begin(), packed.begin() + size);
    }
    return with_size(out, b.size());
}

struct Format {
    const char* name;
    Buffer (*pack)(const Buffer&);
};
constexpr Format kFormats[] = {{"plain", pack_plain},        {"gzip", pack_gzip}, {"xz", pack_xz},
                               {"xz, CRC64", pack_xz_crc64}, {"zstd", pack_zstd}, {"zstd from a pipe", pack_zstd_pipe},
                               {"lz4", pack_lz4}};

constexpr u8 kSectors = 3;
constexpr u32 kPayloadAt = 0x123;

Buffer bzimage(const Buffer& payload, u16 version = 0x20f) {
    Buffer b(usize{kSectors + 1} * 512 + kPayloadAt, 0x90);
    b[0x1f1] = kSectors;
    store<u16>(b, 0x1fe, 0xaa55);
    store<u32>(b, 0x202, 0x53726448);
    store<u16>(b, 0x206, version);
    store<u32>(b, 0x248, kPayloadAt);
    store<u32>(b, 0x24c, static_cast<u32>(payload.size()));
    b.insert(b.end(), payload.begin(), payload.end());
    b.insert(b.end(), 700, 0xcc);
    return b;
}

u64 free_now() {
    sim::start();
    return memory::free_pages();
}

Result<image::Unpacked> unpack(const Buffer& file) { return image::unpack(Bytes{file}); }

Errno refusal(const Buffer& file) {
    u64 before = free_now();
    auto u = unpack(file);
    if (u) {
        image::release(u.value());
        return Errno{};
    }
    CHECK(memory::free_pages() == before);
    return u.error();
}

// Takes a result that may be either, and gives its memory back.
void survive(const Buffer& file) {
    u64 before = free_now();
    auto u = unpack(file);
    if (u) image::release(u.value());
    else CHECK((u.error() == Errno::noexec || u.error() == Errno::nomem));
    REQUIRE(memory::free_pages() == before);
}

}  // namespace

TEST_CASE("a bzImage gives back what was packed, in every format") {
    for (usize size : {usize{4096}, usize{300'001}, usize{10} << 20}) {
        const Buffer kernel = kernel_like(size);
        for (const Format& f : kFormats) {
            INFO(f.name << ", " << size << " bytes");
            u64 before = free_now();
            auto u = unpack(bzimage(f.pack(kernel)));
            REQUIRE(u.ok());
            if (f.pack != pack_plain) {
                REQUIRE(u.value().kernel.size() == kernel.size());
                REQUIRE(std::memcmp(u.value().kernel.data(), kernel.data(), kernel.size()) == 0);
                CHECK(before - memory::free_pages() == pages_for(size));
            }
            image::release(u.value());
            CHECK(memory::free_pages() == before);
        }
    }
}

TEST_CASE("a payload that is not packed is used where it lies") {
    Buffer file = bzimage(kernel_like(5000));
    u64 before = free_now();
    auto u = unpack(file);
    REQUIRE(u.ok());
    CHECK(u.value().kernel.data() == file.data() + (kSectors + 1) * 512 + kPayloadAt);
    CHECK(u.value().kernel.size() == 5000);
    CHECK(u.value().pages == nullptr);
    CHECK(memory::free_pages() == before);
}

TEST_CASE("ELF and gzip files need no bzImage around them") {
    const Buffer kernel = kernel_like(9000);
    auto plain = unpack(kernel);
    REQUIRE(plain.ok());
    CHECK(plain.value().kernel.data() == kernel.data());
    auto gz = unpack(pack_gzip(kernel));
    REQUIRE(gz.ok());
    CHECK(Buffer(gz.value().kernel.begin(), gz.value().kernel.end()) == kernel);
    image::release(gz.value());
}

TEST_CASE("what is no kernel is refused") {
    for (usize n : {0, 1, 4, 0x205, 0x208, 0x24f, 0x250, 5000}) {
        CHECK(refusal(Buffer(n, 0)) == Errno::noexec);
        CHECK(refusal(Buffer(n, 0xff)) == Errno::noexec);
    }
    const Buffer kernel = kernel_like(5000);
    CHECK(refusal(bzimage(pack_xz(kernel), 0x207)) == Errno::noexec);
    for (const char* other : {"BZh91AY&SY", "\x5d\0\0\0\x01zzzzzzz", "\x89LZO\0\r\n\x1a\n", "neither", ""}) {
        Buffer payload(12, 0);
        std::memcpy(payload.data(), other, std::min<usize>(12, std::strlen(other) + 1));
        CHECK(refusal(bzimage(payload)) == Errno::noexec);
    }
}

TEST_CASE("a set-up size of zero sectors means four") {
    Buffer file(5 * 512, 0);
    Buffer wrapped = bzimage(kernel_like(4100));
    std::memcpy(file.data(), wrapped.data(), 512 + 0x80);
    file[0x1f1] = 0;
    store<u32>(file, 0x248, 0);
    file.insert(file.end(), wrapped.begin() + (kSectors + 1) * 512 + kPayloadAt, wrapped.end());
    auto u = unpack(file);
    REQUIRE(u.ok());
    CHECK(u.value().kernel.data() == file.data() + 5 * 512);
}

TEST_CASE("a payload outside of its file is refused") {
    const Buffer good = bzimage(pack_gzip(kernel_like(5000)));
    for (u32 offset : {0x10000000u, 0xffffffffu, 0xfffff000u, 5000u}) {
        Buffer b = good;
        store(b, 0x248, offset);
        CHECK(refusal(b) == Errno::noexec);
    }
    for (u32 length : {0u, 0x10000000u, 0xffffffffu}) {
        Buffer b = good;
        store(b, 0x24c, length);
        CHECK(refusal(b) == Errno::noexec);
    }
}

TEST_CASE("a file cut short anywhere is refused") {
    const Buffer kernel = kernel_like(60'000);
    for (const Format& f : kFormats) {
        INFO(f.name);
        const Buffer whole = bzimage(f.pack(kernel));
        const usize payload_end = whole.size() - 700;
        for (usize n : {usize{0x1f1}, usize{0x1ff}, usize{0x205}, usize{0x207}, usize{0x24b}, usize{0x24f}, usize{0x250},
                        usize{4 * 512}, usize{4 * 512 + kPayloadAt}, payload_end - 1000, payload_end - 4, payload_end - 1})
            CHECK(refusal(Buffer(whole.begin(), whole.begin() + static_cast<long>(n))) == Errno::noexec);
    }
}

// The header agrees with the short payload, so that the decoder itself meets the end.
TEST_CASE("a stream cut short anywhere is refused") {
    const Buffer kernel = kernel_like(20'000);
    for (const Format& f : kFormats) {
        if (f.pack == pack_plain) continue;
        INFO(f.name);
        Buffer payload = f.pack(kernel);
        const Buffer stream(payload.begin(), payload.end() - 4);
        for (usize n = 0; n < stream.size(); n += n < 64 || n + 64 > stream.size() ? 1 : 97)
            CHECK(refusal(bzimage(with_size(Buffer(stream.begin(), stream.begin() + static_cast<long>(n)), kernel.size()))) ==
                  Errno::noexec);
    }
}

TEST_CASE("a size that does not fit the stream is refused") {
    const Buffer kernel = kernel_like(150'000);
    for (const Format& f : kFormats) {
        if (f.pack == pack_plain) continue;
        for (u32 size : {0u, 1u, 4096u, 149'999u, 150'001u, 3'000'000u, 512u << 20, (512u << 20) + 1, 0xffffffffu}) {
            INFO(f.name << ", " << size);
            Buffer payload = f.pack(kernel);
            store(payload, payload.size() - 4, size);
            Errno e = refusal(bzimage(payload));
            CHECK(e == (size == 512u << 20 ? Errno::nomem : Errno::noexec));   // the simulated machine has 128 MiB
        }
    }
}

TEST_CASE("a dictionary larger than memory is refused") {
    Buffer stream = xz(kernel_like(5000), 1536u << 20, LZMA_CHECK_CRC32);
    CHECK(refusal(bzimage(with_size(stream, 5000))) == Errno::nomem);
}

TEST_CASE("flipped bits never crash the decoders") {
    const Buffer kernel = kernel_like(30'000);
    std::minstd_rand random{11};
    for (const Format& f : kFormats) {
        INFO(f.name);
        const Buffer whole = bzimage(f.pack(kernel));
        for (unsigned i = 0; i < 600; ++i) {
            Buffer b = whole;
            // The first bytes of the payload are where the lengths are.
            usize base = (kSectors + 1) * 512 + kPayloadAt;
            usize at = i < 200 ? base + random() % 64 : base + random() % (b.size() - base);
            for (unsigned n = 0; n <= i % 3; ++n) b[at] ^= static_cast<u8>(1u << random() % 8);
            survive(b);
        }
    }
}

namespace {

struct ElfHeader {
    u8 ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    u16 type = 2, machine = 62;
    u32 version = 1;
    u64 entry = 0xffffffff81000000, phoff = 64, shoff = 0;
    u32 flags = 0;
    u16 ehsize = 64, phentsize = 56, phnum = 2, shentsize = 0, shnum = 0, shstrndx = 0;
};
struct ProgramHeader {
    u32 type, flags;
    u64 offset, vaddr, paddr, filesz, memsz, align;
};
constexpr usize kNotesAt = 256;

void append_note(Buffer& b, u32 type, const void* data, u32 bytes) {
    append<u32>(b, 4);
    append(b, bytes);
    append(b, type);
    append<u32>(b, 0x006e6558);   // "Xen"
    auto* p = static_cast<const u8*>(data);
    b.insert(b.end(), p, p + bytes);
    b.resize((b.size() + 3) & ~usize{3});
}

void append_note(Buffer& b, u32 type, u64 v) { append_note(b, type, &v, 8); }
void append_note(Buffer& b, u32 type, const char* s) { append_note(b, type, s, static_cast<u32>(std::strlen(s) + 1)); }

Buffer elf_file() {
    Buffer notes;
    append_note(notes, XEN_ELFNOTE_GUEST_OS, "linux");
    append_note(notes, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    append_note(notes, XEN_ELFNOTE_ENTRY, 0xffffffff82000040);
    append_note(notes, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    append_note(notes, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
    append_note(notes, XEN_ELFNOTE_SUPPORTED_FEATURES, 0x8801);
    append_note(notes, XEN_ELFNOTE_MOD_START_PFN, 1);
    Buffer b;
    append(b, ElfHeader{});
    append(b, ProgramHeader{1, 7, 0, 0xffffffff81000000, 0x1000000, 0x400, 0x5000, 0x1000});
    append(b, ProgramHeader{4, 4, kNotesAt, 0, 0, notes.size(), notes.size(), 4});
    b.resize(kNotesAt);
    b.insert(b.end(), notes.begin(), notes.end());
    b.resize(0x400);
    return b;
}

std::string text(Str s) { return {s.data(), s.size()}; }

}  // namespace

TEST_CASE("ELF segments and Xen notes are read") {
    const Buffer file = elf_file();
    auto e = image::parse_elf(Bytes{file});
    REQUIRE(e.ok());
    const image::Elf& k = e.value();
    REQUIRE(k.segment_count == 1);
    CHECK(k.segments[0].memory_bytes == 0x5000);
    CHECK(k.virt_start == 0xffffffff81000000);
    CHECK(k.virt_end == 0xffffffff81005000);
    CHECK(k.notes.entry == 0xffffffff82000040);
    CHECK(*k.notes.p2m_base == 0x8000000000);
    CHECK(k.notes.module_unmapped);
    CHECK(text(k.notes.guest_os) == "linux");
    CHECK(k.notes.required_features == 1u << XENFEAT_writable_page_tables);
    CHECK(k.notes.supported_features == (0x8801 | 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_pae_pgdir_above_4gb));
}

TEST_CASE("ELF files that cannot be loaded are refused") {
    auto refused = [](auto change) {
        Buffer b = elf_file();
        change(b);
        auto e = image::parse_elf(Bytes{b});
        return !e.ok() && e.error() == Errno::noexec;
    };
    CHECK(refused([](Buffer& b) { b[4] = 1; }));                                   // 32-bit
    CHECK(refused([](Buffer& b) { b[5] = 2; }));                                   // big-endian
    CHECK(refused([](Buffer& b) { store<u16>(b, 18, 183); }));                     // AArch64
    CHECK(refused([](Buffer& b) { store<u16>(b, 16, 1); }));                       // an object file
    CHECK(refused([](Buffer& b) { store<u16>(b, 56, 0); }));                       // no program headers
    CHECK(refused([](Buffer& b) { store<u16>(b, 56, 0xffff); }));
    CHECK(refused([](Buffer& b) { store<u64>(b, 32, ~u64{0} - 10); }));            // phoff
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 8, ~u64{0}); }));             // offset
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 32, 0x401); }));              // filesz
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 40, 0x10); }));               // memsz < filesz
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 40, ~u64{0}); }));
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 24, ~u64{0}); }));            // paddr
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 40, 0), store<u64>(b, 64 + 32, 0); }));   // nothing to load
    CHECK(refused([](Buffer& b) { store<u64>(b, 64 + 56 + 32, 0x1000); }));        // notes behind the file
    CHECK(refused([](Buffer& b) { b.resize(100); }));
    CHECK(refused([](Buffer& b) { b.resize(0x3ff); }));
}

TEST_CASE("mutated ELF headers and notes never crash") {
    const Buffer good = elf_file();
    std::minstd_rand random{3};
    for (unsigned i = 0; i < 30'000; ++i) {
        Buffer b = good;
        for (unsigned n = 0; n <= i % 4; ++n) {
            usize at = random() % 700;
            if (random() % 2) b[at] = static_cast<u8>(random());
            else store<u32>(b, at & ~usize{3}, static_cast<u32>(random() % 3 ? ~random() : random() % 64));
        }
        if (i % 16 == 0) b.resize(random() % b.size());
        auto e = image::parse_elf(Bytes{b});
        if (!e.ok()) continue;
        for (usize s = 0; s < e.value().segment_count; ++s) {
            const image::Segment& seg = e.value().segments[s];
            REQUIRE(seg.offset + seg.file_bytes <= b.size());
            REQUIRE(seg.file_bytes <= seg.memory_bytes);
            REQUIRE(e.value().virt_of(seg) >= e.value().virt_start);
            REQUIRE(e.value().virt_of(seg) + seg.memory_bytes <= e.value().virt_end);
        }
    }
}
