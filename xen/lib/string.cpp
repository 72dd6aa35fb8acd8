// SPDX-License-Identifier: MIT
#include "lib/string.hpp"

namespace xen {

usize copy_string(char* to, usize cap, Str from) {
    if (cap == 0) return 0;
    usize n = from.size() < cap - 1 ? from.size() : cap - 1;
    __builtin_memcpy(to, from.data(), n);
    to[n] = '\0';
    return n;
}

}  // namespace xen
