// SPDX-License-Identifier: MIT
// What makes a boot loader accept the image: the multiboot 1 header (within the first 8 KiB of the file) and the
// multiboot2 header (within 32 KiB). Both loaders enter at `start`, in 32-bit protected mode without paging.

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00000003            // modules on page boundaries, memory map wanted

#define MB2_MAGIC 0xe85250d6
#define MB2_OPTIONAL 1

    .section .head, "ax", @progbits
    .code32
    .balign 8
multiboot1:
    .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

    .balign 8
multiboot2:
    .long MB2_MAGIC, 0, multiboot2_end - multiboot2
    .long -(MB2_MAGIC + (multiboot2_end - multiboot2))

    // Information request: basic memory, memory map, frame buffer, EFI system table and memory map, both kinds of RSDP.
1:  .short 1, MB2_OPTIONAL
    .long 2f - 1b
    .long 4, 6, 8, 11, 12, 17, 14, 15
2:
    // Modules on page boundaries.
    .balign 8
    .short 6, 0
    .long 8
    // Text consoles are fine.
    .short 4, MB2_OPTIONAL
    .long 12, 2
    .balign 8
    // So is any graphics mode: with EFI there is no other, and a loader that is not asked for one leaves none.
    .short 5, MB2_OPTIONAL
    .long 20, 0, 0, 0
    .balign 8
    // End.
    .short 0, 0
    .long 8
multiboot2_end:
