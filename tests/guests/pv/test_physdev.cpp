// SPDX-License-Identifier: MIT
// physdev_op: interrupts, IOAPIC access and PCI devices of the hardware domain.
#include "event.hpp"
#include "page.hpp"
#include "test.hpp"
#include <public/physdev.h>

namespace {

long physdev(u32 command, void* argument) {
    return hypercall(__HYPERVISOR_physdev_op, command, address(argument));
}

void interrupts() {
    for (u32 irq : {0u, 1u, 8u, 20u, 207u, 3000u, 5000u, ~0u}) {
        physdev_irq_status_query q = {irq, 0};
        result(join("status_query.", irq), physdev(PHYSDEVOP_irq_status_query, &q));
        physdev_eoi e = {irq};
        result(join("eoi.", irq), physdev(PHYSDEVOP_eoi, &e));
        physdev_irq v = {irq, 0};
        result(join("alloc_vector.", irq), physdev(PHYSDEVOP_alloc_irq_vector, &v));
        result(join("free_vector.", irq), physdev(PHYSDEVOP_free_irq_vector, &v));
    }
    result("unmask_notify", physdev(PHYSDEVOP_IRQ_UNMASK_NOTIFY, nullptr));
    physdev_get_free_pirq f = {MAP_PIRQ_TYPE_MSI, 0};
    result("free_pirq", physdev(PHYSDEVOP_get_free_pirq, &f));
    check("free_pirq.number", f.pirq >= 16 && f.pirq < 4096);
    f.type = 77;
    result("free_pirq.type", physdev(PHYSDEVOP_get_free_pirq, &f));
}

physdev_map_pirq map_request(domid_t domain, int type, int index, int pirq) {
    auto m = zeroed<physdev_map_pirq>();
    m.domid = domain;
    m.type = type;
    m.index = index;
    m.pirq = pirq;
    return m;
}

void mapping() {
    auto m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_GSI, 11, 11);
    result("map.gsi_11", physdev(PHYSDEVOP_map_pirq, &m));
    value("map.gsi_11.pirq", static_cast<u64>(m.pirq));
    result("map.again", physdev(PHYSDEVOP_map_pirq, &m));
    physdev_unmap_pirq u = {DOMID_SELF, m.pirq};
    result("unmap", physdev(PHYSDEVOP_unmap_pirq, &u));
    result("unmap.again", physdev(PHYSDEVOP_unmap_pirq, &u));
    m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_GSI, 5000, -1);
    result("map.gsi_5000", physdev(PHYSDEVOP_map_pirq, &m));
    m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_GSI, -1, -1);
    result("map.gsi_minus1", physdev(PHYSDEVOP_map_pirq, &m));
    m = map_request(DOMID_SELF, 77, 1, -1);
    result("map.type", physdev(PHYSDEVOP_map_pirq, &m));
    m = map_request(1, MAP_PIRQ_TYPE_GSI, 1, -1);
    result("map.absent", physdev(PHYSDEVOP_map_pirq, &m));
    m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_MSI_SEG, -1, -1);
    m.bus = 200;
    result("map.msi_no_device", physdev(PHYSDEVOP_map_pirq, &m));
    for (int pirq : {-1, 0, 5000}) {
        u = {DOMID_SELF, pirq};
        result(join("unmap.", static_cast<u64>(pirq)), physdev(PHYSDEVOP_unmap_pirq, &u));
    }
    u = {1, 11};
    result("unmap.absent", physdev(PHYSDEVOP_unmap_pirq, &u));
    for (int gsi : {11, 5000, -1}) {
        physdev_setup_gsi s = {gsi, 1, 1};
        result(join("setup_gsi.", static_cast<u64>(gsi)), physdev(PHYSDEVOP_setup_gsi, &s));
    }
}

