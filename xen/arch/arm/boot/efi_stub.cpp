// SPDX-License-Identifier: MIT
// From EFI firmware to the entry of the image: a copy of it at a place that it can be at, the handover in the copy's data.
#include <asm/cache.hpp>
#include <asm/sysreg.hpp>
#include <xen/compiler.hpp>

#include "arch/arm/boot/boot.hpp"
#include "common/efi/stub.hpp"
#include "lib/string.hpp"

extern "C" {
xen::efi::Outcome efi_main(xen::efi::Handle image, const xen::efi::SystemTable* system);
[[noreturn]] void efi_leave(xen::u64 tree, xen::u64 entry);
extern char start[];
}

namespace xen::boot {

XEN_RO_AFTER_INIT constinit efi::Handover efi_handover{};   // not in .bss, which the start code clears

namespace {

using efi::Memory;

constexpr u64 kAlign = u64{2} << 20;

XEN_INIT bool at_el2() { return (READ_SYSREG(CurrentEL) >> 2 & 3) == 2; }

XEN_INIT u64 bytes_between(const char* from, const char* to) { return static_cast<u64>(to - from); }

// The copy, with what it is to know; everything that is read with the MMU off leaves the caches.
[[noreturn]] XEN_INIT void enter(u64 copy, const efi::Handover& h, efi::Piece tree) {
    auto at = [copy](const void* p) { return reinterpret_cast<char*>(copy) + bytes_between(image_start, static_cast<const char*>(p)); };
    memcpy(at(image_start), image_start, bytes_between(image_start, file_end));
    memcpy(at(&efi_handover), &h, sizeof h);
    arch::clean_invalidate_cache(at(image_start), bytes_between(image_start, image_end));
    arch::clean_invalidate_cache(reinterpret_cast<const void*>(tree.start), tree.bytes);
    arch::clean_cache(init_text_start, bytes_between(init_text_start, init_text_end));
    efi_leave(tree.start, reinterpret_cast<u64>(at(start)));
}

XEN_INIT Status boot_from(efi::Stub& stub) {
    if (!at_el2()) {
        stub.say("Xenith: the firmware runs at EL1, from where no hypervisor can start\r\n");
        return Errno::opnotsupp;
    }
    efi::Handover h;
    TRY(stub.prepare(h));
    u64 copy = TRY(stub.allocate(Memory::loader_code, bytes_between(image_start, image_end) + kAlign));
    TRY(stub.leave(h));
    enter((copy + kAlign - 1) & ~(kAlign - 1), h, stub.tree());
}

}  // namespace
}  // namespace xen::boot

XEN_INIT xen::efi::Outcome efi_main(xen::efi::Handle image, const xen::efi::SystemTable* system) {
    using namespace xen;
    efi::Stub stub{image, *system};
    return boot::boot_from(stub).ok() ? efi::Outcome::success : efi::Outcome::load_error;
}
