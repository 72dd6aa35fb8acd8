// SPDX-License-Identifier: MIT
// The linker puts us in the place of three functions of the core (CMakeLists.txt), which is as it always is: who asks
// whether to yield asks us, and an assertion that fails says so before the process ends.
#pragma once

#include <functional>

namespace xen::census {

// Asked at each preemption check; none: never yield.
extern std::function<bool()> preemption;

// Where a failed assertion of the core is written, as the finding of a census would be.
struct LastWords {
    char* text = nullptr;
    unsigned size = 0;
};
extern LastWords last_words;

}  // namespace xen::census
