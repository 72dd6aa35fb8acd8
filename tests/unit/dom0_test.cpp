// SPDX-License-Identifier: MIT
// What dom0 is told at its start: the command line and the screen.
#include <cstddef>
#include <string>

#include <catch2/catch.hpp>

#include "arch/x86/dom0/command_line.hpp"
#include "arch/x86/dom0/screen.hpp"

using namespace xen;
using dom0::build_command_line;
using dom0::describe_screen;

namespace {

struct Line {
    bool whole;
    std::string text;
};
Line line(const char* given, Maybe<Paddr> rsdp, usize cap = MAX_GUEST_CMDLINE) {
    std::string to(cap + 1, '#');
    bool whole = build_command_line(to.data(), cap, Str{given}, rsdp);
    REQUIRE(to[cap] == '#');                    // nothing is written behind the room there is
    REQUIRE(to.find('\0') < cap);
    return {whole, to.c_str()};
}

BootInfo with_framebuffer(BootInfo::Framebuffer f, bool efi) {
    BootInfo b;
    b.efi = efi;
    b.framebuffer = f;
    return b;
}

constexpr BootInfo::Framebuffer kXrgb{.address = Paddr{0x8'c000'0000}, .pitch = 4096, .width = 1024, .height = 768, .bpp = 32,
                                      .kind = 1, .red_pos = 16, .red_size = 8, .green_pos = 8, .green_size = 8,
                                      .blue_pos = 0, .blue_size = 8};

}  // namespace

TEST_CASE("dom0's command line is the loader's") {
    Line l = line("console=hvc0 -- single", nothing);
    CHECK(l.whole);
    CHECK(l.text == "console=hvc0 -- single");
    CHECK(line("", nothing).text.empty());
}

TEST_CASE("dom0 is told of a root pointer that it cannot find, before what is for init") {
    CHECK(line("console=hvc0 -- single", Paddr{0x6f77d014}).text == "acpi_rsdp=0x6f77d014 console=hvc0 -- single");
    CHECK(line("", Paddr{0x6f77d014}).text == "acpi_rsdp=0x6f77d014");
    CHECK(line("a", Paddr{0xffffffff12345678}).text == "acpi_rsdp=0xffffffff12345678 a");
}

TEST_CASE("a command line that is too long is cut at its end") {
    CHECK(line("abc", nothing, 4).whole);
    Line cut = line("abcd", nothing, 4);
    CHECK_FALSE(cut.whole);
    CHECK(cut.text == "abc");
    std::string given(MAX_GUEST_CMDLINE - 1, 'x');
    CHECK(line(given.c_str(), nothing).whole);
    Line longer = line(given.c_str(), Paddr{0x1000});
    CHECK_FALSE(longer.whole);
    CHECK(longer.text.size() == MAX_GUEST_CMDLINE - 1);
    CHECK(longer.text.starts_with("acpi_rsdp=0x1000 xxx"));
    for (usize cap = 1; cap < 24; ++cap) CHECK(line("abc", Paddr{0x1000}, cap).whole == (cap >= 21));
}

TEST_CASE("a text screen is described with its cursor") {
    auto c = describe_screen(BootInfo{}, vga::TextMode{80, 25, 3, 24, 16});
    CHECK(c.video_type == XEN_VGATYPE_TEXT_MODE_3);
    CHECK(c.u.text_mode_3.columns == 80);
    CHECK(c.u.text_mode_3.rows == 25);
    CHECK(c.u.text_mode_3.cursor_x == 3);
    CHECK(c.u.text_mode_3.cursor_y == 24);
    CHECK(c.u.text_mode_3.font_height == 16);
}

TEST_CASE("a frame buffer is described with its pixels, in units of 64 KiB") {
    for (bool efi : {false, true}) {
        auto c = describe_screen(with_framebuffer(kXrgb, efi), nothing);
        CHECK(c.video_type == (efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB));
        auto& v = c.u.vesa_lfb;
        CHECK((v.width == 1024 && v.height == 768 && v.bytes_per_line == 4096 && v.bits_per_pixel == 32));
        CHECK((v.lfb_base == 0xc0000000 && v.ext_lfb_base == 8));
        CHECK(v.lfb_size == 48);
        CHECK((v.red_pos == 16 && v.red_size == 8 && v.green_pos == 8 && v.green_size == 8));
        CHECK((v.blue_pos == 0 && v.blue_size == 8));
        CHECK((v.rsvd_pos == 24 && v.rsvd_size == 8));
    }
    auto f = kXrgb;
    f.bpp = 24, f.width = 800, f.height = 600, f.pitch = 2400;
    auto c = describe_screen(with_framebuffer(f, true), nothing);
    CHECK(c.u.vesa_lfb.lfb_size == 22);
    CHECK(c.u.vesa_lfb.rsvd_size == 0);
    f = kXrgb;
    f.bpp = 16, f.red_pos = 10, f.green_pos = 5, f.red_size = f.green_size = f.blue_size = 5;
    c = describe_screen(with_framebuffer(f, true), nothing);
    CHECK((c.u.vesa_lfb.rsvd_pos == 15 && c.u.vesa_lfb.rsvd_size == 1));
}

TEST_CASE("what the description cannot hold is no screen") {
    auto indexed = kXrgb, wide = kXrgb, empty = kXrgb;
    indexed.kind = 0;
    wide.pitch = 0x10000;
    empty.height = 0;
    for (auto& f : {indexed, wide, empty}) CHECK(describe_screen(with_framebuffer(f, true), nothing).video_type == 0);
    CHECK(describe_screen(BootInfo{}, nothing).video_type == 0);
}

// Each field where a kernel reads it (it gets the description's length with it).
TEST_CASE("layout of the screen's description") {
    using Info = dom0_vga_console_info;
    CHECK(offsetof(Info, video_type) == 0);
    CHECK(offsetof(Info, u.text_mode_3.font_height) == 4);
    CHECK(offsetof(Info, u.text_mode_3.cursor_x) == 6);
    CHECK(offsetof(Info, u.text_mode_3.rows) == 10);
    CHECK(offsetof(Info, u.vesa_lfb.width) == 4);
    CHECK(offsetof(Info, u.vesa_lfb.bits_per_pixel) == 10);
    CHECK(offsetof(Info, u.vesa_lfb.lfb_base) == 12);
    CHECK(offsetof(Info, u.vesa_lfb.red_pos) == 20);
    CHECK(offsetof(Info, u.vesa_lfb.rsvd_size) == 27);
    CHECK(offsetof(Info, u.vesa_lfb.gbl_caps) == 28);
    CHECK(offsetof(Info, u.vesa_lfb.mode_attrs) == 32);
    CHECK(offsetof(Info, u.vesa_lfb.ext_lfb_base) == 36);
    CHECK(sizeof(Info) == 40);
}
