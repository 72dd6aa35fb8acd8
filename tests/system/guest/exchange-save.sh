# SPDX-License-Identifier: MIT
# A guest is saved for another machine: to the disk /dev/vdb, whose first MiB has what that machine is to find
# (exchange-restore.sh).
. /do/domu-moved.sh
start "vcpus=1" "memory=128"   # of 96 the kernel leaves 5 free, and now and then it kills a process for more
alive "before" "$(last_count)"
check "the disk for the image appears" test -b /dev/vdb
check "xl save" timeout 120 xl save one /tmp/one.saved
check "it is gone" wait_for 5 gone one
{
    echo "bytes=$(stat -c %s /tmp/one.saved)"
    echo "from=$(last_count)"
    echo "written=$written"
    echo "kept='$kept'"
} >/tmp/saved.sh
truncate -s 1M /tmp/saved.sh
check "the image on the disk" eval 'cat /tmp/saved.sh /tmp/one.saved | dd of=/dev/vdb bs=1M iflag=fullblock conv=fsync'
