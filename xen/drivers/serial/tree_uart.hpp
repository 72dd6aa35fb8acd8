// SPDX-License-Identifier: MIT
// Which UART of a device tree is the console, and how its registers lie (Linux, Documentation/devicetree/bindings/serial: pl011.yaml,
// 8250.yaml; Devicetree Specification 0.4, 3.6 and 4.2). Pure.
#pragma once

#include <asm/mmio.hpp>
#include <xen/device_tree.hpp>

#include "drivers/serial/ns16550.hpp"

namespace xen::serial {

enum class Kind { pl011, sbsa, ns16550 };

struct TreeUart {
    device_tree::Node node;
    Kind kind = Kind::pl011;
};
// The one that /chosen's stdout-path names, else the first: a PL011 before an SBSA UART before a 16550. Disabled ones do not count.
Maybe<TreeUart> find_uart(const device_tree::Tree& tree);

// Registers of a 16550 in memory: each 1 << shift bytes from the last, accessed by `width` bytes.
class MemoryRegisters final : public UartRegisters {
public:
    struct Layout {
        u64 offset = 0;
        u32 shift = 0, width = 1;
    };
    // Nothing: a form that is not known.
    static Maybe<Layout> layout_of(device_tree::Node n);
    void use(volatile u8* window, const Layout& l) { base_ = window + l.offset, layout_ = l; }
    u8 read(unsigned reg) override {
        volatile u8* at = base_ + (u64{reg} << layout_.shift);
        return layout_.width == 4 ? static_cast<u8>(arch::mmio_read32(at)) : arch::mmio_read8(at);
    }
    void write(unsigned reg, u8 v) override {
        volatile u8* at = base_ + (u64{reg} << layout_.shift);
        layout_.width == 4 ? arch::mmio_write32(at, v) : arch::mmio_write8(at, v);
    }

private:
    volatile u8* base_ = nullptr;
    Layout layout_{};
};

}  // namespace xen::serial
