# SPDX-License-Identifier: MIT
# A guest's disks and network card: attached at its start and while it runs, with the data checked on both sides.
. /do/domu-lib.sh
modprobe -a xen-blkback xen-netback bridge loop virtio_pci virtio_blk

sum() { sha256sum | cut -d' ' -f1; }
pattern() { yes "$1" | head -c "$2"; } # WORD BYTES

ip link set lo up
brctl addbr xenbr0 || ip link add xenbr0 type bridge
ip addr add 192.168.7.1/24 dev xenbr0
ip link set xenbr0 up

pattern file $((4 << 20)) >/tmp/file.img
check "the host's disk appears" wait_for 20 test -b /dev/vda
create one "memory=256" "disk=['phy:/dev/vda,xvda,w', 'file:/tmp/file.img,xvdb,r']" "vif=['mac=00:16:3e:00:00:01,bridge=xenbr0']"

# The host's disk, by the guest: as disk.sh does it.
inside "a disk on the host's" one '[ $(($(blockdev --getsize64 /dev/xvda) >> 20)) = '"$DISK_MIB ]"
same "what the host wrote" "$(answer one 'sha256sum </dev/xvda')" "$DISK_SHA256  -"
half=$((DISK_MIB / 2)) last=$((DISK_MIB - 1))
inside "write" one "i=0; while [ \$i -lt $half ]; do dd if=/dev/xvda of=/tmp/piece bs=1M skip=\$i count=1 && dd if=/tmp/piece of=/dev/xvda bs=1M seek=\$(($last - i)) conv=notrunc,fsync || break; i=\$((i + 1)); done 2>/dev/null; [ \$i = $half ]"
inside "forget" one 'sync; echo 3 >/proc/sys/vm/drop_caches'
same "what reads back" "$(answer one 'sha256sum </dev/xvda')" "$DISK_SHA256_AFTER  -"
same "a disk on a file" "$(answer one 'sha256sum </dev/xvdb')" "$(sum </tmp/file.img)  -"
inside "which cannot be written" one '! dd if=/dev/zero of=/dev/xvdb bs=4k count=1 conv=fsync 2>/dev/null'

pattern second $((2 << 20)) >/tmp/second.img
check "xl block-attach" xl block-attach one file:/tmp/second.img,xvdc,w
inside "the disk appears" one 'n=0; until [ -b /dev/xvdc ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done; [ -b /dev/xvdc ]'
inside "it is written" one 'yes new | head -c 1048576 | dd of=/dev/xvdc bs=4k seek=256 conv=fsync 2>/dev/null'
shows "xl block-list" "^51744 " xl block-list one
check "xl block-detach" xl block-detach one xvdc
inside "the disk is gone" one 'n=0; while [ -b /dev/xvdc ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done; [ ! -b /dev/xvdc ]'
same "what it wrote is in the file" "$( (pattern second $((1 << 20)); pattern new $((1 << 20))) | sum)" "$(sum </tmp/second.img)"

# The network: as much each way.
inside "an address" one 'ip addr add 192.168.7.2/24 dev eth0 && ip link set eth0 up'
check "dom0 reaches the guest" wait_for 30 ping -c 1 -w 2 192.168.7.2
inside "the guest reaches dom0" one 'ping -c 3 -w 10 192.168.7.1'
bytes=$((NET_MIB << 20))
mkdir /tmp/www
pattern network $bytes >/tmp/www/data
want=$(sum </tmp/www/data)
httpd -p 192.168.7.1:80 -h /tmp/www
same "$NET_MIB MiB to the guest" "$(answer one 'wget -q -O - http://192.168.7.1/data | sha256sum')" "$want  -"
inside "the guest serves as many" one "yes network | head -c $bytes >/tmp/data && httpd -p 192.168.7.2:80 -h /tmp"
same "$NET_MIB MiB from the guest" "$(wget -q -O - http://192.168.7.2/data | sum)" "$want"

check "xl network-detach" xl network-detach one 0
inside "the card is gone" one 'n=0; while [ -e /sys/class/net/eth0 ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done; [ ! -e /sys/class/net/eth0 ]'
check "xl network-attach" xl network-attach one bridge=xenbr0 mac=00:16:3e:00:00:02
inside "another one appears" one 'n=0; until [ -e /sys/class/net/eth0 ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done; ip addr add 192.168.7.3/24 dev eth0 && ip link set eth0 up'
check "dom0 reaches it" wait_for 30 ping -c 1 -w 2 192.168.7.3

check "xl shutdown" timeout 60 xl shutdown -w one
check "it is gone" wait_for 20 gone one
same "loop devices that are left" "$(losetup -a | wc -l)" 0
