// SPDX-License-Identifier: MIT
// The rows, a file for each family.
#pragma once
#include "guest.hpp"

void calls();
void events();
void vcpus();
void traps();
void tables();
void grants();
void memory();
void domains();
void grants_between();
void delays();
void machine(u64 started);   // TSC at the guest's first instructions
