// SPDX-License-Identifier: MIT
// Writing a tree from its beginning to its end with libfdt's sequential functions.
#include <xen/device_tree.hpp>

#include <libfdt.h>

#include "lib/format.hpp"

namespace xen::device_tree {
namespace {

bool fits_int(usize n) { return n <= 0x7fffffff; }

}  // namespace

Builder::Builder(std::span<u8> space) : space_{space} {
    if (!fits_int(space.size())) space_ = space.first(0x7fffffff);
    take(fdt_create(space_.data(), static_cast<int>(space_.size())));
}

void Builder::take(int status) {
    if (!error_ && status < 0) error_ = status;
}

void Builder::start_nodes() {
    if (!nodes_ && !error_) take(fdt_finish_reservemap(space_.data()));
    nodes_ = true;
}

void Builder::reserve(Range r) {
    if (!error_) take(fdt_add_reservemap_entry(space_.data(), r.start, r.bytes));
}

void Builder::begin(const char* name) {
    start_nodes();
    if (ended_) take(-FDT_ERR_BADSTRUCTURE);
    ++depth_;
    if (!error_) take(fdt_begin_node(space_.data(), name));
}

// libfdt does not count nodes that are open.
void Builder::end() {
    if (!depth_) return take(-FDT_ERR_BADSTRUCTURE);
    ended_ = --depth_ == 0;
    if (!error_) take(fdt_end_node(space_.data()));
}

void Builder::property(const char* name, Bytes value) {
    if (!fits_int(value.size())) take(-FDT_ERR_NOSPACE);
    if (!error_) take(fdt_property(space_.data(), name, value.data(), static_cast<int>(value.size())));
}

void Builder::texts(const char* name, std::initializer_list<Str> list) {
    usize bytes = 0;
    for (Str s : list) bytes += s.size() + 1;
    void* at = nullptr;
    if (!fits_int(bytes)) take(-FDT_ERR_NOSPACE);
    if (!error_) take(fdt_property_placeholder(space_.data(), name, static_cast<int>(bytes), &at));
    if (error_) return;
    auto* to = static_cast<char*>(at);
    for (Str s : list) {
        __builtin_memcpy(to, s.data(), s.size());
        to[s.size()] = '\0';
        to += s.size() + 1;
    }
}

void Builder::cells(const char* name, std::initializer_list<u32> list) {
    CellList c;
    for (u32 v : list) c.add(v);
    cells_of(name, c);
}

void Builder::cells_of(const char* name, const CellList& list) {
    if (list.full()) take(-FDT_ERR_BADVALUE);
    property(name, list.bytes());
}

Result<Bytes> Builder::finish() {
    if (!ended_) take(-FDT_ERR_BADSTRUCTURE);
    if (!error_) take(fdt_finish(space_.data()));
    if (error_ == -FDT_ERR_NOSPACE) return Errno::nospc;
    if (error_) return Errno::inval;
    return Bytes{space_.data(), fdt_totalsize(space_.data())};
}

const char* name_with_unit(std::span<char> space, Str base, u64 unit) {
    format(space.data(), space.size(), "%.*s@%lx", static_cast<int>(base.size()), base.data(), unit);
    return space.data();
}

}  // namespace xen::device_tree
