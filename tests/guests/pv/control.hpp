// SPDX-License-Identifier: MIT
// sysctl and domctl requests: one of each, made anew for every call.
#pragma once
#include "guest.hpp"
#include <public/domctl.h>
#include <public/sysctl.h>

extern xen_sysctl sys;
extern xen_domctl dom;

// Everything else is `fill`.
xen_sysctl& make_sys(u32 command, u8 fill = 0);
xen_domctl& make_dom(u32 command, domid_t domain, u8 fill = 0);
long call_sys();
long call_dom();
long call_sys(u32 command);
long call_dom(u32 command, domid_t domain);

// A PV domain with this number, two vCPUs allowed; the request is in `dom` and may be changed before call_dom().
xen_domctl_createdomain& make_create(domid_t domain);
// Created, with a maximum of memory and its vCPUs; 0 or a negative errno.
long create_domain(domid_t domain);
