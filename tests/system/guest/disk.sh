# SPDX-License-Identifier: MIT
# Reads the host's pattern from the disk, then writes its first half back to front into its second.
. /do/lib.sh

case $DISK in
virtio) modules="virtio_pci virtio_blk" device=/dev/vda ;;
ahci) modules="ahci sd_mod" device=/dev/sda ;;
esac
for module in $modules; do check "modprobe $module" modprobe "$module"; done
check "$device appears" wait_for 20 test -b $device
same "size in MiB" "$(($(blockdev --getsize64 $device) >> 20))" "$DISK_MIB"
same "what the host wrote" "$(sha256sum <$device | cut -d' ' -f1)" "$DISK_SHA256"

half=$((DISK_MIB / 2))
copy() {
    local i=0
    while [ $i -lt $half ]; do
        dd if=$device of=/tmp/piece bs=1M skip=$i count=1 2>/dev/null || return 1
        dd if=/tmp/piece of=$device bs=1M seek=$((DISK_MIB - 1 - i)) conv=notrunc,fsync 2>/dev/null || return 1
        i=$((i + 1))
    done
    sync
}
check "write" copy
echo 3 >/proc/sys/vm/drop_caches
same "what reads back" "$(sha256sum <$device | cut -d' ' -f1)" "$DISK_SHA256_AFTER"
shows "its interrupts are MSI" "pirq.*msi.*(virtio|ahci)" cat /proc/interrupts