void io_apic() {
    auto a = zeroed<physdev_apic>();
    a.apic_physbase = 0xfec00000;
    a.reg = 1;
    result("apic_read.version", physdev(PHYSDEVOP_apic_read, &a));
    check("apic_read.version.pins", (a.value >> 16 & 0xff) >= 15);
    a.reg = 0x10;
    result("apic_read.pin_0", physdev(PHYSDEVOP_apic_read, &a));
    a.apic_physbase = 0x12345000;
    result("apic_read.absent", physdev(PHYSDEVOP_apic_read, &a));
    result("apic_write.absent", physdev(PHYSDEVOP_apic_write, &a));
}

void pci() {
    physdev_pci_device d = {0, 0, 0};
    auto add = zeroed<physdev_pci_device_add>();
    result("pci.add", physdev(PHYSDEVOP_pci_device_add, &add));
    result("pci.add_again", physdev(PHYSDEVOP_pci_device_add, &add));
    result("pci.restore_msi", physdev(PHYSDEVOP_restore_msi_ext, &d));
    result("pci.remove", physdev(PHYSDEVOP_pci_device_remove, &d));
    result("pci.remove_again", physdev(PHYSDEVOP_pci_device_remove, &d));
    result("pci.add_back", physdev(PHYSDEVOP_pci_device_add, &add));
    d = {0x7777, 1, 1};
    result("pci.prepare_msix.absent", physdev(PHYSDEVOP_prepare_msix, &d));
    result("pci.restore_msi.absent", physdev(PHYSDEVOP_restore_msi_ext, &d));
    result("pci.remove.absent", physdev(PHYSDEVOP_pci_device_remove, &d));
    physdev_manage_pci old = {200, 8};
    result("pci.manage_remove.absent", physdev(PHYSDEVOP_manage_pci_remove, &old));
    physdev_restore_msi restore = {200, 8};
    result("pci.manage_restore.absent", physdev(PHYSDEVOP_restore_msi, &restore));
    auto ext = zeroed<physdev_manage_pci_ext>();
    ext.is_extfn = 2;
    result("pci.manage_add_ext.bad", physdev(PHYSDEVOP_manage_pci_add_ext, &ext));
    auto reserved = zeroed<physdev_pci_mmcfg_reserved>();
    reserved.segment = 0x7777;
    result("mmcfg.absent", physdev(PHYSDEVOP_pci_mmcfg_reserved, &reserved));
    auto debug_port = zeroed<physdev_dbgp_op>();
    result("dbgp.zero", physdev(PHYSDEVOP_dbgp_op, &debug_port));
}

void eoi_page() {
    for (u32 command : {u32{PHYSDEVOP_pirq_eoi_gmfn_v1}, u32{PHYSDEVOP_pirq_eoi_gmfn_v2}}) {
        physdev_pirq_eoi_gmfn g = {u64{1} << 39};
        result(join("eoi_page.", command, ".bad_frame"), physdev(command, &g));
        g.gmfn = root_mfn();
        result(join("eoi_page.", command, ".page_table"), physdev(command, &g));
    }
    static u8* page = new_page(); // stays the hypervisor's for the rest of the run
    physdev_pirq_eoi_gmfn g = {mfn_of(page)};
    result("eoi_page", physdev(PHYSDEVOP_pirq_eoi_gmfn_v2, &g));
    result("eoi_page.again", physdev(PHYSDEVOP_pirq_eoi_gmfn_v2, &g));
}

// An interrupt of a real device, the clock's periodic one (line 8), arrives through a channel.
u8 clock(u8 index) {
    u8 v = 0;
    asm volatile("outb %1, $0x70; inb $0x71, %0" : "=&a"(v) : "0"(index));
    return v;
}

void set_clock(u8 index, u8 v) {
    asm volatile("outb %%al, $0x70; movb %1, %%al; outb %%al, $0x71" : : "a"(index), "q"(v));
}

