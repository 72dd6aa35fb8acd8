// SPDX-License-Identifier: MIT
#include "drivers/vga/text.hpp"

#include <asm/mmio.hpp>

namespace xen::vga {
namespace {

constexpr u16 kGreyOnBlack = 0x0700;
constexpr u16 kBlank = kGreyOnBlack | ' ';

}  // namespace

void TextScreen::open(volatile u16* cells, CursorPort& cursor, u16 cell) {
    cells_ = cells;
    cursor_ = &cursor;
    if (cell >= kColumns * kRows) cell = 0;
    row_ = cell / kColumns;
    column_ = 0;
    if (cell % kColumns) new_line();
}

void TextScreen::new_line() {
    column_ = 0;
    if (++row_ < kRows) return;
    row_ = kRows - 1;
    for (unsigned i = 0; i < kColumns * (kRows - 1); ++i)
        arch::mmio_write16(cells_ + i, arch::mmio_read16(cells_ + i + kColumns));
    for (unsigned i = kColumns * (kRows - 1); i < kColumns * kRows; ++i) arch::mmio_write16(cells_ + i, kBlank);
}

void TextScreen::put(char c) {
    switch (c) {
    case '\n': return new_line();
    case '\r': column_ = 0; return;
    case '\b': column_ -= column_ ? 1 : 0; return;
    case '\t': column_ = (column_ + 8) & ~7u; break;
    default:
        if (static_cast<unsigned char>(c) < ' ') return;
        arch::mmio_write16(cells_ + row_ * kColumns + column_, static_cast<u16>(kGreyOnBlack | static_cast<unsigned char>(c)));
        ++column_;
    }
    if (column_ >= kColumns) new_line();
}

void TextScreen::write(Str text) {
    if (!cells_) return;
    for (char c : text) put(c);
    cursor_->move(static_cast<u16>(row_ * kColumns + column_));
}

}  // namespace xen::vga
