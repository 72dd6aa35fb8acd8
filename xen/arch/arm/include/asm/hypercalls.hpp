// SPDX-License-Identifier: MIT
// The hypercalls that Arm adds to the common ones (public/xen.h), as a list for the table.
#pragma once

#include <xen/control.hpp>

#define XEN_ARCH_HYPERCALLS(X) X(__HYPERVISOR_hvm_op, control::hvm_op)
#define XEN_ARCH_NESTED(X)
