// SPDX-License-Identifier: MIT
// What the core logs, as lines, in the place of its consoles and ring.
#pragma once

#include <string>
#include <vector>

namespace arm_test {

std::vector<std::string>& log_lines();   // since the last clear(); at most the first thousand

}  // namespace arm_test
