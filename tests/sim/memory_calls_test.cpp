// SPDX-License-Identifier: MIT
// memory_op as its callers see it: maps, resources, the machine-to-phys table, and what each refuses.
#include <public/grant_table.h>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include <cstring>
#include <vector>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

struct [[gnu::packed]] E820 {
    u64 start, bytes;
    u32 type;
};

}  // namespace

TEST_CASE("a PV guest's physical map is its own: additions are checked and refused") {
    Toolstack t;
    xen_add_to_physmap add{};
    add.domid = t.guest.id.raw();
    CHECK(t.memory(XENMEM_add_to_physmap, add) == -EACCES);
    add.space = XENMAPSPACE_gmfn_foreign;
    CHECK(t.memory(XENMEM_add_to_physmap, add) == -ENOSYS);
    add.space = 0, add.domid = kNobody;
    CHECK(t.memory(XENMEM_add_to_physmap, add) == -ESRCH);
    xen_add_to_physmap_batch batch{};
    batch.domid = DOMID_SELF;
    CHECK(t.memory(XENMEM_add_to_physmap_batch, batch) == -EACCES);
    batch.domid = kNobody;
    CHECK(t.memory(XENMEM_add_to_physmap_batch, batch) == -ESRCH);
    batch.space = XENMAPSPACE_gmfn_range;
    CHECK(t.memory(XENMEM_add_to_physmap_batch, batch) == -EOPNOTSUPP);
    batch.size = 1;
    CHECK(t.memory(XENMEM_add_to_physmap_batch | 2u << 6, batch) == -EILSEQ);
    xen_remove_from_physmap remove{};
    remove.domid = kNobody;
    CHECK(t.memory(XENMEM_remove_from_physmap, remove) == -ESRCH);
    remove.domid = t.guest.id.raw();
    CHECK(t.memory(XENMEM_remove_from_physmap, remove) == -EACCES);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    add = {};
    add.domid = t.control.id.raw();
    CHECK(t.memory(XENMEM_add_to_physmap, add) == -EPERM);
    batch = {};
    batch.domid = t.control.id.raw();
    CHECK(t.memory(XENMEM_add_to_physmap_batch, batch) == -EPERM);
    remove.domid = t.control.id.raw();
    CHECK(t.memory(XENMEM_remove_from_physmap, remove) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("the frames of a guest's grant table are told to who may map them") {
    Toolstack t;
    std::vector<xen_pfn_t> frames(64);
    xen_mem_acquire_resource r{};
    auto acquire = [&](u32 id, u32 n, u64 first = 0) {
        r.domid = t.guest.id.raw(), r.id = id, r.nr_frames = n, r.frame = first, r.frame_list.p = n ? frames.data() : nullptr;
        return t.memory(XENMEM_acquire_resource, r);
    };
    r.type = XENMEM_resource_grant_table;
    CHECK(acquire(XENMEM_resource_grant_table_id_shared, 0) == 0);
    u32 most = r.nr_frames;
    CHECK(most >= 32);
    CHECK(acquire(XENMEM_resource_grant_table_id_status, 0) == 0);
    CHECK(r.nr_frames > 0);
    CHECK(acquire(2, 0) == -EINVAL);
    CHECK(acquire(2, 1) == -EINVAL);
    CHECK(acquire(XENMEM_resource_grant_table_id_shared, 40) == 0);
    {
        On on{*t.guest.vcpus[0]};
        CHECK(frames[0] == arch::direct_map_mfn(grant_table()).raw());
    }
    for (unsigned i = 1; i < 40; ++i) CHECK(frames[i] != frames[i - 1]);
    CHECK(acquire(XENMEM_resource_grant_table_id_shared, 2, ~u64{0}) == -EINVAL);
    CHECK(acquire(XENMEM_resource_grant_table_id_shared, 1, most) == -EINVAL);
    r.nr_frames = 1, r.frame_list.p = nullptr, r.frame = 0;
    CHECK(t.memory(XENMEM_acquire_resource, r) == -EINVAL);
    r.nr_frames = 0, r.frame_list.p = frames.data();
    CHECK(t.memory(XENMEM_acquire_resource, r) == -EINVAL);
    for (unsigned type : {XENMEM_resource_ioreq_server, XENMEM_resource_vmtrace_buf}) {
        r.type = static_cast<u16>(type);
        CHECK(acquire(0, 0) == -EINVAL);
        CHECK(acquire(0, 1) == -EOPNOTSUPP);
    }
    r.type = 77;
    CHECK(acquire(0, 0) == 0);
    CHECK(static_cast<s32>(r.nr_frames) == -EOPNOTSUPP);
    r.pad = 1;
    CHECK(acquire(0, 0) == -EINVAL);
    r.pad = 0, r.type = XENMEM_resource_grant_table, r.frame_list.p = nullptr, r.nr_frames = 0;
    r.domid = kNobody;
    CHECK(t.memory(XENMEM_acquire_resource, r) == -ESRCH);
    r.domid = t.control.id.raw();
    CHECK(t.memory(XENMEM_acquire_resource, r) == -EPERM);
}

TEST_CASE("a long list of frames yields and goes on") {
    Toolstack t;
    std::vector<xen_pfn_t> frames(64);
    xen_mem_acquire_resource r{};
    r.domid = t.guest.id.raw(), r.type = XENMEM_resource_grant_table, r.nr_frames = 64, r.frame_list.p = frames.data();
    load({__HYPERVISOR_memory_op, {XENMEM_acquire_resource, address(r)}});
    unsigned entries = 1;
    while (!enter(true)) ++entries;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(entries == 2);
    CHECK(current().arch.regs.rax == 0);
    CHECK((frames[31] && frames[63] && frames[31] != frames[63]));
}

TEST_CASE("a guest sees the memory map that the toolstack set") {
    Toolstack t;
    E820 entries[2] = {{0, 0x100000, 1}, {0x100000, 0x200000, 2}}, seen[2] = {};
    auto get = [&](u32 room, void* to) {
        On on{*t.guest.vcpus[0]};
        xen_memory_map m{};
        m.nr_entries = room, m.buffer.p = to;
        s64 r = t.memory(XENMEM_memory_map, m);
        return r ? r : static_cast<s64>(m.nr_entries);
    };
    xen_foreign_memory_map op{};
    auto set = [&](u16 domid, u32 n) {
        op.domid = domid, op.map.nr_entries = n, op.map.buffer.p = entries;
        return t.memory(XENMEM_set_memory_map, op);
    };
    CHECK(get(2, seen) == -ENOSYS);
    CHECK(set(kNobody, 2) == -ESRCH);
    CHECK(set(t.guest.id.raw(), 1025) == -EINVAL);
    CHECK(set(t.guest.id.raw(), 2) == 0);
    CHECK(get(1, seen) == -EINVAL);
    CHECK(get(2, seen) == 2);
    CHECK(std::memcmp(seen, entries, sizeof(seen)) == 0);
    CHECK(set(t.guest.id.raw(), 1) == 0);
    CHECK(get(2, seen) == 1);
}

TEST_CASE("the machine's map, and what the firmware does not list") {
    Toolstack t;
    auto get = [&](u32 room, void* to, u32& count) {
        xen_memory_map m{};
        m.nr_entries = room, m.buffer.p = to;
        s64 r = t.memory(XENMEM_machine_memory_map, m);
        count = m.nr_entries;
        return r;
    };
    u32 listed = 0, more = 0;
    CHECK(get(0, nullptr, listed) == 0);
    REQUIRE(t.control.io_memory->add(0, 0xfebff));
    REQUIRE(t.control.io_memory->add(0xfec01, 0xfffff));
    CHECK(get(0, nullptr, more) == 0);
    CHECK(more == listed + 1);                               // the frame between
    std::vector<E820> all(more);
    CHECK(get(more, all.data(), more) == 0);
    CHECK((all.back().start == 0xfec00000 && all.back().bytes == 0x1000 && all.back().type == 2));
    CHECK(get(0, all.data(), more) == -EINVAL);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(get(0, nullptr, more) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("the machine-to-phys table and other facts of the machine") {
    Toolstack t;
    xen_machphys_mapping mapping{};
    CHECK(t.memory(XENMEM_machphys_mapping, mapping) == 0);
    CHECK(mapping.max_mfn == max_frame.raw() - 1);
    CHECK((mapping.v_end - mapping.v_start) / 8 > mapping.max_mfn);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(t.memory(XENMEM_machphys_mapping, mapping) == 0);
    CHECK((mapping.v_end - mapping.v_start) / 8 == mapping.max_mfn + 1);
    arch::set_current_vcpu(t.control.vcpus[0]);
    xen_pfn_t extents[4]{};
    xen_machphys_mfn_list list{};
    list.max_extents = 0, list.extent_start.p = extents;
    CHECK(t.memory(XENMEM_machphys_mfn_list, list) == 0);
    CHECK(list.nr_extents == 0);
    xen_reserved_device_memory_map reserved{};
    reserved.nr_entries = 3;
    CHECK(t.memory(XENMEM_reserved_device_memory_map, reserved) == 0);
    CHECK(reserved.nr_entries == 0);
    reserved.flags = ~0u;
    CHECK(t.memory(XENMEM_reserved_device_memory_map, reserved) == -EINVAL);
    reserved.buffer.p = reinterpret_cast<decltype(reserved.buffer.p)>(arch::kXenStart);
    CHECK(t.memory(XENMEM_reserved_device_memory_map, reserved) == -EFAULT);
    CHECK(t.memory(XENMEM_machphys_compat_mfn_list, list) == -EOPNOTSUPP);
    CHECK(t.memory(XENMEM_get_sharing_freed_pages, list) == 0);
    CHECK(t.memory(XENMEM_get_sharing_shared_pages, list) == 0);
    CHECK(t.memory(60, list) == -ENOSYS);
}

TEST_CASE("a page that is given up loses its pin") {
    Toolstack t;
    Mfn table = give_page(t.guest);
    On on{*t.guest.vcpus[0]};
    REQUIRE(mmuext(MMUEXT_PIN_L1_TABLE, table) == 0);
    xen_pfn_t frame = table.raw();
    xen_memory_reservation r{};
    r.extent_start.p = &frame, r.nr_extents = 1, r.domid = DOMID_SELF;
    u64 before = t.guest.tot_pages;
    CHECK(t.memory(XENMEM_decrease_reservation, r) == 1);
    CHECK(t.guest.tot_pages == before - 1);
    frame = max_frame.raw() + 5;
    CHECK(t.memory(XENMEM_decrease_reservation, r) == 0);   // none of its
}
