// SPDX-License-Identifier: MIT
#include "lib/errno_name.hpp"

namespace xen {
namespace {

struct Name {
    u16 value;
    const char* text;
};

#define XEN_ERRNO(name, value) {value, #name},
constexpr Name kNames[] = {
#include <public/errno.h>
};

}  // namespace

const char* errno_name(Errno e) {
    for (const Name& n : kNames)   // the first of several
        if (n.value == static_cast<u16>(e)) return n.text;
    return "an unknown error";
}

}  // namespace xen
