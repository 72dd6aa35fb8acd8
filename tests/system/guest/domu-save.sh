# SPDX-License-Identifier: MIT
# A guest is saved to a file and restored from it, once and again, and saved without its end.
. /do/domu-moved.sh
start "vcpus=$SMP" "memory=160"

for round in first second; do
    from=$(last_count)
    check "xl save, $round" timeout 120 xl save one /tmp/one.saved
    check "it is gone" wait_for 5 gone one
    check "xl restore, $round" timeout 120 xl restore /tmp/one.saved
    alive "restored, $round" "$from"
done

from=$(last_count)
check "xl save -c" timeout 120 xl save -c one /tmp/one.checkpoint
alive "saved and left running" "$from"
from=$(last_count)
check "xl save -p" timeout 120 xl save -p one /tmp/one.checkpoint
shows "paused" "p" state_of one
check "xl unpause" xl unpause one
alive "saved and left paused" "$from"

check "xl destroy" xl destroy one
shows "xl restore -p" "Restoring|Loading" timeout 120 xl restore -p /tmp/one.checkpoint
shows "paused" "p" state_of one
check "xl unpause" xl unpause one
inside "a checkpoint goes on from where it was taken" one 'kill -0 $counter'
stop
