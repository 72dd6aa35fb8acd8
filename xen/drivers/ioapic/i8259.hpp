// SPDX-License-Identifier: MIT
// The two 8259 interrupt controllers of a PC: silenced, their vectors moved away from the exceptions.
#pragma once

namespace xen::i8259 {

void mask_all();   // boot CPU

}  // namespace xen::i8259
