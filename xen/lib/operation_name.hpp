// SPDX-License-Identifier: MIT
// Names of a hypercall's operations, by number.
#pragma once

#include "lib/types.hpp"

namespace xen {

struct OperationName {
    u32 number;
    const char* name;
};

// Null where no such number is listed.
template <usize N>
const char* operation_name(const OperationName (&names)[N], u64 number) {
    for (const OperationName& n : names)
        if (n.number == number) return n.name;
    return nullptr;
}

}  // namespace xen
