# SPDX-License-Identifier: MIT
# For the scripts that move a guest: one that counts, with something in its memory, a disk and a network card, and
# whether it still has them.
. /do/domu-lib.sh
modprobe -a xen-blkback xen-netback bridge loop virtio_pci virtio_blk

its_host() { # what the guest is connected to
    ip link set lo up
    brctl addbr xenbr0
    ip addr add 192.168.7.1/24 dev xenbr0
    ip link set xenbr0 up
    check "the host's disk appears" wait_for 20 test -b /dev/vda
}

start() { # CONFIG-LINE...: the guest "one"
    its_host
    create one "disk=['phy:/dev/vda,xvda,w']" "vif=['mac=00:16:3e:00:00:01,bridge=xenbr0']" "$@"
    inside "an address" one 'ip addr add 192.168.7.2/24 dev eth0 && ip link set eth0 up'
    inside "something to keep" one 'head -c 8388608 /dev/urandom >/tmp/kept'
    kept=$(answer one 'sha256sum </tmp/kept')
    written=0
    inside "it counts" one 'count & counter=$!'
}

history=/dev/null       # what its console said under another name
counted() { cat $history "$(log_of one)" 2>/dev/null | tr -d '\r' | sed -n 's/^\[domU\] count \([0-9]*\)$/\1/p'; }
last_count() { counted | tail -n 1; }
counts() { [ "$(last_count)" -gt $(($1 + 1)) ]; } # FROM
in_order() { # no number is missing, and none is there twice
    counted >/tmp/numbers
    seq 1 "$(tail -n 1 /tmp/numbers)" >/tmp/expected
    cmp /tmp/expected /tmp/numbers
}

mib_of() { dd if=/dev/vda iflag=direct bs=1M skip=$1 count=1 2>/dev/null | sha256sum; } # NUMBER: of the disk, as dom0 sees it

alive() { # AFTER-WHAT COUNT: it counts on from there, and has what it had
    check "$1: it counts on from $2" wait_for 60 counts "$2"
    check "$1: every number once" in_order
    same "$1: its memory" "$(answer one 'sha256sum </tmp/kept')" "$kept"
    inside "$1: its process" one 'kill -0 $counter'
    same "$1: what it has of the disk" "$(answer one "dd if=/dev/xvda iflag=direct bs=1M skip=$written count=1 2>/dev/null | sha256sum")" "$(mib_of $written)"
    written=$((written + 1))
    inside "$1: it writes the disk" one "dd if=/tmp/kept of=/dev/xvda oflag=direct bs=1M skip=$written seek=$written count=1 2>/dev/null"
    same "$1: what it wrote" "$(mib_of $written)" "$(answer one "dd if=/tmp/kept bs=1M skip=$written count=1 2>/dev/null | sha256sum")"
    check "$1: the network" wait_for 30 ping -c 1 -w 2 192.168.7.2
}

stop() {
    same "killed for want of memory" "$(answer one 'grep oom_kill /proc/vmstat')" "oom_kill 0"
    check "xl shutdown" timeout 60 xl shutdown -w one
    check "it is gone" wait_for 20 gone one
}
