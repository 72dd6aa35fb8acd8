// SPDX-License-Identifier: MIT
// A VGA text screen of 80 by 25 cells in memory (character low, attribute high). Pure but for the memory it is given;
// the cursor is moved through `CursorPort`. Not locked: the console's lock is held.
#pragma once

#include <xen/console.hpp>

namespace xen::vga {

class CursorPort {
public:
    virtual void move(u16 cell) = 0;

protected:
    ~CursorPort() = default;
};

class TextScreen final : public console::Device {
public:
    static constexpr unsigned kColumns = 80, kRows = 25;
    constexpr TextScreen() = default;
    // Goes on below what the firmware and loader printed: at `cell`.
    void open(volatile u16* cells, CursorPort& cursor, u16 cell);
    void write(Str text) override;

private:
    void put(char c);
    void new_line();

    volatile u16* cells_ = nullptr;
    CursorPort* cursor_ = nullptr;
    unsigned column_ = 0, row_ = 0;
};

}  // namespace xen::vga
