# SPDX-License-Identifier: MIT
# Every vCPU computes, sends interrupts to the others, and all get their share.
. /do/lib.sh

used() { xl vcpu-list 0 | awk '/^Domain-0/ { print $3, $6 }'; }
used
for i in $(seq "$SMP"); do
    taskset -c $((i - 1)) sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done' &
done
wait
used
xl vcpu-list 0
same "vCPUs that ran" "$(used | awk '$2 > 0.3' | wc -l)" "$SMP"

# Pipes between processes on different vCPUs: each write wakes the other side by an IPI.
before=$(grep -E '^ *(RES|CAL):' /proc/interrupts | awk '{ for (i = 2; i <= 5; i++) n += $i } END { print n }')
sum=$(for i in 1 2 3 4; do
    (dd if=/dev/zero bs=4k count=400 2>/dev/null | tr '\0' "$i" | md5sum) &
done | sort | md5sum)
same "data through pipes" "$sum" "$(for i in 1 2 3 4; do
    dd if=/dev/zero bs=1600k count=1 2>/dev/null | tr '\0' "$i" | md5sum
done | sort | md5sum)"
after=$(grep -E '^ *(RES|CAL):' /proc/interrupts | awk '{ for (i = 2; i <= 5; i++) n += $i } END { print n }')
within "inter-processor interrupts" $((after - before)) 10 100000000
