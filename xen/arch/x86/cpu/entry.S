// SPDX-License-Identifier: MIT
// In and out of guests. An exception or interrupt of guest code pushes its frame straight into the vCPU (TSS.RSP0
// points behind Vcpu::arch.regs), the other registers follow; then this CPU's stack is taken, empty. On the way out
// the registers come from the vCPU that is current by then. Interrupts of the hypervisor use the stack as it is.
#include <asm/entry_macros.h>
#include <asm/entry_offsets.h>

    .code64

// One page, mapped behind each CPU's stack: the addresses in it are relative to where it runs, so that a system call
// finds this CPU's block without any register. stack_block is the block seen from there.
    .section .text.stub, "ax", @progbits
    .set stack_block, stub_page - BLOCK_SIZE

.macro PUSH_SYSTEM_CALL
    push $SEL_GUEST_SS
    push stack_block + BLOCK_SCRATCH(%rip)
    push %r11
    push $SEL_GUEST_CS64
    push %rcx
    push syscall_mark(%rip)
    PUSH_SCRATCH_REGS                   // the others stay where they are, see leave_system_call
    lea -REGS_R11(%rsp), %rcx
    lea stack_block(%rip), %rsp
    sti
.endm

    .balign 64
    .globl stub_syscall
stub_syscall:
    mov %rsp, stack_block + BLOCK_SCRATCH(%rip)
    mov stack_block + BLOCK_REGS_END(%rip), %rsp
    cmpb $0, offset_in_kernel - REGS_SIZE(%rsp)
    je 1f
    cmp $HYPERCALL_IRET, %rax
    je 2f
    PUSH_SYSTEM_CALL
    jmp *to_kernel(%rip)
1:  PUSH_SYSTEM_CALL
    jmp *to_user(%rip)
2:  jmp *to_iret(%rip)

    .balign 16
    .globl stub_syscall32
stub_syscall32:
    mov %rsp, stack_block + BLOCK_SCRATCH(%rip)
    mov stack_block + BLOCK_REGS_END(%rip), %rsp
    push $SEL_GUEST_SS
    push stack_block + BLOCK_SCRATCH(%rip)
    push %r11
    push $SEL_GUEST_CS32
    push %rcx
    push $0
    PUSH_REGS
    lea -8(%rsp), %rdi
    lea stack_block(%rip), %rsp
    sti
    jmp *to_compat(%rip)

    .balign 8
syscall_mark: .quad ENTRY_SYSCALL << 32
to_kernel: .quad syscall_from_kernel
to_user: .quad syscall_from_user
to_compat: .quad syscall_from_compat
to_iret: .quad quick_iret

    .section .text.entry, "ax", @progbits

// The way of hypercalls and system calls, as short as it can be. RBX, RBP and R12 to R15 are the guest's all the time:
// C++ functions preserve them, and nothing but a context switch wants them in the vCPU. They are stored only when the
// exit takes the long way.
    .balign 64
syscall_from_user:
    mov %rcx, %rdi
    call pv_bounce_syscall
    mov BLOCK_CURRENT(%rsp), %rdi
    mov REGS_RAX(%rdi), %rax
    jmp leave_system_call

// RAX is the number, the arguments are where C++ has them but for the fourth, and RCX is the vCPU. Straight to the
// handler: about 30 instructions less than by way of the registers in memory.
    .balign 64
syscall_from_kernel:
    cmp $HYPERCALLS, %rax
    jae dispatch_slowly
    testl $TRACE_HYPERCALL, _ZN3xen5trace4maskE(%rip)
    jnz dispatch_slowly
    lea _ZN3xen9hypercall5callsE(%rip), %r11
    mov %r10, %rcx
    call *(%r11, %rax, 8)
    mov BLOCK_CURRENT(%rsp), %rdi
    cmp $RESTART, %rax
    je call_again

leave_system_call:                      // RDI is the vCPU, RAX its RAX; back behind a SYSCALL, or into a handler
    cli
    mov BLOCK_SOFTIRQS(%rsp), %rcx
    cmpl $0, (%rcx)
    jne leave_slowly
    mov offset_info(%rdi), %rcx
    test %rcx, %rcx
    jz 1f
    movzwl (%rcx), %ecx                 // as below
    dec %ecx
    cmp $0xff, %ecx
    jb quick_event
1:  mov REGS_RIP(%rdi), %rcx
    cmp guest_kernel_start(%rip), %rcx  // the lower half takes a closer look
    jb leave_slowly
    mov REGS_R10(%rdi), %r10
    mov REGS_R9(%rdi), %r9
    mov REGS_R8(%rdi), %r8
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RSI(%rdi), %rsi
    mov REGS_RFLAGS(%rdi), %r11
    mov REGS_RSP(%rdi), %rsp
    mov REGS_RDI(%rdi), %rdi
    sysretq

