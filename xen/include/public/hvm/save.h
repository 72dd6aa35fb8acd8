/* SPDX-License-Identifier: MIT */
/*
 * Records of the state that the hypervisor keeps for a guest that is not PV, as a stream of
 * descriptor and body, ended by an END record. Used by XEN_DOMCTL_{get,set}hvmcontext and therefore
 * part of migration streams: every body has the same layout for 32- and 64-bit users.
 */
#ifndef __XEN_PUBLIC_HVM_SAVE_H__
#define __XEN_PUBLIC_HVM_SAVE_H__

#include "../abi_arch.h"

struct hvm_save_descriptor {
    uint16_t typecode; /* HVM_SAVE_CODE(x) */
    uint16_t instance; /* vCPU number, or which device of several */
    uint32_t length;   /* of the body alone */
};

/*
 * DECLARE_HVM_SAVE_TYPE ties name, code and body together in a type that is never instantiated:
 * t is the body, the size of c is the code, and the size of cpt tells whether there is an older
 * body that _fix turns into the present one in place.
 */
#define XENITH_ABI_HVM_SAVE_TYPE(_x, _code, _type, _ncpt) \
    struct __HVM_SAVE_TYPE_##_x {                         \
        _type t;                                          \
        char c[_code];                                    \
        char cpt[_ncpt];                                  \
    }

#ifdef __XEN__
#define DECLARE_HVM_SAVE_TYPE_COMPAT(_x, _code, _type, _ctype, _fix)    \
    static inline int __HVM_SAVE_FIX_COMPAT_##_x(void *h, uint32_t size) \
    {                                                                    \
        return _fix(h, size);                                            \
    }                                                                    \
    struct __HVM_SAVE_TYPE_COMPAT_##_x {                                 \
        _ctype t;                                                        \
    };                                                                   \
    XENITH_ABI_HVM_SAVE_TYPE(_x, _code, _type, 2)
#define DECLARE_HVM_SAVE_TYPE(_x, _code, _type)                         \
    static inline int __HVM_SAVE_FIX_COMPAT_##_x(void *h, uint32_t size) \
    {                                                                    \
        (void)h;                                                         \
        (void)size;                                                      \
        return -1;                                                       \
    }                                                                    \
    struct __HVM_SAVE_TYPE_COMPAT_##_x {                                 \
        _type t;                                                         \
    };                                                                   \
    XENITH_ABI_HVM_SAVE_TYPE(_x, _code, _type, 1)
#else
#define DECLARE_HVM_SAVE_TYPE_COMPAT(_x, _code, _type, _ctype, _fix) \
    XENITH_ABI_HVM_SAVE_TYPE(_x, _code, _type, 2)
#define DECLARE_HVM_SAVE_TYPE(_x, _code, _type) XENITH_ABI_HVM_SAVE_TYPE(_x, _code, _type, 1)
#endif

#define HVM_SAVE_TYPE(_x)   __typeof__(((struct __HVM_SAVE_TYPE_##_x *)0)->t)
#define HVM_SAVE_LENGTH(_x) (sizeof(HVM_SAVE_TYPE(_x)))
#define HVM_SAVE_CODE(_x)   (sizeof(((struct __HVM_SAVE_TYPE_##_x *)0)->c))

#ifdef __XEN__
#define HVM_SAVE_TYPE_COMPAT(_x)   __typeof__(((struct __HVM_SAVE_TYPE_COMPAT_##_x *)0)->t)
#define HVM_SAVE_LENGTH_COMPAT(_x) (sizeof(HVM_SAVE_TYPE_COMPAT(_x)))
#define HVM_SAVE_HAS_COMPAT(_x)    (sizeof(((struct __HVM_SAVE_TYPE_##_x *)0)->cpt) - 1)
#define HVM_SAVE_FIX_COMPAT(_x, _dst, _size) __HVM_SAVE_FIX_COMPAT_##_x(_dst, _size)
#endif

/* No body. The member of no size keeps C++ from giving the empty structure a byte. */
struct hvm_save_end {
#ifdef __cplusplus
    uint8_t none[0];
#endif
};
DECLARE_HVM_SAVE_TYPE(END, 0, struct hvm_save_end);

#if XENITH_ABI_ARCH == XENITH_ABI_X86_64 || XENITH_ABI_ARCH == XENITH_ABI_X86_32
#include "../arch-x86/hvm/save.h"
#else
#include "../arch-arm/hvm/save.h"
#endif

#endif
