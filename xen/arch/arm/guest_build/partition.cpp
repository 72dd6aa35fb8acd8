// SPDX-License-Identifier: MIT
// A partition on Arm: a guest of public/arch-arm.h's board, whose UART the hypervisor serves.
#include <asm/gic.hpp>
#include <asm/pagemap.hpp>
#include <asm/vuart.hpp>
#include <public/arch-arm.h>
#include <public/domctl.h>
#include <public/hvm/params.h>
#include <xen/arch_partition.hpp>
#include <xen/boot_tree.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/static_event.hpp>
#include <xen/terminal.hpp>

#include "arch/arm/guest_build/memory.hpp"
#include "arch/arm/guest_build/packed.hpp"
#include "arch/arm/guest_build/partition_tree.hpp"
#include "arch/arm/guest_build/passthrough.hpp"
#include "drivers/serial/dtuart.hpp"
#include "lib/format.hpp"

namespace xen::arch {
namespace {

using device_tree::Range;
using partition::Description;
namespace build = guest_build;

constexpr u64 kTreeRoom = 64 << 10;

Bytes bytes_of(Range r) { return {static_cast<const u8*>(direct_map(Paddr{r.start})), r.bytes}; }

void output(Domain& d, u8 byte) {
    char c = static_cast<char>(byte);
    console::write_from_terminal(d, {&c, 1});
}
void input(Domain& d, char c) { (void)vuart::receive(d, static_cast<u8>(c)); }   // a full FIFO loses it, as on metal

Status serve_uart(Domain& d, const build::Uart& u) {
    TRY(vuart::init_domain(d, u.base, u.spi, output));
    return console::add_terminal(d, input);
}

// ABI: with the machine's addresses it is where the UART is that the hypervisor drives.
Result<Maybe<build::Uart>> uart_of(const Description& p) {
    if (!p.vpl011) return Maybe<build::Uart>{};
    if (!p.direct_map) return Maybe<build::Uart>{build::Uart{GUEST_PL011_BASE, GUEST_VPL011_SPI}};
    auto node = serial::console_node();
    auto line = serial::console_line();
    auto at = node ? node->machine_reg(0) : Result<Range>{Errno::nodev};
    if (at && line && !page_offset(at.value().start) && at.value().bytes >= GUEST_PL011_SIZE)
        return Maybe<build::Uart>{build::Uart{at.value().start, *line}};
    log_error("%.*s: vpl011 with direct-map: the hypervisor drives no UART with an interrupt and a page of its own, in whose place it would be",
              static_cast<int>(p.name.size()), p.name.data());
    return Errno::nodev;
}

// ABI: dom0's program init-dom0less finds the channel, gives the domain a page for the store, tells it where, and introduces the
// domain to the store's daemon. Until then the page is nowhere, which Linux waits out.
Status prepare_store(Domain& d) {
    Port port = TRY(event::open_unbound(d, domain::dom0->id));
    d.arch.params[HVM_PARAM_STORE_EVTCHN] = port.raw();
    d.arch.params[HVM_PARAM_STORE_PFN] = ~u64{0};
    return {};
}

Range grants_of(const Description& p, const partition::Machine& m) {
    return p.direct_map ? build::grant_space(m.image, option::values().gnttab_max_frames) : Range{GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE};
}

build::Board board_of(const Domain& d, const Description& p, const build::Ranges& memory, const build::Ranges& spaces) {
    build::Board b;
    b.vcpus = d.max_vcpus;
    b.memory = {memory.data(), memory.size()};
    b.version = vgic::version(d);
    b.controller = vgic::layout(d);
    b.hypervisor = p.enhanced;
    b.spaces = {spaces.data(), spaces.size()};
    for (const partition::SharedMemory& s : p.shared) (void)b.regions.push({s.id, {s.guest, s.bytes}});
    return b;
}

// A description may name what there is not.
Status check_places(const Description& p, const char* name) {
    auto check = [name](Range r) -> Status {
        u64 pages = pages_for(page_offset(r.start) + r.bytes);
        if (r.start + r.bytes >= r.start && memory::is_ram(frame_of(Paddr{r.start}), pages)) return {};
        log_error("%s: there is no memory at %#lx, %lu KiB", name, r.start, r.bytes >> 10);
        return Errno::inval;
    };
    for (Range module : {p.kernel, p.ramdisk, p.devices})
        if (module.bytes) TRY(check(module));
    for (Range bank : p.static_memory) TRY(check(bank));
    return {};
}

// The partial tree's root.
Result<Maybe<device_tree::Node>> give_devices(Domain& d, const Description& p, const char* name) {
    if (!p.devices.bytes) return Maybe<device_tree::Node>{};
    Bytes blob = bytes_of(p.devices);
    if (const char* why = device_tree::Tree::why_not(blob)) {
        log_error("%s: its partial device tree is none: %s", name, why);
        return Errno::inval;
    }
    auto tree = TRY(device_tree::Tree::open(blob));
    TRY(build::give_devices(d, tree, boot::tree(), name));
    return Maybe<device_tree::Node>{tree.root()};
}

Status build_guest(Domain& d, const Description& p, const partition::Machine& m, Bytes image, const char* name) {
    build::KernelImage kernel = TRY(build::parse_kernel(image, name));
    Bytes ramdisk;
    if (p.ramdisk.bytes) ramdisk = bytes_of(p.ramdisk);
    Maybe<device_tree::Node> devices = TRY(give_devices(d, p, name));
    build::Ranges memory = TRY(build::give_memory(d, p, name));
    Range grants = grants_of(p, m);
    TRY(build::map_regions(d, p, grants, name));
    build::Places places = TRY(build::find_places(name, {memory.data(), memory.size()}, kernel, ramdisk.size(), kTreeRoom));

    build::Ranges spaces = build::spaces_of(p, memory, grants);
    build::Board board = board_of(d, p, memory, spaces);
    board.grants = grants;
    board.uart = TRY(uart_of(p));
    board.devices = devices;
    board.chosen = build::chosen_of(p.bootargs, places, ramdisk.size());
    auto space = TRY(Array<u8>::create(kTreeRoom));
    auto tree = write_partition_tree(board, {space.data(), space.size()});
    if (!tree) {
        log_error("%s: its device tree cannot be written: errno %u", name, static_cast<unsigned>(tree.error()));
        return tree.error();
    }
    load(d, places, kernel, ramdisk, tree.value());
    if (board.uart) TRY(serve_uart(d, *board.uart));
    if (p.store) TRY(prepare_store(d));
    log_info("%s: %lu MiB, %u vCPUs, entry %#lx, device tree %#lx", name, d.tot_pages >> 8, d.max_vcpus, places.kernel, places.tree);
    return {};
}

}  // namespace

// ABI: without nr_spis it has as many lines as the machine, and the UART's in any case.
Status prepare_partition(domain::CreateInfo& info, const Description& p) {
    info.direct_map = p.direct_map;
    info.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    u32 machine = gic::lines() > vgic::kSpiBase ? gic::lines() - vgic::kSpiBase : 0;
    auto uart = TRY(uart_of(p));
    u32 least = uart ? uart->spi - vgic::kSpiBase + 1 : 0, spis = p.spis.value_or(machine);
    info.arch.nr_spis = spis < least ? least : spis;
    return {};
}

Status build_partition(Domain& d, const Description& p, const partition::Machine& m) {
    char name[48];
    format(name, sizeof name, "d%u (%.*s)", d.id.raw(), static_cast<int>(p.name.size()), p.name.data());
    TRY(check_places(p, name));
    auto unpacked = TRY(build::unpack_kernel(bytes_of(p.kernel), name));
    Status built = build_guest(d, p, m, unpacked.kernel, name);
    image::release(unpacked);
    return built;
}

}  // namespace xen::arch
