// SPDX-License-Identifier: MIT
// Prints the tables that documents are made of, for tools/docs: one line an entry, fields parted by tabs.
#include <stdio.h>

#include <string>

#include "common/hypercall/table.hpp"
#include "common/options/table.hpp"

namespace {

void print_options() {
    for (const xen::option::Option& o : xen::option::table())
        printf("%s\t%s\t%s\t%s\n", o.name, o.values, o.fallback, o.help);
}

void print_hypercalls() {
    for (unsigned i = 0; i < xen::hypercall::kNumbers; ++i)
        if (const auto& e = xen::hypercall::table.entries[i]; e.name) printf("%u\t%s\t%u\n", i, e.name, e.args);
}

}  // namespace

int main(int argc, char** argv) {
    std::string what = argc == 2 ? argv[1] : "";
    if (what == "options") print_options();
    else if (what == "hypercalls") print_hypercalls();
    else return fprintf(stderr, "docs_tool options|hypercalls\n"), 2;
    return 0;
}
