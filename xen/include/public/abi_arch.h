/* SPDX-License-Identifier: MIT */
/*
 * Whose layouts the headers of this folder describe.
 *
 * Without help it is the compiler's own machine. A build that needs another machine's ABI (the host
 * builds, the tables for 32-bit callers) defines XENITH_ABI_ARCH as one of the values below. All
 * translation units of one program that name these types must agree on it.
 *
 * The headers include nothing from outside the folder: include <stdint.h> before them.
 */
#ifndef XENITH_PUBLIC_ABI_ARCH_H
#define XENITH_PUBLIC_ABI_ARCH_H

#define XENITH_ABI_X86_64 1
#define XENITH_ABI_X86_32 2
#define XENITH_ABI_ARM64  3
#define XENITH_ABI_ARM32  4

#ifndef XENITH_ABI_ARCH
#if defined(__x86_64__)
#define XENITH_ABI_ARCH XENITH_ABI_X86_64
#elif defined(__i386__)
#define XENITH_ABI_ARCH XENITH_ABI_X86_32
#elif defined(__aarch64__)
#define XENITH_ABI_ARCH XENITH_ABI_ARM64
#elif defined(__arm__)
#define XENITH_ABI_ARCH XENITH_ABI_ARM32
#else
#error "No Xen ABI for this machine: define XENITH_ABI_ARCH"
#endif
#endif

#if XENITH_ABI_ARCH < XENITH_ABI_X86_64 || XENITH_ABI_ARCH > XENITH_ABI_ARM32
#error "XENITH_ABI_ARCH is none of XENITH_ABI_X86_64, XENITH_ABI_X86_32, XENITH_ABI_ARM64"
#endif

/* 1 on x86 of either width, 0 elsewhere. */
#define XENITH_ABI_X86 \
    (XENITH_ABI_ARCH == XENITH_ABI_X86_64 || XENITH_ABI_ARCH == XENITH_ABI_X86_32)

/* The layouts of i386 from a compiler with another idea of pointers, long and alignment. */
#if XENITH_ABI_ARCH == XENITH_ABI_X86_32 && !defined(__i386__)
#define XENITH_ABI_FOREIGN_X86_32 1
#endif

#ifndef __ASSEMBLY__

/* The guest's `unsigned long`, and its uint64_t as a member: i386 aligns that to 4 bytes only. */
#ifdef XENITH_ABI_FOREIGN_X86_32
typedef uint32_t xenith_ulong_t;
typedef uint64_t xenith_u64_t __attribute__((aligned(4)));
typedef int64_t xenith_s64_t __attribute__((aligned(4)));
#else
typedef unsigned long xenith_ulong_t;
typedef uint64_t xenith_u64_t;
typedef int64_t xenith_s64_t;
#endif

/* struct tag -> tag_t; the second form adds the guest handle of tag_t. */
#define XENITH_ABI_TYPE(tag)        typedef struct tag tag##_t
#define XENITH_ABI_TYPE_HANDLE(tag) \
    XENITH_ABI_TYPE(tag);           \
    DEFINE_XEN_GUEST_HANDLE(tag##_t)

#endif /* !__ASSEMBLY__ */

#endif /* XENITH_PUBLIC_ABI_ARCH_H */
