// SPDX-License-Identifier: MIT
// Arm has no hypercalls beyond the common ones.
#pragma once

#define XEN_ARCH_HYPERCALLS(X)
#define XEN_ARCH_NESTED(X)
