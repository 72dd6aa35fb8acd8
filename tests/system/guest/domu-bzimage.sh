# SPDX-License-Identifier: MIT
# A guest from Debian's kernel file as it is: xl takes the ELF file out of it.
. /do/domu-lib.sh
create one "kernel='/domu/bzimage'" "memory=128"
inside "it runs" one true
check "xl destroy" xl destroy one
