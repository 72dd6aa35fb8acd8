# SPDX-License-Identifier: MIT
# Eight guests at once on the host's two CPUs.
. /do/domu-lib.sh
names="g1 g2 g3 g4 g5 g6 g7 g8"

start_all() {
    for name in $names; do check "xl create $name" xl create "$(config $name "memory=96" "on_crash='preserve'")"; done
    for name in $names; do check "$name reaches its userspace" wait_for 300 told $name "[domU] userspace"; done
    same "domains" "$(xl list | wc -l)" 10
}

stop_all() {
    for name in $names; do check "xl shutdown $name" xl shutdown $name; done
    for name in $names; do check "$name is gone" wait_for 60 gone $name; done
    wait_for 20 sh -c '[ $(xl list | wc -l) = 2 ]'
}

# A domain's last pages are free a moment after its name is gone.
back() { [ $(($1 - $(free_pages))) -le 8 ]; } # PAGES-BEFORE

before=$(free_pages)
start_all
# All work at the same time; each computes what the others do.
for name in $names; do typed $name 'n=0; while [ $n -lt 3000 ]; do n=$((n + 1)); done; echo "sum $(seq $n | md5sum)"'; done
want="sum $(seq 3000 | md5sum)"
for name in $names; do check "$name has computed" wait_for 120 told $name "$want"; done
stop_all
wait_for 20 back $before
# The hypervisor's heap keeps a page of each size of object that it gave out.
after=$(free_pages)
within "pages that are not free again" $((before - after)) 0 16
names="h1 h2 h3 h4 h5 h6 h7 h8"
start_all
stop_all
wait_for 20 back $after
within "pages that are not free again after a second time" $((after - $(free_pages))) -8 8
