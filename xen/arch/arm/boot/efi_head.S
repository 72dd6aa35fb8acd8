// SPDX-License-Identifier: MIT
// The image as a PE32+ file for EFI firmware (Microsoft PE/COFF 8.3, 2.5 and 4): the header behind the arm64 image's (head.S) and
// the two ways between firmware and the image. File and memory have the same layout; nothing is to be relocated.
    .section .head.pe, "a", @progbits
    .globl pe_header
pe_header:
    .ascii "PE\0\0"
    .short 0xaa64                       // AArch64
    .short 2                            // sections
    .long 0, 0, 0
    .short pe_sections - pe_optional
    .short 0x206                        // an executable, without line numbers and debug information; not "relocations stripped"
pe_optional:
    .short 0x20b                        // PE32+
    .byte 0, 0
    .long pe_text_bytes, pe_data_file_bytes, 0
    .long pe_entry
    .long 4096                          // where code begins
    .quad 0                             // no address is preferred
    .long 4096, 512                     // alignment in memory, in the file
    .short 0, 0, 0, 0, 0, 0
    .long 0
    .long pe_image_bytes
    .long 4096                          // of headers, the start code with them
    .long 0
    .short 10                           // an EFI application
    .short 0
    .quad 0, 0, 0, 0                    // stack and heap: firmware's
    .long 0
    .long 6                             // directories, all empty
    .quad 0, 0, 0, 0, 0, 0
pe_sections:
    .ascii ".text\0\0\0"
    .long pe_text_bytes, 4096, pe_text_bytes, 4096
    .long 0, 0
    .short 0, 0
    .long 0x60000020                    // code: read, execute
    .ascii ".data\0\0\0"
    .long pe_data_bytes, pe_data_start, pe_data_file_bytes, pe_data_start
    .long 0, 0
    .short 0, 0
    .long 0xc0000040                    // data: read, write

    .section .init.text, "ax", @progbits
// x0: the image's handle, x1: the system table; firmware's stack, MMU on, memory where it is.
    .globl efi_entry
efi_entry:
    b efi_main

// efi_leave(tree, entry): without MMU and caches, as a loader enters a kernel image (Linux Documentation/arm64/booting).
    .globl efi_leave
efi_leave:
    msr daifset, #15
    mrs x2, sctlr_el2
    mov x3, #1 << 12 | 1 << 2 | 1       // I, C, M
    bic x2, x2, x3
    msr sctlr_el2, x2
    isb
    ic iallu
    tlbi alle2
    dsb sy
    isb
    br x1

    .section .note.GNU-stack, "", @progbits
