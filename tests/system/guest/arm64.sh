# SPDX-License-Identifier: MIT
# What dom0 and xl see of an arm64 machine.
. /do/lib.sh

xl info
same "xl info: nr_cpus" "$(info nr_cpus)" "$SMP"
same "xl info: version" "$(info xen_major).$(info xen_minor)" 4.17
same "xl info: machine" "$(info machine)" aarch64
within "xl info: total_memory" "$(info total_memory)" $((MEM - 16)) "$MEM"      # firmware keeps some
within "xl info: free_memory" "$(info free_memory)" 1 $((MEM - DOM0_MEM))
shows "xl info: capabilities" "xen-3.0-aarch64" info xen_caps
shows "xl info: command line" "guest_loglvl=all" info xen_commandline
xl list
shows "xl list: dom0 runs" "^Domain-0 +0 +$DOM0_MEM +$SMP +r-----" xl list
same "xl vcpu-list: vCPUs" "$(xl vcpu-list | sed 1d | wc -l)" "$SMP"
shows "xl dmesg: the log from its begin" "dom0.*$DOM0_MEM|d0" xl dmesg

same "CPUs that Linux uses" "$(nproc)" "$SMP"
same "type of the hypervisor" "$(cat /sys/hypervisor/type)" xen
shows "dom0's rights" control_d cat /proc/xen/capabilities
shows "the virtual timer's interrupts" "27 Level +arch_timer" cat /proc/interrupts

before=$(uptime_ms)
sleep 2
within "sleep 2, in ms" $(($(uptime_ms) - before)) 1950 30000
