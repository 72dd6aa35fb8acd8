// SPDX-License-Identifier: MIT
// The vocabulary: formatting, bitmaps, results, text.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/bitmap.hpp"
#include "lib/format.hpp"
#include "lib/index.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"
#include "lib/words.hpp"

using namespace xen;

static_assert(!std::is_constructible_v<Gfn, Mfn>);
static_assert(!std::is_convertible_v<u64, Mfn>);
static_assert(Mfn{3} + 2 == Mfn{5} && Mfn{5} - Mfn{3} == 2);

namespace {

template <class... A>
std::string formatted(const char* fmt, A... a) {
    char text[128];
    char expected[128];
    usize n = format(text, sizeof(text), fmt, a...);
    int m = std::snprintf(expected, sizeof(expected), fmt, a...);
    REQUIRE(n == static_cast<usize>(m));
    REQUIRE(std::string(text) == expected);
    return text;
}

Result<int> half(int v) {
    if (v % 2) return Errno::inval;
    return v / 2;
}

Result<int> quarter(int v) {
    int h = TRY(half(v));
    return half(h);
}

std::vector<std::string> words_of(Str list, char separator = ',') {
    std::vector<std::string> all;
    for (Str w : Words{list, separator}) all.emplace_back(w.data(), w.size());
    return all;
}

}  // namespace

#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

TEST_CASE("format agrees with the C library") {
    formatted("%d %i %u", -5, 7, 9u);
    formatted("%08x|%#lx|%-6d|%6d|%06d", 0xbeefu, 0x123456789abcul, 42, 42, -42);
    formatted("%s|%.3s|%10s|%-10s|", "abc", "abcdef", "right", "left");
    formatted("%c%%%lu", 'x', ~0ul);
    formatted("%*d|%.*s", 7, 3, 2, "xyz");
    formatted("%ld %zu %lld", -1l, sizeof(int), -9ll);
}

TEST_CASE("format never writes past its buffer") {
    char text[8] = "#######";
    REQUIRE(format(text, 4, "%s", "abcdef") == 6);
    REQUIRE(std::string(text) == "abc");
    REQUIRE(text[4] == '#');
}

TEST_CASE("bitmap finds its members") {
    Bitmap<130> b;
    REQUIRE(b.empty());
    REQUIRE(b.next() == 130);
    b.set(0);
    b.set(64);
    b.set(129);
    REQUIRE(b.count() == 3);
    REQUIRE(b.next(1) == 64);
    REQUIRE(b.next(65) == 129);
    usize sum = 0;
    for (usize i : b) sum += i;
    REQUIRE(sum == 193);
    REQUIRE(b.first_clear() == 1);
    REQUIRE((b - b).empty());
    REQUIRE(b.subset_of(b));
}

TEST_CASE("TRY returns the first error") {
    REQUIRE(quarter(8).value() == 2);
    REQUIRE(quarter(6).error() == Errno::inval);
    REQUIRE(quarter(5).error() == Errno::inval);
}

TEST_CASE("Str compares, searches and copies within bounds") {
    Str s{"dom0_mem=512M"};
    REQUIRE(s.find('=') == 8);
    REQUIRE(s.substr(0, 8) == Str{"dom0_mem"});
    REQUIRE(s.starts_with("dom0"));
    char small[4];
    REQUIRE(copy_string(small, sizeof(small), s) == 3);
    REQUIRE(Str{small} == Str{"dom"});
}

TEST_CASE("the words of a list end at separators") {
    using List = std::vector<std::string>;
    REQUIRE(words_of("") == List{});
    REQUIRE(words_of(Str{}) == List{});
    REQUIRE(words_of("vga") == List{"vga"});
    REQUIRE(words_of("vga,com1,keep") == List{"vga", "com1", "keep"});
    REQUIRE(words_of("vga,") == List{"vga"});
    REQUIRE(words_of(",") == List{""});
    REQUIRE(words_of(",vga") == List{"", "vga"});
    REQUIRE(words_of("vga,,com1,,") == List{"vga", "", "com1", ""});
    REQUIRE(words_of("a,b|!c|d", '|') == List{"a,b", "!c", "d"});
    REQUIRE(words_of(Str{"vga,com1", 5}) == List{"vga", "c"});   // and no further than the list
}

TEST_CASE("a list has a word only as a whole") {
    REQUIRE(has_word("vga,com1", "vga"));
    REQUIRE(has_word("vga,com1", "com1"));
    REQUIRE_FALSE(has_word("vga,com1", "com"));
    REQUIRE_FALSE(has_word("vga,com1", "com10"));
    REQUIRE_FALSE(has_word("vga,com1", "vga,com1"));
    REQUIRE_FALSE(has_word("", "vga"));
    REQUIRE_FALSE(has_word("", ""));
    REQUIRE_FALSE(has_word("vga,", ""));
    REQUIRE(has_word("vga,,com1", ""));
    REQUIRE(has_word("a|b", "b", '|'));
    REQUIRE_FALSE(has_word("a|b", "b"));
}
