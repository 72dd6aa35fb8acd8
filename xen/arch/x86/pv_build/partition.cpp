// SPDX-License-Identifier: MIT
// A partition as a PV domain. The hypervisor is the back end of its console; there is no store.
#include <public/xen.h>
#include <xen/arch_partition.hpp>
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/log.hpp>

#include "arch/x86/pv_build/build.hpp"
#include "lib/format.hpp"
#include "lib/scope.hpp"

namespace xen::arch {
namespace {

using partition::Description;
using partition::Range;

Bytes bytes_of(Range r) { return {static_cast<const u8*>(direct_map(Paddr{r.start})), r.bytes}; }

void write_command_line(start_info& si, const char* name, Str given) {
    auto* to = reinterpret_cast<char*>(si.cmd_line);
    if (copy_string(to, sizeof si.cmd_line, given) != given.size())
        log_warning("%s's command line is longer than %zu characters: cut", name, sizeof si.cmd_line - 1);
}

Status build(Domain& d, const Description& p, Bytes elf) {
    char name[48];
    format(name, sizeof name, "d%u (%.*s)", d.id.raw(), static_cast<int>(p.name.size()), p.name.data());
    image::Elf kernel = TRY(image::parse_elf(elf));
    pv_build::Image image{.name = name, .kernel = kernel, .nr_pages = p.pages, .console = true};
    TRY(pv_build::check_kernel(image));
    image.ramdisk = {frame_of(Paddr{p.ramdisk.start}), p.ramdisk.bytes, false};
    pv_build::Built built = TRY(pv_build::construct(d, image));
    pv_build::write_start_info(built, {*d.arch.shared_info_mfn, p.pages, p.ramdisk.bytes, 0});
    Port port = TRY(console::serve_ring(d, Gfn{built.console.raw()}));
    MappedPage<start_info> si{built.start_info};
    si->console.domU.mfn = built.console.raw();
    si->console.domU.evtchn = port.raw();
    write_command_line(*si, name, p.bootargs);
    return {};
}

}  // namespace

Status prepare_partition(domain::CreateInfo&, const Description&) { return {}; }

Status build_partition(Domain& d, const Description& p, const partition::Machine&) {
    d.vm_assist = u64{1} << VMASST_TYPE_m2p_strict;  // as dom0 starts
    image::Unpacked unpacked = TRY(image::unpack(bytes_of(p.kernel)));
    Status built = build(d, p, unpacked.kernel);
    image::release(unpacked);
    return built;
}

}  // namespace xen::arch
