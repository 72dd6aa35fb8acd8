// SPDX-License-Identifier: MIT
// The table that symbols.py makes: pairs of (offset from the image's start, position of the name), sorted.
#include <asm/backtrace.hpp>

extern "C" {
extern const xen::u32 symbol_count;
extern const xen::u32 symbol_table[][2];
extern const char symbol_names[];
extern char image_start[], text_start[], text_end[], init_text_start[], init_text_end[];
}

namespace xen::arch {

bool is_code(u64 a) {
    auto within = [a](const char* s, const char* e) { return a >= reinterpret_cast<u64>(s) && a < reinterpret_cast<u64>(e); };
    return within(text_start, text_end) || within(init_text_start, init_text_end);
}

Symbol symbol_at(u64 address) {
    u64 base = reinterpret_cast<u64>(image_start);
    if (!is_code(address) || !symbol_count) return {};
    u32 offset = static_cast<u32>(address - base);
    u32 low = 0, high = symbol_count;   // the last one at or below is in [low, high)
    while (high - low > 1) {
        u32 middle = low + (high - low) / 2;
        if (symbol_table[middle][0] <= offset) low = middle;
        else high = middle;
    }
    if (symbol_table[low][0] > offset) return {};
    u32 next = low + 1 < symbol_count ? symbol_table[low + 1][0] : static_cast<u32>(text_end - image_start);
    return {Str{symbol_names + symbol_table[low][1]}, offset - symbol_table[low][0], next - symbol_table[low][0]};
}

u32 symbol_total() { return symbol_count; }

SymbolEntry symbol_entry(u32 n) {
    return {Str{symbol_names + symbol_table[n][1]}, reinterpret_cast<u64>(image_start) + symbol_table[n][0]};
}

}  // namespace xen::arch