call_again:
    call _ZN3xen9hypercall7restartERNS_4VcpuE
    mov BLOCK_CURRENT(%rsp), %rdi
    jmp leave_saved_rax

dispatch_slowly:
    mov %rcx, %rdi
    call _ZN3xen9hypercall10from_guestERNS_4VcpuE
    mov BLOCK_CURRENT(%rsp), %rdi
    jmp leave_saved_rax

leave_slowly:
    mov %rax, REGS_RAX(%rdi)
    .globl leave_saved_rax
leave_saved_rax:
    mov %rbx, REGS_RBX(%rdi)
    mov %rbp, REGS_RBP(%rdi)
    mov %r12, REGS_R12(%rdi)
    mov %r13, REGS_R13(%rdi)
    mov %r14, REGS_R14(%rdi)
    mov %r15, REGS_R15(%rdi)

// The stack is empty here: it begins with the CPU block.
    .globl exit_to_guest
exit_to_guest:
    cli
    mov BLOCK_CURRENT(%rsp), %rbx
    mov BLOCK_SOFTIRQS(%rsp), %rax
    cmpl $0, (%rax)
    jne exit_slow
enter_checked:
    mov offset_info(%rbx), %rax
    test %rax, %rax
    jz 1f
    movzwl (%rax), %eax                 // evtchn_upcall_pending, evtchn_upcall_mask
    dec %eax
    cmp $0xff, %eax                     // below: pending is not 0 and the mask is
    jb exit_event
1:  cmpl $ENTRY_SYSCALL, REGS_VECTOR(%rbx)
    jne leave_by_iret
    cmpw $SEL_GUEST_CS64, REGS_CS(%rbx)
    jne leave_by_iret
    mov REGS_RIP(%rbx), %rcx            // SYSRET to a non-canonical address faults with our privilege (SDM 2B)
    mov %rcx, %rax
    sar $47, %rax
    inc %eax
    cmp $1, %eax
    ja leave_by_iret
    mov REGS_R15(%rbx), %r15
    mov REGS_R14(%rbx), %r14
    mov REGS_R13(%rbx), %r13
    mov REGS_R12(%rbx), %r12
    mov REGS_RBP(%rbx), %rbp
    mov REGS_R10(%rbx), %r10
    mov REGS_R9(%rbx), %r9
    mov REGS_R8(%rbx), %r8
    mov REGS_RAX(%rbx), %rax
    mov REGS_RDX(%rbx), %rdx
    mov REGS_RSI(%rbx), %rsi
    mov REGS_RDI(%rbx), %rdi
    mov REGS_RFLAGS(%rbx), %r11
    mov REGS_RSP(%rbx), %rsp
    mov REGS_RBX(%rbx), %rbx
    sysretq

exit_slow:
    call exit_work
    mov BLOCK_CURRENT(%rsp), %rbx
    jmp enter_checked

exit_event:
    mov %rbx, %rdi
    call pv_deliver_event
    jmp exit_to_guest

leave_by_iret:
    orl $3, REGS_CS(%rbx)
    orl $3, REGS_SS(%rbx)
    andl $~0x27000, REGS_RFLAGS(%rbx)   // no VM, NT, IOPL
    orl $0x200, REGS_RFLAGS(%rbx)
    lea REGS_R15(%rbx), %rsp
    POP_REGS
    add $8, %rsp
    .globl guest_iret
guest_iret:
    iretq

// IRET found something wrong. The fault's frame lies over the registers just loaded, below the error code that IRET's
// frame begins behind: they are stored again.
iret_faulted:
    pop %rax                            // see exception_in_xen
    popq REGS_ERROR - 88(%rsp)          // error code and vector to their place
    lea REGS_ERROR - 88(%rsp), %rsp
    PUSH_REGS
    lea -8(%rsp), %rdi
    mov offset_stack_top(%rdi), %rsp
    call guest_iret_fault
    jmp exit_to_guest

syscall_from_compat:
    call pv_bounce_syscall32
    jmp exit_to_guest

// SYSENTER tells nothing about where it was executed; its stack pointer is the end of the current vCPU's registers.
    .balign 16
    .globl entry_sysenter
entry_sysenter:
    mov (%rsp), %rsp                    // the MSR holds the address of the block's regs_end
    push $SEL_GUEST_SS
    push $0
    pushfq
    push $3
    push $0
    push $0
    CLEAR_AC
    PUSH_REGS
    lea -8(%rsp), %rdi
    mov offset_stack_top(%rdi), %rsp
    orl $0x200, REGS_RFLAGS(%rdi)
    sti
    call pv_bounce_sysenter
    jmp exit_to_guest

    .balign 64
