# SPDX-License-Identifier: MIT
# Data in both directions over QEMU's user network: TFTP from its server, TCP to a file of the host.
. /do/lib.sh

case $NIC in
virtio) modules="virtio_pci virtio_net" ;;
e1000 | e1000e) modules=$NIC ;;
esac
for module in $modules; do check "modprobe $module" modprobe "$module"; done
check "eth0 appears" wait_for 20 test -e /sys/class/net/eth0
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
check "eth0 has a carrier" wait_for 20 grep -q 1 /sys/class/net/eth0/carrier
check "ping the gateway" ping -c 3 -W 5 10.0.2.2
cd /tmp
check "TFTP" tftp -g -r small -l small 10.0.2.2
same "what came by TFTP" "$(sha256sum <small | cut -d' ' -f1)" "$NET_SMALL_SHA256"
check "TCP from the host" sh -c 'nc 10.0.2.100 80 </dev/null >large'
same "what came by TCP" "$(sha256sum <large | cut -d' ' -f1)" "$NET_LARGE_SHA256"
check "TCP to the host" sh -c 'cat small large | nc -w 3 10.0.2.101 80'
shows "its interrupts arrive" "pirq.*(virtio|eth0)" cat /proc/interrupts
