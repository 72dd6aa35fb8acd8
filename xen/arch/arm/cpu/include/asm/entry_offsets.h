// SPDX-License-Identifier: MIT
// Where the entry code finds what: checked against the structures in entry_offsets.cpp. Plain defines, for assembly too.
#pragma once

// CpuBlock
#define BLOCK_CURRENT 0
#define BLOCK_SOFTIRQS 24
// GuestRegs, the first member of a Vcpu
#define REGS_X 0
#define REGS_SP 248
#define REGS_PC 256
#define REGS_PSTATE 264
#define REGS_BYTES 272
// SecondaryStart
#define START_ROOT 0
#define START_STACK 8
#define START_BLOCK 16
// errata::Workaround
#define WORKAROUND_FIRMWARE_BARRIER 6
#define WORKAROUND_BRANCHES_8 7
#define WORKAROUND_BRANCHES_24 8
#define WORKAROUND_BRANCHES_32 9
// The image's level 0 slot
#define IMAGE_SLOT 128
