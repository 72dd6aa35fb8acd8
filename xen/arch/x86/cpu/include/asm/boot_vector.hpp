// SPDX-License-Identifier: MIT
// Leaf: for as long as one lives, code may run that was compiled for programs: it uses vector registers, 128 bytes
// below the stack pointer, and a word of its thread's block (System V ABI for x86-64, 3.2.2 and 3.4.6; the stack
// protector's word is at %fs:0x28). Boot CPU, before the first guest: vector registers are not saved. Interrupts are
// off meanwhile, for a handler would write below the stack pointer; NMIs and machine checks have their own stacks.
#pragma once

#include <asm/cpu.hpp>

namespace xen::arch {

// A thread's block with the stack protector's word, which is not secret here.
inline constexpr u64 boot_thread_block[8] = {0, 0, 0, 0, 0, 0x9e3779b97f4a7c15};

// From now until the first guest runs, code may run that was compiled with the stack protector of programs (libfdt).
inline void set_boot_thread() { wrmsr(0xc0000100, reinterpret_cast<u64>(boot_thread_block)); }

class [[nodiscard]] BootVectorUnit {
public:
    BootVectorUnit() : flags_{irq_save()}, cr0_{read_cr0()}, cr4_{read_cr4()}, fs_base_{rdmsr(kFsBase)} {
        write_cr4(cr4_ | kOsFxsr | kOsXmmExcept);
        write_cr0(cr0_ & ~(kEmulate | kTaskSwitched));
        wrmsr(kFsBase, reinterpret_cast<u64>(boot_thread_block));
    }
    BootVectorUnit(const BootVectorUnit&) = delete;
    BootVectorUnit& operator=(const BootVectorUnit&) = delete;
    ~BootVectorUnit() {
        wrmsr(kFsBase, fs_base_);
        write_cr0(cr0_);
        write_cr4(cr4_);
        irq_restore(flags_);
    }

private:
    static constexpr u32 kFsBase = 0xc0000100;
    static constexpr u64 kEmulate = 1 << 2, kTaskSwitched = 1 << 3;         // CR0
    static constexpr u64 kOsFxsr = 1 << 9, kOsXmmExcept = 1 << 10;          // CR4

    u64 flags_, cr0_, cr4_, fs_base_;
};

}  // namespace xen::arch
