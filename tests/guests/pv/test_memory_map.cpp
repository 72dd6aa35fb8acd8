// SPDX-License-Identifier: MIT
// memory_op: descriptions of memory: maps, the machine-to-phys table, resources.
#include "page.hpp"
#include "test.hpp"
#include <public/memory.h>

namespace {

struct E820Entry {
    u64 start;
    u64 size;
    u32 type;
} __attribute__((packed));

E820Entry entries[128];

long memory(u64 command, void* argument) {
    return hypercall(__HYPERVISOR_memory_op, command, address(argument));
}

xen_memory_map map_of(u32 count, u64 buffer) {
    auto map = zeroed<xen_memory_map>();
    map.nr_entries = count;
    set_handle(map.buffer, buffer);
    return map;
}

void map(const char* name, u64 command) {
    auto m = map_of(128, address(entries));
    const long rc = memory(command, &m);
    result(join(name, ".full"), rc);
    if (rc == 0) {
        bool sane = m.nr_entries > 0 && m.nr_entries <= 128;
        for (u32 i = 0; i < m.nr_entries && sane; ++i)
            sane = entries[i].size > 0 && entries[i].type >= 1;
        check(join(name, ".sane"), sane);
    }
    m = map_of(0, address(entries));
    result(join(name, ".no_room"), memory(command, &m));
    value(join(name, ".no_room.count_set"), m.nr_entries != 0);
    m = map_of(1, address(entries));
    result(join(name, ".one"), memory(command, &m));
    for (const WildPointer& wild : wild_pointers) {
        result(join(name, ".argument.", wild.name), memory(command, at<void>(wild.where)));
        m = map_of(128, wild.where);
        result(join(name, ".buffer.", wild.name), memory(command, &m));
    }
    m = map_of(128, 0);
    result(join(name, ".null_buffer"), memory(command, &m));
    value(join(name, ".null_buffer.count_set"), m.nr_entries != 0 && m.nr_entries != 128);
}

void set_map() {
    auto m = zeroed<xen_foreign_memory_map>();
    m.domid = DOMID_SELF;
    m.map = map_of(2, address(entries));
    entries[0] = {0, total_pages() * kPageSize, 1};
    entries[1] = {u64{1} << 32, kPageSize, 2};
    result("set_memory_map.self", memory(XENMEM_set_memory_map, &m));
    auto get = map_of(8, address(entries + 8));
    result("set_memory_map.get", memory(XENMEM_memory_map, &get));
    value("set_memory_map.get.count", get.nr_entries);
    check("set_memory_map.get.same", memcmp(entries, entries + 8, 2 * sizeof(E820Entry)) == 0);
    m.map.nr_entries = 1000;
    result("set_memory_map.too_many", memory(XENMEM_set_memory_map, &m));
    m.map = map_of(2, kUnmapped);
    result("set_memory_map.buffer", memory(XENMEM_set_memory_map, &m));
    m.domid = 1;
    result("set_memory_map.absent", memory(XENMEM_set_memory_map, &m));
    m.domid = DOMID_SELF;
    m.map = map_of(0, 0);
    result("set_memory_map.empty", memory(XENMEM_set_memory_map, &m));
    get = map_of(8, address(entries));
    result("set_memory_map.get_empty", memory(XENMEM_memory_map, &get));
    value("set_memory_map.get_empty.count", get.nr_entries);
}

void machphys() {
    xen_machphys_mapping m = {};
    result("machphys_mapping", memory(XENMEM_machphys_mapping, &m));
    value("machphys_mapping.start", m.v_start);
    value("machphys_mapping.end", m.v_end);
    // The tests run as dom0, which hears where memory ends; others would hear where the table's place does.
    check("machphys_mapping.max_mfn", m.max_mfn + 1 == static_cast<u64>(memory(XENMEM_maximum_ram_page, nullptr)));
    u64 frames[16] = {};
    auto list = zeroed<xen_machphys_mfn_list>();
    list.max_extents = 16;
    set_handle(list.extent_start, frames);
    for (u64 command : {XENMEM_machphys_mfn_list, XENMEM_machphys_compat_mfn_list}) {
        list.max_extents = 16;
        list.nr_extents = 99;
        const long rc = memory(command, &list);
        result(join("machphys_list.", command), rc);
        if (rc) continue;
        check(join("machphys_list.", command, ".count"),
              list.nr_extents >= 1 && list.nr_extents <= 16);
        check(join("machphys_list.", command, ".frame"), frames[0] != 0);
        list.max_extents = 0;
        result(join("machphys_list.", command, ".none"), memory(command, &list));
        value(join("machphys_list.", command, ".none.count"), list.nr_extents);
        for (const WildPointer& wild : wild_pointers) {
            auto bad = list;
            bad.max_extents = 1;
            set_handle(bad.extent_start, wild.where);
            result(join("machphys_list.", command, join(".list.", wild.name)),
                   memory(command, &bad));
            result(join("machphys_list.", command, join(".argument.", wild.name)),
                   memory(command, at<void>(wild.where)));
        }
    }
    for (const WildPointer& wild : wild_pointers)
        result(join("machphys_mapping.", wild.name),
               memory(XENMEM_machphys_mapping, at<void>(wild.where)));
}

void resources() {
    u64 frames[8] = {};
    auto r = zeroed<xen_mem_acquire_resource>();
    r.domid = DOMID_SELF;
    r.type = XENMEM_resource_grant_table;
    result("resource.self", memory(XENMEM_acquire_resource, &r));
    for (u64 domain : {u64{0}, u64{1}, u64{DOMID_XEN}, u64{DOMID_IO}, u64{DOMID_INVALID}}) {
        r.domid = static_cast<domid_t>(domain);
        r.nr_frames = 1;
        set_handle(r.frame_list, frames);
        result(join("resource.domain.", domain), memory(XENMEM_acquire_resource, &r));
    }
    for (u16 type : {u16{0}, u16{1}, u16{2}, u16{3}, u16{0xffff}}) {
        r = zeroed<xen_mem_acquire_resource>();
        r.domid = 1;
        r.type = type;
        result(join("resource.type.", type), memory(XENMEM_acquire_resource, &r));
    }
    r = zeroed<xen_mem_acquire_resource>();
    r.domid = DOMID_SELF;
    r.pad = 1;
    result("resource.pad", memory(XENMEM_acquire_resource, &r));
    for (const WildPointer& wild : wild_pointers)
        result(join("resource.argument.", wild.name),
               memory(XENMEM_acquire_resource, at<void>(wild.where)));
}

void device_memory() {
    auto r = zeroed<xen_reserved_device_memory_map>();
    result("reserved_device.device", memory(XENMEM_reserved_device_memory_map, &r));
    r.flags = XENMEM_RDM_ALL;
    result("reserved_device.all", memory(XENMEM_reserved_device_memory_map, &r));
    r.flags = 2;
    result("reserved_device.flags", memory(XENMEM_reserved_device_memory_map, &r));
}

void vnuma() {
    auto v = zeroed<xen_vnuma_topology_info>();
    v.domid = DOMID_SELF;
    result("vnuma.self", memory(XENMEM_get_vnumainfo, &v));
    v.pad = 1;
    result("vnuma.pad", memory(XENMEM_get_vnumainfo, &v));
    v.pad = 0;
    v.domid = 1;
    result("vnuma.absent", memory(XENMEM_get_vnumainfo, &v));
}

} // namespace

void test_memory_map() {
    map("memory_map", XENMEM_memory_map);
    map("machine_memory_map", XENMEM_machine_memory_map);
    set_map();
    machphys();
    resources();
    device_memory();
    vnuma();
}
