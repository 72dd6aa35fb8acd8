// SPDX-License-Identifier: MIT
// Always there, 0 where tracing is compiled out: the entry code of hypercalls looks at it.
#include <xen/trace.hpp>

namespace xen::trace {

constinit std::atomic<u32> mask{0};

}  // namespace xen::trace
