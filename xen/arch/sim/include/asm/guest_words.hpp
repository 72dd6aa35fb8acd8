// SPDX-License-Identifier: MIT
// Simulated leaf: words go the way of every other copy.
#pragma once

#include <xen/guest_copy_words.hpp>
