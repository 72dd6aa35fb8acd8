/* SPDX-License-Identifier: MIT
 * Included before every source of the image: nothing is ever exported, so that calls and addresses of what other files
 * define are direct, too (-fvisibility=hidden speaks of definitions only). */
#pragma once
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
