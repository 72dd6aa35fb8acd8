// SPDX-License-Identifier: MIT
// The simulated machine, small, and the lives of domains on it.
#pragma once

#include <xen/domain.hpp>

namespace xen::census {

inline constexpr unsigned kCpus = 4;

void start_machine(unsigned memory_mib);   // without a word on the console
void open_window(const void* start, usize bytes);   // memory that every guest reaches: for arguments
void stand_on(unsigned cpu);
Domain* new_domain(bool privileged);       // two vCPUs, ids are given out again; nullptr when memory is short
void end_domain(Domain& d);                // all steps
void bury();                               // what waits for every CPU to have passed (RCU)
void forget_softirqs();

}  // namespace xen::census
