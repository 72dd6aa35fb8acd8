# SPDX-License-Identifier: MIT
# Debian with systemd in a guest, from its own disk to a shell.
. /do/domu-lib.sh
modprobe -a xen-blkback virtio_pci virtio_blk
check "the guest's disk is there" wait_for 20 test -b /dev/vda

file=$(config debian "memory=512" "disk=['phy:/dev/vda,xvda,w']" "extra='console=hvc0 loglevel=3 root=/dev/xvda'")
check "xl create" xl create "$file"
check "a login prompt" wait_for 600 told debian "debian login:"
check "a shell behind it" wait_for 120 told debian "root@debian:"

asked() { # LINE PATTERN: the shell prints a line with it
    typed debian "$1"
    wait_for 120 sh -c "tr -d '\r' <$(log_of debian) | grep -Eq '$2'"
}
check "apt-get --version" asked "apt-get --version" 'apt [0-9.]+ \(amd64\)'
check "systemd-detect-virt" asked 'echo "virtualised by $(systemd-detect-virt)."' 'virtualised by xen\.'
check "virt-what" asked 'echo "parts: $(virt-what | tr "\n" " ")."' 'parts: xen xen-domU \.'
check "systemd is up" asked 'systemctl is-system-running --wait; echo "units: $(systemctl --failed --no-legend | wc -l)."' 'units: 0\.'
check "xl shutdown" timeout 200 xl shutdown -w debian
check "it is gone" wait_for 20 gone debian
