# SPDX-License-Identifier: MIT
# Runs each line of /do/commands and writes what it printed to a disk of its own: on the console the
# hypervisor's lines would come between. Standard error follows with "! " before it, then the status.
. /do/lib.sh
export PATH=$PATH:/usr/lib/xen-4.17/bin
cd /tmp
cp /do/*.cfg /tmp/ 2>/dev/null

step() { # LINE
    echo "\$ $1"
    timeout 300 sh -c "$1" </dev/null 2>errors
    status=$?
    echo
    sed 's/^/! /' errors
    echo
    echo "[$status]"
}

# Linux adds the vCPU a moment after xl asked, and leaves it off.
online_vcpu_1() {
    local file=/sys/devices/system/cpu/cpu1/online
    wait_for 20 test -e $file && echo 1 >$file
}

check "modprobe the disk" sh -c "modprobe virtio_pci && modprobe virtio_blk"
check "the disk appears" wait_for 20 test -b /dev/vda
grep -v -e '^#' -e '^$' /do/commands >commands
count=0
while read -r line; do
    echo "+ $line"
    case $line in
    "! "*) eval "${line#"! "}" >/dev/null 2>&1 </dev/null ;;
    *) step "${line#"~ "}" >>transcript ;;
    esac
    count=$((count + 1))
done <commands
same "commands that ran" "$count" "$(wc -l <commands)"
check "write the transcript" dd if=transcript of=/dev/vda bs=1M conv=fsync,notrunc
