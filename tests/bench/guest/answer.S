// SPDX-License-Identifier: MIT
// What the other domain runs (answering.cpp), copied there: while its port's bit is clear it polls, then it clears the bit
// and sends. rbx: the word of pending bits, r12: the bit, r13: struct sched_poll, r14: struct evtchn_send.
    .text
    .globl answer_start, answer_end
answer_start:
    testq %r12, (%rbx)
    jnz 1f
    movl $29, %eax                      // __HYPERVISOR_sched_op
    movl $3, %edi                       // SCHEDOP_poll
    movq %r13, %rsi
    syscall
    jmp answer_start
1:  lock xorq %r12, (%rbx)
    movl $32, %eax                      // __HYPERVISOR_event_channel_op
    movl $4, %edi                       // EVTCHNOP_send
    movq %r14, %rsi
    syscall
    jmp answer_start
answer_end:
    .section .note.GNU-stack, "", @progbits
