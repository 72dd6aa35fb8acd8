# SPDX-License-Identifier: MIT
# One file for each hypercall family, and what several of them share.
target_sources(pv-test.elf PRIVATE
    event.cpp
    grant.cpp
    test_callback.cpp
    test_console.cpp
    test_control.cpp
    test_debugreg.cpp
    test_emulation.cpp
    test_evtchn.cpp
    test_fifo.cpp
    test_fpu.cpp
    test_gdt.cpp
    test_grant.cpp
    test_grant_copy.cpp
    test_hypfs.cpp
    test_memory.cpp
    test_memory_map.cpp
    test_mmu.cpp
    test_mmuext.cpp
    test_multicall.cpp
    test_pagetable.cpp
    test_physdev.cpp
    test_physmap.cpp
    test_platform.cpp
    test_ports.cpp
    test_sched.cpp
    test_start.cpp
    test_traps.cpp
    test_user.cpp
    test_vcpu.cpp
    test_version.cpp
    test_vmassist.cpp
    test_wild.cpp)
