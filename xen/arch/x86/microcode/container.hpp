// SPDX-License-Identifier: MIT
// Files of microcode, read only: the vendors' containers, and the archive in which boot loaders hand them over. Pure;
// every length is checked. The bytes come from a module or from the toolstack and are trusted by nobody but the processor.
#pragma once

#include <asm/features.hpp>

#include "lib/bytes.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::microcode {

// Which patches a processor takes: CPUID leaf 1 eax, the platform of Intel's processors (one bit), what is loaded.
struct Processor {
    arch::Vendor vendor = arch::Vendor::other;
    u32 signature = 0;
    u32 platform = 0;
    u32 revision = 0;
};

// A patch inside a container: as the processor's load instruction takes it.
struct Patch {
    Bytes bytes{};      // with its header
    u32 revision = 0;
};

// Why there is none, in the errno of XENPF_microcode_update: Errno::inval the container is damaged or a foreign one,
// noent nothing in it for this processor, exist nothing newer than what is loaded.
Result<Patch> find_newest(Bytes container, const Processor& p);

Result<Patch> find_intel(Bytes container, const Processor& p);
Result<Patch> find_amd(Bytes container, const Processor& p);

// The file of that name in a cpio archive ("newc", unpacked); the archive may be followed by anything.
Maybe<Bytes> file_in_archive(Bytes archive, Str name);
// Where Linux's tools put the processor's container in it.
Str archive_name(arch::Vendor v);

}  // namespace xen::microcode
