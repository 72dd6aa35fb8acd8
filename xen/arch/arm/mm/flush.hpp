// SPDX-License-Identifier: MIT
// Cache maintenance of what a domain's stage 2 maps: written back and forgotten, by every CPU. Contexts as for p2m.
#pragma once

#include <xen/domain.hpp>

namespace xen::mm {

void flush_frame(const Domain& d, Gfn f);
// What is mapped from `from` on, below `end`: at most `most` pages or holes. How far it came.
Gfn flush_frames(const Domain& d, Gfn from, Gfn end, unsigned most);

}  // namespace xen::mm
