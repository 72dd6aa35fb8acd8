/* SPDX-License-Identifier: MIT */
/* An older name of the x86 header. */
#include "arch-x86/xen.h"
