# SPDX-License-Identifier: MIT
# What dom0 and xl see of the machine.
. /do/lib.sh

xl info
same "xl info: nr_cpus" "$(info nr_cpus)" "$SMP"
same "xl info: version" "$(info xen_major).$(info xen_minor)" 4.17
same "xl info: machine" "$(info machine)" x86_64
same "xl info: page size" "$(info xen_pagesize)" 4096
same "xl info: nr_nodes" "$(info nr_nodes)" 1
within "xl info: total_memory" "$(info total_memory)" $((MEM - 16)) "$MEM"
within "xl info: free_memory" "$(info free_memory)" 0 $((MEM - 256))
shows "xl info: capabilities" "xen-3.0-x86_64" info xen_caps
shows "xl info: platform" "virt_start=0xffff800000000000" info platform_params
shows "xl info: command line" "guest_loglvl=all" info xen_commandline
if [ "$HV" = xenith ]; then
    # xl and libvirt switch autoballooning off when they see an absolute dom0_mem.
    shows "the effective dom0_mem is published" "dom0_mem=[0-9]+M,max:[0-9]+M" info xen_commandline
    shows "our name in xl info" "[Xx]enith" xl info
fi

xl list
same "xl list: domains" "$(xl list | sed 1d | wc -l)" 1
shows "xl list: dom0 runs" "^Domain-0 +0 +[0-9]+ +$SMP +r-----" xl list
mem=$(xl list 0 | awk 'NR == 2 { print $3 }')
if [ "$DOM0_MEM" != 0 ]; then
    same "xl list: memory of dom0" "$mem" "$DOM0_MEM"
else
    within "xl list: memory of dom0" "$mem" 128 "$MEM"
fi

same "CPUs that Linux uses" "$(nproc)" "$SMP"
same "type of the hypervisor" "$(cat /sys/hypervisor/type)" xen
same "version in sysfs" "$(cat /sys/hypervisor/version/major).$(cat /sys/hypervisor/version/minor)" 4.17
same "guest type" "$(cat /sys/hypervisor/guest_type)" PV
shows "dom0's rights" control_d cat /proc/xen/capabilities
within "PCI devices" "$(ls /sys/bus/pci/devices | wc -l)" 3 64
check "ACPI tables reached Linux" test -s /sys/firmware/acpi/tables/DSDT
shows "an ACPI interrupt through the IOAPIC" "pirq.*acpi" cat /proc/interrupts

before=$(uptime_ms)
sleep 2
within "sleep 2, in ms" $(($(uptime_ms) - before)) 1950 30000
year=$(date +%Y)
within "the year" "$year" 2024 2100

if dmesg | grep -E 'BUG:|Oops|Call Trace|general protection|soft lockup|rcu_sched self-detected'; then
    fail "dom0's kernel log has the lines above"
else
    ok "dom0's kernel log shows no fault"
fi
