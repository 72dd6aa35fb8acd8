# SPDX-License-Identifier: MIT
# PCI configuration space beyond the ports' 256 bytes: memory that dom0 may only read, so that each write is one that the
# hypervisor has made for it.
. /do/lib.sh

AER=256 SEVERITY=268   # Advanced Error Reporting, and how bad uncorrectable errors are (PCI Express 7.10)
device=
for d in /sys/bus/pci/devices/*; do
    [ "$(cat $d/device)" = 0x10d3 ] && device=$d
done
word() { dd if=$device/config bs=4 skip=$(($1 / 4)) count=1 2>/dev/null | hexdump -e '1/4 "%08x"'; }
put() { printf "$2" | dd of=$device/config bs=4 seek=$(($1 / 4)) count=1 conv=notrunc 2>/dev/null; }

shows "dom0 knows the window" "MMCONFIG|ECAM" dmesg
check "there is a PCI Express card" test -n "$device"
same "its first extended capability" "$(word $AER | cut -c5-8)" 0001
same "what reset leaves" "$(word $SEVERITY)" 00462030
check "a write" put $SEVERITY '\060\060\106\000'
same "what was written" "$(word $SEVERITY)" 00463030
check "another write" put $SEVERITY '\060\040\106\000'
same "and back" "$(word $SEVERITY)" 00462030
