// SPDX-License-Identifier: MIT
// `iommu=`: whoever asks for an IOMMU is told that there is none.
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "arch/x86/platform/state.hpp"

namespace xen::platform {
namespace {

// As Xen reads it: on, unless one of the words says no.
bool asks_for_one(Str list) {
    for (;;) {
        usize comma = list.find(',');
        if (!option::boolean(list.substr(0, comma)).value_or(true)) return false;
        if (comma == Str::npos) return true;
        list = list.substr(comma + 1);
    }
}

}  // namespace

void warn_of_missing_iommu() {
    Str asked = option::values().iommu;
    if (asks_for_one(asked))
        log_warning("iommu=%.*s is ignored: there is no IOMMU support. Devices reach all memory, and none can be passed through.",
                    static_cast<int>(asked.size()), asked.data());
}

}  // namespace xen::platform
