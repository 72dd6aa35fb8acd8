# SPDX-License-Identifier: MIT
# In dom0: a guest with a disk and a network card, whose programs say where counting begins and ends (tests/bench/toolstack.py).
. /do/domu-lib.sh
modprobe -a xen-blkback xen-netback bridge loop
brctl addbr xenbr0 || ip link add xenbr0 type bridge
ip addr add 192.168.7.1/24 dev xenbr0
ip link set xenbr0 up
head -c $((4 << 20)) /dev/zero >/tmp/disk.img

file=$(config one "disk=['file:/tmp/disk.img,xvda,r']" "vif=['mac=00:16:3e:00:00:01,bridge=xenbr0']" \
    "extra='console=hvc0 loglevel=3 rdinit=/bench/first'")
check "xl create" /bench/begin "$(command -v xl)" create "$file"
check "the guest reaches its userspace" wait_for 120 told one "[domU] userspace"
inside "reads of the disk" one "/bench/requests disk $REQUESTS"
inside "an address" one 'ip addr add 192.168.7.2/24 dev eth0 && ip link set eth0 up'
inside "dom0 answers" one 'n=0; until ping -c 1 -w 2 192.168.7.1 || [ $n = 20 ]; do n=$((n + 1)); done; [ $n -lt 20 ]'
inside "echoes" one "/bench/requests net $REQUESTS"
check "xl destroy" xl destroy one
