// SPDX-License-Identifier: MIT
#include "drivers/serial/dtuart.hpp"

#include <asm/mapping.hpp>
#include <xen/boot_tree.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>

#include "drivers/serial/pl011.hpp"
#include "drivers/serial/tree_uart.hpp"

namespace xen::serial {
namespace {

constinit Pl011 pl011;
constinit MemoryRegisters registers;
constinit Ns16550 ns16550{registers};
Maybe<TreeUart> uart;      // that is used

// A specifier of the GIC: type, number, flags; type 0 counts from 32.
Maybe<u32> line_of(device_tree::Node n) {
    auto i = n.interrupt(0);
    if (!i || i.value().cells.size() < 2 || i.value().cells[0] != 0) return nothing;
    return i.value().cells[1] + 32;
}

console::Device* open(const TreeUart& u, void* window) {
    if (u.kind != Kind::ns16550) {
        pl011.open(static_cast<char*>(window), u.kind == Kind::pl011);
        return &pl011;
    }
    auto layout = MemoryRegisters::layout_of(u.node);
    if (!layout) return nullptr;
    registers.use(static_cast<volatile u8*>(window), *layout);
    ns16550.setup({});
    return &ns16550;
}

}  // namespace

void init_dtuart() {
    if (uart) return;
    auto found = find_uart(boot::tree());
    auto at = found ? found->node.machine_reg(0) : Result<device_tree::Range>{Errno::noent};
    auto* window = at ? static_cast<char*>(arch::map_device(Paddr{at.value().start & kPageMask}, kPageSize)) : nullptr;
    console::Device* device = window ? open(*found, window + page_offset(at.value().start)) : nullptr;
    if (!device) return log_warning("dtuart: there is no UART in the device tree that is known");
    uart = found;
    console::add_device(*device, "dtuart");
}

void init_dtuart_interrupt() {
    Maybe<u32> line = console_line();
    if (!line) return;
    bool is_pl011 = uart->kind != Kind::ns16550;
    auto handler = is_pl011 ? [](void*) { pl011.interrupt(); } : [](void*) { ns16550.interrupt(); };
    if (!irq::request(*line, handler, nullptr, "dtuart")) return log_warning("dtuart: no interrupt, no input");
    if (is_pl011) pl011.use_interrupt();
    else ns16550.use_interrupts(true);
}

Maybe<u32> console_line() { return uart ? line_of(uart->node) : Maybe<u32>{}; }
Maybe<device_tree::Node> console_node() { return uart ? Maybe<device_tree::Node>{uart->node} : Maybe<device_tree::Node>{}; }

}  // namespace xen::serial
