/* SPDX-License-Identifier: MIT
 * What libfdt.h expects of its environment, where there is no C library: the big-endian types and their conversions.
 */
#ifndef LIBFDT_ENV_H
#define LIBFDT_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "lib/string.hpp"

typedef uint16_t fdt16_t;
typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;

static inline uint16_t fdt16_to_cpu(fdt16_t v) { return __builtin_bswap16(v); }
static inline uint32_t fdt32_to_cpu(fdt32_t v) { return __builtin_bswap32(v); }
static inline uint64_t fdt64_to_cpu(fdt64_t v) { return __builtin_bswap64(v); }
static inline fdt16_t cpu_to_fdt16(uint16_t v) { return __builtin_bswap16(v); }
static inline fdt32_t cpu_to_fdt32(uint32_t v) { return __builtin_bswap32(v); }
static inline fdt64_t cpu_to_fdt64(uint64_t v) { return __builtin_bswap64(v); }

#endif
