// SPDX-License-Identifier: MIT
// `iommu=`: whoever asks for an IOMMU is told that there is none.
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "arch/x86/platform/state.hpp"
#include "lib/words.hpp"

namespace xen::platform {
namespace {

// As Xen reads it: on, unless one of the words says no.
bool asks_for_one(Str list) {
    for (Str word : Words{list})
        if (!option::boolean(word).value_or(true)) return false;
    return true;
}

}  // namespace

void warn_of_missing_iommu() {
    Str asked = option::values().iommu;
    if (asks_for_one(asked))
        log_warning("iommu=%.*s is ignored: there is no IOMMU support. Devices reach all memory, and none can be passed through.",
                    static_cast<int>(asked.size()), asked.data());
}

}  // namespace xen::platform
