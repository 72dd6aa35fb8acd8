# SPDX-License-Identifier: MIT
# Physical CPU 1 goes off and comes back while dom0 runs; then the same for dom0's vCPU 1.
. /do/lib.sh

online() { info nr_cpus; }
check "xen-hptool cpu-offline 1" xen-hptool cpu-offline 1
same "CPUs after that" "$(online)" 1
check "dom0 still runs" sh -c 'for i in 1 2 3; do xl list >/dev/null || exit 1; done'
check "xen-hptool cpu-online 1" xen-hptool cpu-online 1
same "CPUs after that" "$(online)" "$SMP"

vcpu=/sys/devices/system/cpu/cpu1/online
check "dom0's vCPU 1 off" sh -c "echo 0 >$vcpu"
same "CPUs that Linux uses" "$(nproc)" $((SMP - 1))
check "dom0's vCPU 1 on" sh -c "echo 1 >$vcpu"
same "CPUs that Linux uses" "$(nproc)" "$SMP"
