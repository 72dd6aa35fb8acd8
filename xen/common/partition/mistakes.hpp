// SPDX-License-Identifier: MIT
// Private to common/partition: mistakes of a description, each one line: where it is, and what was expected.
#pragma once

#include <xen/device_tree.hpp>

namespace xen::partition {

class Mistakes {
public:
    // "<path>: <property>: <text>"; property "" for the node itself.
    [[gnu::format(printf, 4, 5)]] void add(const device_tree::Node& n, const char* property, const char* fmt, ...);
    u32 count() const { return count_; }

private:
    u32 count_ = 0;
};

}  // namespace xen::partition
