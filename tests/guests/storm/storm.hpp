// SPDX-License-Identifier: MIT
// The hostile modes: each call of one is a turn (window.hpp), after which the guest can do it again.
#pragma once
#include "test.hpp"

#define MODE(name) void turn_##name();
#include "modes.inc"
#undef MODE

void prepare_memory();
void prepare_events();
void prepare_grants();

// The same numbers in each run.
u64 random_number();
