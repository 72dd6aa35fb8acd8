# SPDX-License-Identifier: MIT
# The guest that another hypervisor has saved goes on here, with its memory, its process, its disk and its network card.
. /do/domu-moved.sh
its_host
dd if=/dev/vdb bs=1M count=1 2>/dev/null | tr -d '\0' >/tmp/saved.sh
. /tmp/saved.sh
check "the image" eval 'dd if=/dev/vdb bs=1M skip=1 | head -c $bytes >/tmp/one.saved'
same "bytes" "$(stat -c %s /tmp/one.saved)" "$bytes"
seq "$from" | sed 's/^/[domU] count /' >/tmp/counted
history=/tmp/counted
check "xl restore" timeout 120 xl restore /tmp/one.saved
alive "restored" "$from"
alive "a little later" "$(last_count)"
stop
