/* SPDX-License-Identifier: MIT */
/*
 * The error numbers of the ABI; they are Linux's on x86, whatever the guest is. Hypercalls return
 * them negated.
 *
 * Included plainly it makes enum xen_errno with XEN_<name>. Whoever defines XEN_ERRNO(name, value)
 * first gets that expanded for each; the macro is gone afterwards. Aliases come after their first
 * name.
 */
#ifndef XEN_ERRNO
#ifndef __XEN_PUBLIC_ERRNO_H__
#define __XEN_PUBLIC_ERRNO_H__
#define XEN_ERRNO_DEFAULT_INCLUDE
#ifndef __ASSEMBLY__
#define XEN_ERRNO(name, value) XEN_##name = value,
enum xen_errno {
#elif __XEN_INTERFACE_VERSION__ < 0x00040700
#define XEN_ERRNO(name, value) .equ XEN_##name, value
#endif
#endif
#endif

#ifdef XEN_ERRNO
XEN_ERRNO(EPERM, 1)          /* not allowed */
XEN_ERRNO(ENOENT, 2)         /* no such thing */
XEN_ERRNO(ESRCH, 3)          /* no such domain */
#ifdef __XEN__
XEN_ERRNO(EINTR, 4)          /* interrupted; inside the hypervisor only */
#endif
XEN_ERRNO(EIO, 5)            /* device failed */
XEN_ERRNO(ENXIO, 6)          /* no such device or address */
XEN_ERRNO(E2BIG, 7)          /* too much */
XEN_ERRNO(ENOEXEC, 8)        /* not a format to run */
XEN_ERRNO(EBADF, 9)          /* bad handle */
XEN_ERRNO(ECHILD, 10)        /* no child */
XEN_ERRNO(EAGAIN, 11)        /* try again */
XEN_ERRNO(EWOULDBLOCK, 11)
XEN_ERRNO(ENOMEM, 12)        /* out of memory */
XEN_ERRNO(EACCES, 13)        /* denied; also: wrong interface version */
XEN_ERRNO(EFAULT, 14)        /* bad guest address */
XEN_ERRNO(EBUSY, 16)         /* in use */
XEN_ERRNO(EEXIST, 17)        /* exists already */
XEN_ERRNO(EXDEV, 18)         /* between two that do not mix */
XEN_ERRNO(ENODEV, 19)        /* no such device */
XEN_ERRNO(ENOTDIR, 20)       /* not a directory */
XEN_ERRNO(EISDIR, 21)        /* is a directory */
XEN_ERRNO(EINVAL, 22)        /* bad argument */
XEN_ERRNO(ENFILE, 23)        /* table full */
XEN_ERRNO(EMFILE, 24)        /* too many open */
XEN_ERRNO(ENOSPC, 28)        /* no room */
XEN_ERRNO(EROFS, 30)         /* read-only */
XEN_ERRNO(EMLINK, 31)        /* too many links */
XEN_ERRNO(EDOM, 33)          /* argument outside the domain */
XEN_ERRNO(ERANGE, 34)        /* result out of range */
XEN_ERRNO(EDEADLK, 35)       /* would deadlock */
XEN_ERRNO(EDEADLOCK, 35)
XEN_ERRNO(ENAMETOOLONG, 36)  /* name too long */
XEN_ERRNO(ENOLCK, 37)        /* no locks left */
XEN_ERRNO(ENOSYS, 38)        /* no such call */
XEN_ERRNO(ENOTEMPTY, 39)     /* directory has entries */
XEN_ERRNO(ENODATA, 61)       /* no data */
XEN_ERRNO(ETIME, 62)         /* timer expired */
XEN_ERRNO(EBADMSG, 74)       /* malformed message */
XEN_ERRNO(EOVERFLOW, 75)     /* value does not fit */
XEN_ERRNO(EILSEQ, 84)        /* bad byte sequence */
#ifdef __XEN__
XEN_ERRNO(ERESTART, 85)      /* call again; inside the hypervisor only */
#endif
XEN_ERRNO(ENOTSOCK, 88)      /* not a socket */
XEN_ERRNO(EMSGSIZE, 90)      /* message too long */
XEN_ERRNO(EOPNOTSUPP, 95)    /* not supported here */
XEN_ERRNO(EADDRINUSE, 98)    /* address in use */
XEN_ERRNO(EADDRNOTAVAIL, 99) /* address cannot be had */
XEN_ERRNO(ENOBUFS, 105)      /* no buffers */
XEN_ERRNO(EISCONN, 106)      /* connected already */
XEN_ERRNO(ENOTCONN, 107)     /* not connected */
XEN_ERRNO(ETIMEDOUT, 110)    /* took too long */
XEN_ERRNO(ECONNREFUSED, 111) /* nobody there */
#undef XEN_ERRNO
#endif

#ifdef XEN_ERRNO_DEFAULT_INCLUDE
#undef XEN_ERRNO_DEFAULT_INCLUDE
#ifndef __ASSEMBLY__
};
#endif
#endif
