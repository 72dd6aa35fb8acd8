// SPDX-License-Identifier: MIT
// The core's heap in a process.
#include <stdlib.h>
#include <string.h>
#include <xen/heap.hpp>

namespace xen {

namespace heap {
void* allocate(usize bytes, usize align) {
    void* p = nullptr;
    if (posix_memalign(&p, align < sizeof(void*) ? sizeof(void*) : align, bytes)) return nullptr;
    return memset(p, 0, bytes);
}
void release(void* p) { free(p); }
}  // namespace heap

}  // namespace xen
