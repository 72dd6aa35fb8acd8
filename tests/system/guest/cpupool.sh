# SPDX-License-Identifier: MIT
# CPU 1 moves to a pool of its own and back.
. /do/lib.sh

check "take CPU 1 out of Pool-0" xl cpupool-cpu-remove Pool-0 1
check "create a pool" xl cpupool-create 'name="second"' 'sched="credit"'
check "put CPU 1 in" xl cpupool-cpu-add second 1
xl cpupool-list -c
shows "the pool has it" "^second +1" xl cpupool-list -c
check "take it out" xl cpupool-cpu-remove second 1
check "destroy the pool" xl cpupool-destroy second
check "put CPU 1 back" xl cpupool-cpu-add Pool-0 1
same "CPUs in Pool-0" "$(xl cpupool-list | awk '/^Pool-0/ { print $2 }')" "$SMP"