common_exception:
    testb $3, 16(%rsp)
    jz exception_in_xen
    PUSH_REGS
    .globl exception_saved
exception_saved:
    CLEAR_AC
    lea -8(%rsp), %rdi
    mov offset_stack_top(%rdi), %rsp
    mov %cr2, %rsi
    sti
    call pv_exception
    jmp exit_to_guest

    .globl exception_in_xen
exception_in_xen:
    push %rax
    lea guest_iret(%rip), %rax
    cmp %rax, 16(%rsp)
    je iret_faulted
    pop %rax
    PUSH_REGS
    CLEAR_AC
    sub $8, %rsp
    mov %rsp, %rdi
    call xen_exception
    jmp return_to_xen

    .balign 64
common_interrupt:
    testb $3, 16(%rsp)
    jz interrupt_in_xen
    PUSH_REGS
    CLEAR_AC
    lea -8(%rsp), %rax
    mov offset_stack_top(%rax), %rsp
    mov REGS_VECTOR(%rax), %edi
    call handle_interrupt
    jmp exit_to_guest

interrupt_in_xen:
    PUSH_REGS
    CLEAR_AC
    sub $8, %rsp
    mov REGS_VECTOR(%rsp), %edi
    call handle_interrupt
return_to_xen:
    add $8, %rsp
    POP_REGS
    add $8, %rsp
    iretq

// On a stack of their own. NMI and machine check stay there whatever they interrupted.
common_ist:
    PUSH_REGS
    CLEAR_AC
    sub $8, %rsp
    mov %rsp, %rdi
    call xen_ist_exception
    jmp return_to_xen

// #DB of guest code continues like any exception: its frame moves to the vCPU.
debug_exception:
    testb $3, 16(%rsp)
    jz common_ist
    push %rdi
    push %rsi
    mov %rsp, %rdi
    or $(STACK_SIZE - 1), %rdi
    mov 1 - BLOCK_SIZE + BLOCK_REGS_END(%rdi), %rdi
    mov 16(%rsp), %rsi
    mov %rsi, REGS_ERROR - REGS_SIZE(%rdi)
    mov 24(%rsp), %rsi
    mov %rsi, REGS_RIP - REGS_SIZE(%rdi)
    mov 32(%rsp), %rsi
    mov %rsi, REGS_CS - REGS_SIZE(%rdi)
    mov 40(%rsp), %rsi
    mov %rsi, REGS_RFLAGS - REGS_SIZE(%rdi)
    mov 48(%rsp), %rsi
    mov %rsi, REGS_RSP - REGS_SIZE(%rdi)
    mov 56(%rsp), %rsi
    mov %rsi, REGS_SS - REGS_SIZE(%rdi)
    mov 8(%rsp), %rsi
    mov %rsi, REGS_RDI - REGS_SIZE(%rdi)
    mov (%rsp), %rsi
    lea REGS_ERROR - REGS_SIZE(%rdi), %rsp
    mov REGS_RDI - REGS_SIZE(%rdi), %rdi
    PUSH_REGS
    jmp exception_saved

    .globl enter_current
enter_current:
    or $(STACK_SIZE - 1), %rsp
    add $(1 - BLOCK_SIZE), %rsp
    xor %ebp, %ebp
    cli
    jmp exit_slow                       // the current vCPU may be the idle one

// switch_stack(top, fn): fn runs on the stack whose block begins at top; it never returns.
    .globl switch_stack
switch_stack:
    mov %rdi, %rsp
    xor %ebp, %ebp
    call *%rsi
    ud2

// 16 bytes for each vector. 8, 10 to 14, 17, 21, 29 and 30 come with an error code (SDM volume 3, table 6-1).
    .balign 16
    .globl entry_stubs
entry_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0
    .endif
    movl $vector, 4(%rsp)
    .if vector == 1
    jmp debug_exception
    .elseif vector == 2 || vector == 8 || vector == 18
    jmp common_ist
    .elseif vector == 0 || (vector >= 3 && vector <= 5) || vector == 16 || vector == 19
    jmp quick_exception
    .elseif vector == EXCEPTION_PAGE_FAULT
    jmp quick_page_fault
    .elseif vector == EXCEPTION_INT80
    jmp quick_int80
    .elseif vector < 32 || vector == 0x82
    jmp common_exception
    .else
    jmp common_interrupt
    .endif
    .set vector, vector + 1
    .endr

    .section .note.GNU-stack, "", @progbits
