// SPDX-License-Identifier: MIT
// The one error domain: the errno values of the ABI (public/errno.h), positive inside the hypervisor;
// only the hypercall exit negates them. `restart` never reaches a guest: it asks for a continuation.
#pragma once

#include "lib/types.hpp"

namespace xen {

enum class [[nodiscard]] Errno : u16 {
    perm = 1, noent = 2, srch = 3, intr = 4, io = 5, nxio = 6, toobig = 7, noexec = 8, badf = 9,
    child = 10, again = 11, nomem = 12, acces = 13, fault = 14, busy = 16, exist = 17, xdev = 18,
    nodev = 19, notdir = 20, isdir = 21, inval = 22, mfile = 24, nospc = 28, rofs = 30, mlink = 31,
    dom = 33, range = 34, deadlk = 35, nametoolong = 36, nolck = 37, nosys = 38, notempty = 39,
    nodata = 61, ilseq = 84, restart = 85, users = 87, overflow = 75, badrqc = 56, badmsg = 74,
    notsock = 88, msgsize = 90, opnotsupp = 95, addrinuse = 98, addrnotavail = 99, nobufs = 105,
    isconn = 106, notconn = 107, timedout = 110, time = 62, connrefused = 111, already = 114, nodevice = 19,
};

constexpr s64 abi_error(Errno e) { return -static_cast<s64>(e); }

}  // namespace xen
