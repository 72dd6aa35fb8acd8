# SPDX-License-Identifier: MIT
# Debian's other Xen tools, each asked something that it can only answer with the hypervisor's help.
. /do/lib.sh
bin=/usr/lib/xen-4.17/bin

xl vcpu-list
same "xl vcpu-list: vCPUs" "$(xl vcpu-list | grep -c '^Domain-0')" "$SMP"
shows "xl dmesg" "\(XEN\)" xl dmesg
check "xl debug-keys q" xl debug-keys q
sleep 0.5
shows "xl dmesg after debug key q" "[Dd]omain 0" xl dmesg
check "xl debug-keys h" xl debug-keys h
check "xl dmesg -c" xl dmesg -c
shows "xl cpupool-list" "^Pool-0 +$SMP +credit" xl cpupool-list
shows "xl cpupool-list -c" "^Pool-0 +0" xl cpupool-list -c
check "xl uptime" xl uptime
check "xl list -l" xl list -l
shows "xl info -n" "numa_info" xl info -n
check "xl sched-credit or credit2" sh -c 'xl sched-credit -d 0 || xl sched-credit2 -d 0'
check "xl vcpu-pin" xl vcpu-pin 0 0 0
check "xl vcpu-pin back" xl vcpu-pin 0 0 all

shows "xenstore-ls" "domain" xenstore-ls
check "xenstore-write" xenstore-write /test/value 42
same "xenstore-read" "$(xenstore-read /test/value)" 42
check "xenstore-rm" xenstore-rm /test
check "test-xenstore" $bin/test-xenstore -i 20

xenpm get-cpu-topology
# Debian's Xen and xenpm list no CPU at all where there is but one.
[ "$SMP" = 1 ] || same "xenpm get-cpu-topology: CPUs" "$(xenpm get-cpu-topology | grep -c '^CPU[0-9]')" "$SMP"
check "xenpm get-cpuidle-states" xenpm get-cpuidle-states
shows "xen-cpuid" "Raw|Static|Known" xen-cpuid -d
shows "xen-cpuid policies" "policy" xen-cpuid -p
shows "xentop" "Domain-0" xentop -b -i 1
shows "xen-diag" "max_nr_frames|frames" xen-diag gnttab_query_size 0
shows "lsevtchn" "Virtual IRQ" $bin/lsevtchn 0

shows "xenhypfs ls" "buildinfo" xenhypfs ls /
same "xenhypfs version" "$(xenhypfs cat /buildinfo/version/major).$(xenhypfs cat /buildinfo/version/minor)" 4.17
shows "xenhypfs params" "." xenhypfs ls /params
shows "xenhypfs tree" "buildinfo" xenhypfs tree
shows "xenhypfs config" "CONFIG_" xenhypfs cat /buildinfo/config