// Every line of the machine set up and mapped: some are the hypervisor's.
void all_lines() {
    for (int gsi = 0; gsi < 26; ++gsi) {
        const u8 level = gsi >= 16;
        physdev_setup_gsi s = {gsi, level, level};
        result(join("line.setup.", static_cast<u64>(gsi)), physdev(PHYSDEVOP_setup_gsi, &s));
        auto m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_GSI, gsi, -1);
        result(join("line.map.", static_cast<u64>(gsi)), physdev(PHYSDEVOP_map_pirq, &m));
        if (m.pirq < 0) continue;
        value(join("line.pirq.", static_cast<u64>(gsi)), static_cast<u64>(m.pirq));
        evtchn_bind_pirq bind = {static_cast<u32>(m.pirq), 0, 0};
        const long rc = event_op(EVTCHNOP_bind_pirq, &bind);
        result(join("line.bind.", static_cast<u64>(gsi)), rc);
        if (!rc) close_port(bind.port);
        physdev_unmap_pirq u = {DOMID_SELF, m.pirq};
        result(join("line.unmap.", static_cast<u64>(gsi)), physdev(PHYSDEVOP_unmap_pirq, &u));
    }
    for (int type = 0; type < 6; ++type)
        for (int index : {-1, 0, 30, 5000}) {
            auto m = map_request(DOMID_SELF, type, index, -1);
            m.bus = 0x55;
            const char* at = join(join("map.type.", static_cast<u64>(type), "."), static_cast<u64>(index + 1));
            result(at, physdev(PHYSDEVOP_map_pirq, &m));
            if (m.pirq >= 0) {
                physdev_unmap_pirq u = {DOMID_SELF, m.pirq};
                physdev(PHYSDEVOP_unmap_pirq, &u);
            }
        }
}

void device_interrupt() {
    physdev_setup_gsi gsi = {8, 0, 0};
    result("clock.setup_gsi", physdev(PHYSDEVOP_setup_gsi, &gsi));
    auto m = map_request(DOMID_SELF, MAP_PIRQ_TYPE_GSI, 8, 8);
    result("clock.map", physdev(PHYSDEVOP_map_pirq, &m));
    evtchn_bind_pirq bind = {8, 0, 0};
    result("clock.bind", event_op(EVTCHNOP_bind_pirq, &bind));
    const u8 control = clock(0x0b);
    clock(0x0c);
    set_clock(0x0b, control | 0x40);
    check("clock.arrives", wait_pending(bind.port, 2000000000));
    set_clock(0x0b, control & 0xbf);
    clock(0x0c);
    clear_pending(bind.port);
    value("clock.status", status_of(bind.port).status);
    value("clock.pirq", status_of(bind.port).u.pirq);
    evtchn_bind_pirq twice = {8, 0, 0};
    result("clock.bind_twice", event_op(EVTCHNOP_bind_pirq, &twice));
    evtchn_bind_vcpu move = {bind.port, 1};
    result("clock.bind_vcpu", event_op(EVTCHNOP_bind_vcpu, &move));
    physdev_eoi e = {8};
    result("clock.eoi", physdev(PHYSDEVOP_eoi, &e));
    result("clock.send", send_port(bind.port));
    result("clock.close", close_port(bind.port));
    physdev_unmap_pirq u = {DOMID_SELF, 8};
    result("clock.unmap", physdev(PHYSDEVOP_unmap_pirq, &u));
}

void wild() {
    for (u32 command = 0; command < 36; ++command)
        for (const WildPointer& w : wild_pointers)
            result(join("command.", command, join(".", w.name)),
                   physdev(command, at<void>(w.where)));
    result("command.minus1", physdev(~0u, nullptr));
    for (const WildPointer& w : wild_pointers)
        result(join("compat.", w.name), hypercall(19 /* physdev_op_compat */, w.where));
}

} // namespace

void test_physdev() {
    interrupts();
    mapping();
    io_apic();
    pci();
    eoi_page();
    device_interrupt();
    all_lines();
    wild();
}
