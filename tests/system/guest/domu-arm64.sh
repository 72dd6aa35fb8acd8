# SPDX-License-Identifier: MIT
# An arm64 guest and what xl can do to it, a second one beside it.
. /do/domu-lib.sh
. /do/domu-steps.sh

create one "memory=160" "vcpus=$SMP"
shows "xl list" "^one +1 +160 +$SMP " xl list
same "the guest's hypervisor" "$(answer one 'cat /sys/hypervisor/type')" xen
same "CPUs that it uses" "$(answer one nproc)" "$SMP"
inside "an hour of its own begins" one 't=$(cut -d. -f1 /proc/uptime); sleep 2; [ $(($(cut -d. -f1 /proc/uptime) - t)) -ge 1 ]'

console_of one
pause_and_unpause one
balloon one 160 128

check "xl vcpu-pin" xl vcpu-pin one 0 0
check "xl vcpu-pin back" xl vcpu-pin one all all
shows "xl sched-credit: weight and cap" "^one +1 +512 +50" sh -c "xl sched-credit -d one -w 512 -c 50 && xl sched-credit -d one"
check "xl sched-credit back" xl sched-credit -d one -w 256 -c 0

# Neither hypervisor has it for Arm yet.
refused "xl save" xl save one /tmp/one.saved
inside "it runs after that" one true

create two
same "domains" "$(xl list | sed 1d | wc -l)" 3
inside "the first works" one 'n=0; while [ $n -lt 500 ]; do n=$((n + 1)); done'
inside "and the second" two 'n=0; while [ $n -lt 500 ]; do n=$((n + 1)); done'
check "xl destroy" xl destroy two
check "it is gone at once" wait_for 5 gone two

check "xl reboot" xl reboot one
check "it comes back" wait_for 120 sh -c "[ \$(grep -ac 'domU. userspace' $(log_of one)) = 2 ]"
inside "it runs" one true
check "xl shutdown" timeout 60 xl shutdown -w one
check "it is gone" wait_for 20 gone one
