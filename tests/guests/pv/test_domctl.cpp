// SPDX-License-Identifier: MIT
// Every operation of domctl and sysctl with nothing and with nonsense in its structure: on ourselves, and on a domain that
// never ran.
#include "control.hpp"
#include "test.hpp"

namespace {

constexpr domid_t kOther = 300;
constexpr u32 kCommands = 90, kDebugCommands = 1004;

// What would end us, or the other domain, or change what later tests see.
bool left_out(u32 command, domid_t domain, u8 fill) {
    switch (command) {
    case XEN_DOMCTL_createdomain:
    case XEN_DOMCTL_settimeoffset: return true;
    case XEN_DOMCTL_destroydomain: return domain != 0;
    case XEN_DOMCTL_max_mem: return domain == 0;
    case XEN_DOMCTL_sendtrigger: return fill == 0;
    case XEN_DOMCTL_getpageframeinfo3: return false;
    default: return false;
    }
}

void sweep(const char* who, domid_t domain) {
    for (u8 fill : {u8{0}, u8{0xff}, u8{1}})
        for (u32 command = 1; command <= kDebugCommands; ++command) {
            if (command == kCommands) command = 1000;
            if (left_out(command, domain, fill)) continue;
            make_dom(command, domain, fill);
            const long rc = call_dom();
            result(join(join(who, fill, "."), command), rc);
        }
}

void sysctls() {
    for (u8 fill : {u8{0xff}, u8{1}})
        for (u32 command = 1; command < 40; ++command) {
            // Takes the processor down, the pool apart, the log away.
            const bool harmful = command == XEN_SYSCTL_cpu_hotplug || command == XEN_SYSCTL_cpupool_op ||
                                 command == XEN_SYSCTL_debug_keys;
            if (fill == 1 && harmful) continue;
            make_sys(command, fill);
            result(join(join("sysctl.", fill, "."), command), call_sys());
        }
}

// The list of payloads is empty.
void live_patches() {
    for (u32 command = 0; command < 6; ++command) {
        make_sys(XEN_SYSCTL_livepatch_op).u.livepatch.cmd = command;
        result(join("livepatch.", command, ".zeroed"), call_sys());
        static char name[] = "absent";
        make_sys(XEN_SYSCTL_livepatch_op).u.livepatch.cmd = command;
        auto& n = sys.u.livepatch.u.get.name;
        set_handle(n.name, name);
        n.size = sizeof(name);
        if (command != XEN_SYSCTL_LIVEPATCH_LIST) result(join("livepatch.", command, ".named"), call_sys());
        n.size = sizeof(name) - 1;
        if (command != XEN_SYSCTL_LIVEPATCH_LIST) result(join("livepatch.", command, ".no_end"), call_sys());
        set_handle(n.name, kUnmapped);
        if (command != XEN_SYSCTL_LIVEPATCH_LIST) result(join("livepatch.", command, ".fault"), call_sys());
    }
    make_sys(XEN_SYSCTL_livepatch_op).u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    auto& l = sys.u.livepatch.u.list;
    l.nr = 3;
    l.idx = 1;
    result("livepatch.list.beyond", call_sys());
    l.idx = 0;
    result("livepatch.list", call_sys());
    value("livepatch.list.version", l.version);
    value("livepatch.list.left", l.idx);
    value("livepatch.list.number", l.nr);
    l.nr = 1025;
    result("livepatch.list.many", call_sys());
    l.nr = 0;
    l.pad = 1;
    result("livepatch.list.pad", call_sys());
}

// What a stream carries of a vCPU besides its context.
void saved_state() {
    static u8 image[4096];
    for (u32 vcpu : {0u, 1u, 2u}) {
        auto& x = make_dom(XEN_DOMCTL_getvcpuextstate, kOther).u.vcpuextstate;
        x.vcpu = vcpu;
        result(join("extstate.size.", vcpu), call_dom());
        value(join("extstate.size.", vcpu, ".size"), x.size);
        value(join("extstate.size.", vcpu, ".mask"), x.xfeature_mask);
        set_handle(x.buffer, image);
        result(join("extstate.get.", vcpu), call_dom());
        x.size += 1;
        result(join("extstate.get.", vcpu, ".larger"), call_dom());
    }
    value("extstate.xcr0", reinterpret_cast<u64*>(image)[0]);
    value("extstate.accumulated", reinterpret_cast<u64*>(image)[1]);
    for (u64 accumulated : {u64{0}, u64{1}, u64{3}, u64{7}, u64{0x100}})
        for (u64 xcr0 : {u64{0}, u64{1}, u64{3}, u64{5}, u64{7}})
            for (u64 size : {u64{0}, u64{15}, u64{16}, u64{592}, u64{848}, u64{4096}}) {
                memset(image, 0, sizeof(image));
                reinterpret_cast<u64*>(image)[0] = xcr0;
                reinterpret_cast<u64*>(image)[1] = accumulated;
                auto& x = make_dom(XEN_DOMCTL_setvcpuextstate, kOther).u.vcpuextstate;
                x.xfeature_mask = 7;
                x.size = size;
                set_handle(x.buffer, image);
                result(join(join("extstate.set.", accumulated, "."), xcr0, join(".", size)), call_dom());
            }
    static xen_domctl_vcpu_msr_t list[16];
    auto& m = make_dom(XEN_DOMCTL_get_vcpu_msrs, kOther).u.vcpu_msrs;
    result("msrs.count", call_dom());
    value("msrs.count.number", m.msr_count);
    m.msr_count = 16;
    set_handle(m.msrs, list);
    result("msrs.get", call_dom());
    value("msrs.get.number", m.msr_count);
    for (u32 index : {0x48u, 0x140u, 0xc0000103u, 0xc001011fu, 0xc0011027u, 0xc0011019u, 0x10u, 0xc0000080u})
        for (u64 v : {u64{0}, u64{1}, u64{1} << 40}) {
            list[0] = {index, 0, v};
            make_dom(XEN_DOMCTL_set_vcpu_msrs, kOther).u.vcpu_msrs.msr_count = 1;
            set_handle(m.msrs, list);
            result(join(join("msrs.set.", index, "."), v), call_dom());
            value(join(join("msrs.set.", index, "."), v, ".count"), m.msr_count);
        }
    list[0] = {0x140, 1, 0};
    make_dom(XEN_DOMCTL_set_vcpu_msrs, kOther).u.vcpu_msrs.msr_count = 1;
    set_handle(m.msrs, list);
    result("msrs.set.reserved", call_dom());
    make_dom(XEN_DOMCTL_set_vcpu_msrs, kOther).u.vcpu_msrs.msr_count = 1;
    result("msrs.set.null", call_dom());
}

void shadow() {
    for (domid_t domain : {domid_t{0}, kOther})
        for (u32 op : {XEN_DOMCTL_SHADOW_OP_OFF, XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK,
                       XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 99}) {
            make_dom(XEN_DOMCTL_shadow_op, domain).u.shadow_op.op = op;
            result(join(join("shadow.", domain, "."), op), call_dom());
            value(join(join("shadow.", domain, "."), op, ".mb"), dom.u.shadow_op.mb);
        }
}

void special_numbers() {
    for (domid_t domain : {domid_t{DOMID_SELF}, domid_t{DOMID_IO}, domid_t{DOMID_XEN}, domid_t{DOMID_COW}, domid_t{DOMID_INVALID}, domid_t{0xffff}})
        for (u32 command : {XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_max_mem, XEN_DOMCTL_pausedomain,
                            XEN_DOMCTL_get_address_size, XEN_DOMCTL_gettscinfo, XEN_DOMCTL_getpageframeinfo3,
                            XEN_DOMCTL_test_assign_device, XEN_DOMCTL_createdomain})
            result(join(join("special.", domain, "."), command), call_dom(command, domain));
}

} // namespace

void test_domctl() {
    sweep("self.", 0);
    install_traps();
    result("create", create_domain(kOther));
    sweep("other.", kOther);
    saved_state();
    shadow();
    result("destroy", call_dom(XEN_DOMCTL_destroydomain, kOther));
    special_numbers();
    sysctls();
    live_patches();
}
