// SPDX-License-Identifier: MIT
// Instructions that may fault on purpose: FIXUP notes where to go on. OPEN_GUEST and CLOSE_GUEST bracket accesses to
// guest pages; they are no-ops until boot finds SMAP and turns them into STAC and CLAC.
// Always "asm volatile goto": g++ 12.2 removes an asm goto whose outputs are not read.
#pragma once

#define FIXUP(fault, target)                          \
    ".pushsection .fixup_table, \"a\", @progbits\n\t" \
    ".long " fault " - ., " target " - .\n\t"         \
    ".popsection\n\t"

#define SMAP_PATCH(kind)                             \
    "9999: .byte 0x0f, 0x1f, 0x00\n\t"               \
    ".pushsection .smap_patch, \"a\", @progbits\n\t" \
    ".long 9999b - ., " kind "\n\t"                  \
    ".popsection\n\t"
#define CLOSE_GUEST SMAP_PATCH("0")
#define OPEN_GUEST SMAP_PATCH("1")

namespace xen::arch {

// Where to continue after a fault at `rip`; 0 when the fault was not meant.
unsigned long fixup_for(unsigned long rip);
// Boot, while the text is still writable.
void patch_smap();

}  // namespace xen::arch
