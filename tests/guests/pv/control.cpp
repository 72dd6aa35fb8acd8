// SPDX-License-Identifier: MIT
#include "control.hpp"
#include "lib.hpp"

xen_sysctl sys;
xen_domctl dom;

xen_sysctl& make_sys(u32 command, u8 fill) {
    memset(static_cast<void*>(&sys), fill, sizeof(sys));
    sys.cmd = command;
    sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return sys;
}

xen_domctl& make_dom(u32 command, domid_t domain, u8 fill) {
    memset(static_cast<void*>(&dom), fill, sizeof(dom));
    dom.cmd = command;
    dom.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dom.domain = domain;
    return dom;
}

long call_sys() { return hypercall(__HYPERVISOR_sysctl, address(&sys)); }
long call_dom() { return hypercall(__HYPERVISOR_domctl, address(&dom)); }
long call_sys(u32 command) { return make_sys(command), call_sys(); }
long call_dom(u32 command, domid_t domain) { return make_dom(command, domain), call_dom(); }

xen_domctl_createdomain& make_create(domid_t domain) {
    xen_domctl_createdomain& c = make_dom(XEN_DOMCTL_createdomain, domain).u.createdomain;
    c.max_vcpus = 2;
    c.max_evtchn_port = 1023;
    c.max_grant_frames = 4;
    c.max_maptrack_frames = 4;
    c.grant_opts = XEN_DOMCTL_GRANT_version(2);
    return c;
}

long create_domain(domid_t domain) {
    make_create(domain);
    if (const long rc = call_dom()) return rc;
    make_dom(XEN_DOMCTL_max_mem, domain).u.max_mem.max_memkb = 4096;
    if (const long rc = call_dom()) return rc;
    make_dom(XEN_DOMCTL_max_vcpus, domain).u.max_vcpus.max = 2;
    return call_dom();
}
