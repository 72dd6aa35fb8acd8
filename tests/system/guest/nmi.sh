# SPDX-License-Identifier: MIT
# An NMI of the machine reaches dom0's own handler.
. /do/lib.sh

before=$(awk '$1 == "NMI:" { print $2 }' /proc/interrupts)
echo "[nmi]"
check "Linux says so" wait_for 30 sh -c "dmesg | grep -q 'NMI received for unknown reason'"
after=$(awk '$1 == "NMI:" { print $2 }' /proc/interrupts)
same "NMIs that Linux counted" $((after - before)) 1
shows "the hypervisor logged it" "NMI: unknown reason" xl dmesg
check "dom0 still runs" xl list
