// SPDX-License-Identifier: MIT
#include <asm/hypercall_page.hpp>
#include <public/xen.h>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::arch {
namespace {

constexpr usize kStub = 32;
constexpr unsigned kStubs = 4096 / kStub;

void put_number(u8* at, u32 number) { memcpy(at, &number, sizeof(number)); }

}  // namespace

void fill_hypercall_page(u8* page) {
    // push rcx; push r11; mov $number, eax; syscall; pop r11; pop rcx; ret
    static constexpr u8 kCall[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    // push rcx; push r11; push rax; mov $number, eax; syscall: the frame is the guest's, nothing returns here
    static constexpr u8 kReturn[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05};
    memset(page, 0xcc, kPageSize);
    for (unsigned i = 0; i < kStubs; ++i) {
        memcpy(page + i * kStub, kCall, sizeof(kCall));
        put_number(page + i * kStub + 4, i);
    }
    u8* iret = page + __HYPERVISOR_iret * kStub;
    memset(iret, 0xcc, kStub);
    memcpy(iret, kReturn, sizeof(kReturn));
    put_number(iret + 5, __HYPERVISOR_iret);
}

Status install_hypercall_page(Domain& d, u64 request) {
    if (page_offset(request)) return Errno::inval;
    Mfn frame{request >> kPageShift};
    auto page = TypedPageRef<PageType::writable>::get(frame, d);
    if (!page) return Errno::inval;
    fill_hypercall_page(MappedPage<u8>{frame}.get());
    return {};
}

}  // namespace xen::arch
