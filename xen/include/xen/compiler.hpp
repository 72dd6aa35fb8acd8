// SPDX-License-Identifier: MIT
// Attributes that differ between compilers, and clang's thread-safety analysis annotations.
#pragma once

#if defined(__clang__)
#define XEN_TSA(x) __attribute__((x))
#else
#define XEN_TSA(x)
#endif

#define CAPABILITY(x) XEN_TSA(capability(x))
#define SCOPED_CAPABILITY XEN_TSA(scoped_lockable)
#define GUARDED_BY(x) XEN_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) XEN_TSA(pt_guarded_by(x))
#define REQUIRES(...) XEN_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) XEN_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) XEN_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) XEN_TSA(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) XEN_TSA(try_acquire_capability(__VA_ARGS__))
#define RETURN_CAPABILITY(x) XEN_TSA(lock_returned(x))
#define NO_THREAD_SAFETY_ANALYSIS XEN_TSA(no_thread_safety_analysis)

// Code and data that only boot uses; given back after dom0 starts.
#define XEN_INIT [[gnu::section(".init.text")]]
// Data copied for each CPU: `XEN_PERCPU PerCpu<T> name;`.
#define XEN_PERCPU [[gnu::section("percpu")]]
// Written during boot only; mapped read-only afterwards.
#define XEN_RO_AFTER_INIT [[gnu::section(".data.ro_after_init")]]
