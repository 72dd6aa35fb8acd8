// SPDX-License-Identifier: MIT
// The second vCPU: it runs a job and switches itself off. Each start goes on behind the VCPUOP_down of the last one.
#pragma once
#include "guest.hpp"
#include <public/vcpu.h>

long vcpu_call(u64 command, u64 id, void* argument);
// A context that VCPUOP_initialise takes: our address space, flat segments, a stack of its own.
vcpu_guest_context& second_context();
void set_second_job(void (*job)());
// Initialises the vCPU if nobody did; 0 or a negative errno.
long start_second(void (*job)());
bool second_is_up();
// Yields until it holds, for three seconds at most.
bool wait_for(bool (*done)());
