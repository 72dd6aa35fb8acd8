# SPDX-License-Identifier: MIT
# Debian's PV GRUB boots a kernel from the guest's own disk.
. /do/domu-lib.sh
modprobe -a xen-blkback virtio_pci virtio_blk
check "the guest's disk is there" wait_for 20 test -b /dev/vda
create one "kernel='/domu/grub'" "ramdisk=''" "disk=['phy:/dev/vda,xvda,w']" "memory=256"
check "GRUB was there before" told one "GRUB"
inside "it runs" one '[ -b /dev/xvda ]'
check "xl shutdown" timeout 60 xl shutdown -w one
check "it is gone" wait_for 20 gone one
