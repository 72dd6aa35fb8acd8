# SPDX-License-Identifier: MIT
# One PV guest and what xl can do to it.
. /do/domu-lib.sh
. /do/domu-steps.sh

create one "memory=160" "vcpus=1" "maxvcpus=2" "maxmem=192"
shows "xl list" "^one +1 +160 +1 " xl list
same "the guest's hypervisor" "$(answer one 'cat /sys/hypervisor/type')" xen

console_of one
pause_and_unpause one

check "xl rename" xl rename one two
same "its new name" "$(xl domname 1)" two
check "xl rename back" xl rename two one

shows "xl vcpu-list: the second is off" "^one +1 +1 +- +--p" xl vcpu-list one
check "xl vcpu-set up" xl vcpu-set --ignore-host one 2
inside "the second CPU appears" one 'n=0; until [ -e /sys/devices/system/cpu/cpu1 ] || [ $n = 50 ]; do n=$((n+1)); sleep 0.1; done; echo 1 >/sys/devices/system/cpu/cpu1/online; [ $(grep -c ^processor /proc/cpuinfo) = 2 ]'
check "xl vcpu-set down" xl vcpu-set one 1
check "and goes" wait_for 10 sh -c "xl vcpu-list one | grep -Eq '^one +1 +1 +- +--p'"
check "xl vcpu-pin" xl vcpu-pin one 0 0
check "xl vcpu-pin back" xl vcpu-pin one all all
shows "xl sched-credit" "^one +1 +256 +0" xl sched-credit -d one
check "xl sched-credit: weight and cap" xl sched-credit -d one -w 512 -c 50
shows "they are kept" "^one +1 +512 +50" xl sched-credit -d one
check "xl sched-credit back" xl sched-credit -d one -w 256 -c 0

balloon one 160 128

check "xl sysrq" xl sysrq one h
check "the guest hears of it" wait_for 20 told one "sysrq: HELP"
check "xl trigger nmi" xl trigger one nmi 0

check "xl dump-core" xl dump-core one /tmp/core
shows "the core is an ELF core file" "CORE" sh -c "readelf -h /tmp/core 2>/dev/null || head -c 18 /tmp/core | od -An -tx1 | tr -d ' \n' | grep -q '^7f454c46020101.*0400' && echo CORE"
rm -f /tmp/core
inside "it runs after that" one true


check "xl reboot" xl reboot one
check "it comes back" wait_for 120 sh -c "[ \$(grep -ac 'domU. userspace' $(log_of one)) = 2 ]"
same "with another id" "$(id_of one)" 2
inside "it runs" one true
check "xl shutdown" timeout 60 xl shutdown -w one
check "it is gone" wait_for 20 gone one

create two
check "xl destroy" xl destroy two
check "it is gone at once" wait_for 5 gone two

# What becomes of a guest that crashes.
for what in destroy preserve restart coredump-destroy; do
    create crash "on_crash='$what'"
    typed crash 'echo c >/proc/sysrq-trigger'
    case $what in
    destroy) check "on_crash=$what" wait_for 60 gone crash ;;
    preserve) check "on_crash=$what" wait_for 60 sh -c "xl list crash | grep -q -- '---[s-]c-'" ;;
    restart) check "on_crash=$what" wait_for 120 sh -c "[ \$(grep -ac 'domU. userspace' $(log_of crash)) = 2 ]" ;;
    coredump-destroy)
        check "on_crash=$what" wait_for 120 gone crash
        check "its core was written" sh -c "[ -s /var/lib/xen/dump/*crash* ]"
        ;;
    esac
    gone crash || check "xl destroy after that" xl destroy crash
done
