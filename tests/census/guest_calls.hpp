// SPDX-License-Identifier: MIT
// Shorthand of those who write guests' operations.
#pragma once

#include <asm/pte.hpp>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/xen.h>

namespace xen::census {

constexpr u64 kReadOnly = arch::Pte::kPresent | arch::Pte::kUser, kReadWrite = kReadOnly | arch::Pte::kWrite;

template <class T>
u64 at(T* p) { return reinterpret_cast<u64>(p); }

}  // namespace xen::census
