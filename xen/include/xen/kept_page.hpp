// SPDX-License-Identifier: MIT
// A guest's page that stays mapped: for the few words that the hypervisor writes whenever something happens, from any
// CPU and in any domain's address space (a vcpu_info that its guest has placed, the pages of the FIFO event ABI). The
// window holds a reference as a writable page from open() to close(). Everything else of a guest's is seen through
// MappedPage for as long as a statement needs it.
// Any context without a lock above the page types'; close() after the last access of any CPU.
#pragma once

#include <xen/page.hpp>

namespace xen::kept_page {

Result<char*> open(Gfn f, const Domain& owner);   // Errno::inval: no page that `owner` may write
void close(const void* inside);                   // any address in the window; null does nothing

}  // namespace xen::kept_page
