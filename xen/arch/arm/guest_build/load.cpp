// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/load.hpp"

#include <asm/cache.hpp>
#include <asm/p2m.hpp>
#include <xen/assert.hpp>
#include <xen/log.hpp>

#include "lib/string.hpp"

namespace xen::guest_build {
namespace {

// The guest reads it with its caches off.
void write(const Domain& d, u64 address, Bytes from) {
    const u8* source = from.data();
    u64 bytes = from.size();
    while (bytes) {
        u64 offset = page_offset(address), n = kPageSize - offset < bytes ? kPageSize - offset : bytes;
        auto entry = p2m::lookup(d, frame_of(Gaddr{address}));
        bug_if(!entry);   // find_places() asked for memory that there is
        MappedPage<u8> page{entry.value().mfn};
        memcpy(page.get() + offset, source, n);
        arch::clean_invalidate_cache(page.get() + offset, n);
        address += n;
        source += n;
        bytes -= n;
    }
}

}  // namespace

Result<Places> find_places(const char* name, std::span<const device_tree::Range> banks, const KernelImage& kernel, u64 ramdisk_bytes,
                           u64 tree_bytes) {
    for (const device_tree::Range& b : banks) {
        Places p = place(b.start, kernel, ramdisk_bytes, tree_bytes);
        if (p.end <= b.start + b.bytes) return p;
    }
    log_error("%s: its kernel and ramdisk need %lu MiB in one piece: give it more memory", name,
              (kernel.bytes + ramdisk_bytes + tree_bytes) >> 20);
    return Errno::nomem;
}

// Linux, Documentation/arm64/booting: x0 is the address of the tree.
void load(Domain& d, const Places& p, const KernelImage& kernel, Bytes ramdisk, Bytes tree) {
    write(d, p.kernel, kernel.file);
    write(d, p.ramdisk, ramdisk);
    write(d, p.tree, tree);
    Vcpu& v = *d.vcpus[0];
    v.arch.regs.pc = p.kernel;
    v.arch.regs.x[0] = p.tree;
    v.initialised = true;
}

}  // namespace xen::guest_build
