// SPDX-License-Identifier: MIT
// Leaf: the running guest's addresses are translated by the processor (AT) with the guest's permissions. Every address may
// be named.
#pragma once

#include <xen/guest_copy_words.hpp>
