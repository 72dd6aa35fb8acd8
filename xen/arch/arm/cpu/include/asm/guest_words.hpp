// SPDX-License-Identifier: MIT
// Leaf: words go the way of every other copy.
#pragma once

#include <xen/guest_copy_words.hpp>
