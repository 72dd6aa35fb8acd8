# SPDX-License-Identifier: MIT
# Eight guests at once on the host's two CPUs.
. /do/domu-lib.sh
names="g1 g2 g3 g4 g5 g6 g7 g8"
before=$(free_pages)

for name in $names; do check "xl create $name" xl create "$(config $name "memory=96" "on_crash='preserve'")"; done
for name in $names; do check "$name reaches its userspace" wait_for 300 told $name "[domU] userspace"; done
same "domains" "$(xl list | wc -l)" 10

# All work at the same time; each computes what the others do.
for name in $names; do typed $name 'n=0; while [ $n -lt 3000 ]; do n=$((n + 1)); done; echo "sum $(seq $n | md5sum)"'; done
want="sum $(seq 3000 | md5sum)"
for name in $names; do check "$name has computed" wait_for 120 told $name "$want"; done
for name in $names; do check "xl shutdown $name" xl shutdown $name; done
for name in $names; do check "$name is gone" wait_for 60 gone $name; done
wait_for 20 sh -c '[ $(xl list | wc -l) = 2 ]'
# The hypervisor's heap keeps a page of each size of object that it gave out.
within "pages that are not free again" $((before - $(free_pages))) 0 16
