// SPDX-License-Identifier: MIT
// Microcode into processors: at boot by `ucode=`, on each CPU that starts, and by XENPF_microcode_update on all CPUs at once.
// One patch is kept, the newest that was accepted.
#pragma once

#include <xen/boot_info.hpp>

#include "arch/x86/microcode/container.hpp"

namespace xen::microcode {

Processor this_processor();              // this CPU: its revision too
// Boot CPU, when there is a heap. A module that `ucode=NUMBER` names is taken off the list and given to the allocator.
void init(BootInfo& boot);
void apply_here();                       // a CPU that starts: the kept patch, if it is newer
// All CPUs together. Errno::inval, noent, exist as find_newest; nomem; busy: not every CPU came; io: a processor has
// another revision afterwards than the patch's.
Status update(Bytes container);

}  // namespace xen::microcode
