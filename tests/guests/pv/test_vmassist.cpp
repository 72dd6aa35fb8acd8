// SPDX-License-Identifier: MIT
// vm_assist: which assists a 64-bit PV guest may switch.
#include "page.hpp"
#include "test.hpp"

namespace {
long assist(u64 command, u64 type) { return hypercall(__HYPERVISOR_vm_assist, command, type); }
} // namespace

void test_vmassist() {
    for (u64 type : {0, 1, 2, 3, 4, 5, 6, 31, 32, 33, 63, 64, 1000}) {
        result(join("enable.", type), assist(VMASST_CMD_enable, type));
        result(join("disable.", type), assist(VMASST_CMD_disable, type));
        result(join("unknown.", type), assist(2, type));
    }
    result("enable.minus1", assist(VMASST_CMD_enable, ~u64{0}));
    result("command.minus1", assist(~u64{0}, 0));
    // With the strict assist the machine-to-phys table leaves the user's view; the kernel keeps it.
    result("m2p_strict", assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    check("m2p_strict.kernel_reads", pfn_of_mfn(root_mfn()) == pfn_of(at<u8>(boot_info->pt_base)));
    result("m2p_strict.off", assist(VMASST_CMD_disable, VMASST_TYPE_m2p_strict));
}
