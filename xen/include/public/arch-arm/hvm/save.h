/* SPDX-License-Identifier: MIT */
/* Arm has no records of its own: only END of hvm/save.h exists. */
#ifndef __XEN_PUBLIC_HVM_SAVE_ARM_H__
#define __XEN_PUBLIC_HVM_SAVE_ARM_H__

#endif
