// SPDX-License-Identifier: MIT
// Port input and output of the hardware domain, and its I/O privilege level by hypercall and
// assist.
#include "flags.hpp"
#include "test.hpp"
#include <public/physdev.h>

namespace {

long physdev(u32 command, void* argument) {
    return hypercall(__HYPERVISOR_physdev_op, command, address(argument));
}

Fault in8(u16 port, u8* out = nullptr) {
    u8 v = 0;
    const Fault f = catch_fault([&] { asm volatile("inb %1, %0" : "=a"(v) : "d"(port)); });
    if (out) *out = v;
    return f;
}

Fault out8(u16 port, u8 v) {
    return catch_fault([&] { asm volatile("outb %0, %1" : : "a"(v), "d"(port)); });
}

void reads() {
    for (u16 port :
         {u16{0x00}, u16{0x20},  u16{0x21},  u16{0x40},  u16{0x42},  u16{0x43},  u16{0x60},
          u16{0x61}, u16{0x64},  u16{0x70},  u16{0x71},  u16{0x80},  u16{0x92},  u16{0xa0},
          u16{0xa1}, u16{0x2f8}, u16{0x3f8}, u16{0x3ff}, u16{0xcf8}, u16{0xcfc}, u16{0xffff}})
        fault(join("inb.", port), in8(port));
    for (u16 port : {u16{0x20}, u16{0x60}, u16{0xcf8}, u16{0xcfc}, u16{0x3f8}, u16{0xfffe}}) {
        fault(join("inw.", port), catch_fault([port] {
                  asm volatile("inw %0, %%ax" : : "d"(port) : "eax");
              }));
        fault(join("inl.", port), catch_fault([port] {
                  asm volatile("inl %0, %%eax" : : "d"(port) : "eax");
              }));
    }
}

void writes() {
    fault("outb.0x80", out8(0x80, 0x55));
    fault("outb.pic_mask", out8(0x21, 0xff));
    fault("outb.uart_scratch", out8(0x3ff, 1));
    fault("outb.immediate", catch_fault([] { asm volatile("outb %%al, $0x80" : : "a"(0)); }));
    u8 buffer[4] = {1, 2, 3, 4};
    const void* source = buffer;
    u64 count = 4;
    fault("outsb", catch_fault([&] {
              asm volatile("rep outsb" : "+S"(source), "+c"(count) : "d"(u16{0x80}) : "memory");
          }));
    value("outsb.left", count);
    void* target = buffer;
    count = 4;
    fault("insb", catch_fault([&] {
              asm volatile("rep insb" : "+D"(target), "+c"(count) : "d"(u16{0x61}) : "memory");
          }));
    value("insb.left", count);
    target = at<void>(kUnmapped);
    fault("insb.unmapped", catch_fault([&] {
              u64 one = 1;
              asm volatile("rep insb" : "+D"(target), "+c"(one) : "d"(u16{0x61}) : "memory");
          }));
}

// The clock and PCI configuration are emulated or guarded, but work.
void devices() {
    fault("rtc.index", out8(0x70, 0x0d));
    u8 status = 0;
    fault("rtc.data", in8(0x71, &status));
    value("rtc.valid_ram", status >> 7);
    const u32 address_word = 0x80000000;
    fault("pci.address", catch_fault([&] {
              asm volatile("outl %0, %1" : : "a"(address_word), "d"(u16{0xcf8}));
          }));
    u32 seen = 0;
    fault("pci.address_read", catch_fault([&] {
              asm volatile("inl %1, %0" : "=a"(seen) : "d"(u16{0xcf8}));
          }));
    value("pci.address_value", seen);
    u32 id = 0;
    fault("pci.data", catch_fault([&] {
              asm volatile("inl %1, %0" : "=a"(id) : "d"(u16{0xcfc}));
          }));
    check("pci.host_bridge", (id & 0xffff) != 0xffff && (id & 0xffff) != 0);
    u16 half = 0;
    fault("pci.data_half", catch_fault([&] {
              asm volatile("inw %1, %0" : "=a"(half) : "d"(u16{0xcfe}));
          }));
    check("pci.data_half.value", half == id >> 16);
}

void flags_at(const char* when) {
    cli_and_sti(when);
    u64 flags = 0;
    asm volatile("pushfq; popq %0" : "=r"(flags));
    value(join("flags.", when), flags & 0x3200);
    fault(join("in_0x61.", when), in8(0x61));
}

void privilege_level() {
    physdev_set_iopl iopl = {0};
    for (u32 level : {0u, 1u, 2u, 3u}) {
        iopl.iopl = level;
        result(join("set_iopl.", level), physdev(PHYSDEVOP_set_iopl, &iopl));
        flags_at(join("iopl_", level));
    }
    for (u32 level : {4u, ~0u}) {
        iopl.iopl = level;
        result(join("set_iopl.", level), physdev(PHYSDEVOP_set_iopl, &iopl));
    }
    iopl.iopl = 1;
    physdev(PHYSDEVOP_set_iopl, &iopl);
    result("assist.enable",
           hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
    for (u64 level : {u64{0}, u64{0x1000}, u64{0x3000}}) {
        asm volatile("pushfq; andq $~0x3000, (%%rsp); orq %0, (%%rsp); popfq"
                     :
                     : "r"(level)
                     : "cc", "memory");
        flags_at(join("assist_popf_", level >> 12));
    }
    result("assist.disable",
           hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl));
}

void bitmap() {
    static u8 bits[8192];
    auto op = zeroed<physdev_set_iobitmap>();
    set_handle(op.bitmap, bits);
    op.nr_ports = 65536;
    result("set_iobitmap", physdev(PHYSDEVOP_set_iobitmap, &op));
    op.nr_ports = 65537;
    result("set_iobitmap.too_many", physdev(PHYSDEVOP_set_iobitmap, &op));
    op.nr_ports = 0;
    result("set_iobitmap.none", physdev(PHYSDEVOP_set_iobitmap, &op));
    set_handle(op.bitmap, kHypervisor);
    op.nr_ports = 65536;
    result("set_iobitmap.hypervisor", physdev(PHYSDEVOP_set_iobitmap, &op));
    result("set_iobitmap.fault", physdev(PHYSDEVOP_set_iobitmap, at<void>(kUnmapped)));
    set_handle(op.bitmap, u64{0});
    op.nr_ports = 0;
    result("set_iobitmap.drop", physdev(PHYSDEVOP_set_iobitmap, &op));
}

} // namespace

void test_ports() {
    reads();
    writes();
    devices();
    privilege_level();
    bitmap();
}
