// SPDX-License-Identifier: MIT
#include "common/partition/mistakes.hpp"

#include <stdarg.h>
#include <xen/log.hpp>

#include "lib/format.hpp"

namespace xen::partition {

void Mistakes::add(const device_tree::Node& n, const char* property, const char* fmt, ...) {
    char text[200], path[160];
    va_list args;
    va_start(args, fmt);
    vformat(text, sizeof text, fmt, args);
    va_end(args);
    Str where = n.path(path);
    log_error("description of domains, %.*s%s%s: %s", static_cast<int>(where.size()), where.data(), *property ? ": " : "",
              property, text);
    ++count_;
}

}  // namespace xen::partition
