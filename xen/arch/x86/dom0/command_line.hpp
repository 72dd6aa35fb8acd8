// SPDX-License-Identifier: MIT
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::dom0 {

// dom0's command line as it stands in start_info: what the loader's entry says and, before it, what the kernel cannot
// find out itself. A PV guest looks for the ACPI root pointer in the BIOS areas only, and takes the last `acpi_rsdp=`.
// Ends with a NUL; false when it had to be cut.
bool build_command_line(char* to, usize cap, Str given, Maybe<Paddr> rsdp);

}  // namespace xen::dom0
