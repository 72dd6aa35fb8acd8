// SPDX-License-Identifier: MIT
#pragma once

#include <xen/image.hpp>

namespace xen::image {

// Reads the Xen notes of one PT_NOTE segment; others and damaged ones are passed over.
void read_notes(Bytes notes, PvNotes& out);

}  // namespace xen::image
