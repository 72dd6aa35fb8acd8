// SPDX-License-Identifier: MIT
#include "arch/x86/dom0/command_line.hpp"

#include "lib/format.hpp"

namespace xen::dom0 {

bool build_command_line(char* to, usize cap, Str given, Maybe<Paddr> rsdp) {
    usize used = 0;
    if (rsdp) used = format(to, cap, "acpi_rsdp=%#lx%s", rsdp->raw(), given.empty() ? "" : " ");
    if (used >= cap) return false;
    return copy_string(to + used, cap - used, given) == given.size();
}

}  // namespace xen::dom0
