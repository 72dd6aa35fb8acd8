// SPDX-License-Identifier: MIT
// Running a sequence of operations in a process of its own, and making one that fails shorter.
#pragma once

#include <string>
#include <vector>

#include "world.hpp"

namespace xen::census {

struct Outcome {
    u64 at = 0;             // the operation after which something was wrong
    std::string text{};     // empty: nothing was
    bool good() const { return text.empty(); }
    std::string rule() const { return text.substr(0, text.find(':')); }
};

extern u64 watched_frame;   // not 0: what happens to it is printed

std::vector<Op> sequence(u64 seed, u64 n);
Outcome run_apart(const std::vector<Op>& ops, bool quiet, u64 every = 1);   // a census after so many
// Prints a short list of operations that break the same rule.
void show_shortest(std::vector<Op> ops, const Outcome& first);

}  // namespace xen::census
