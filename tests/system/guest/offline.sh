# SPDX-License-Identifier: MIT
# Physical CPUs go off and come back many times while dom0's vCPUs are busy on all of them.
. /do/lib.sh

rounds=10
last=$((SMP - 1))
busy=
for i in $(seq "$SMP"); do
    while :; do dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum >/dev/null; done &
    busy="$busy $!"
done

online() { info nr_cpus; }
round() { # one CPU at a time, then, where there are more, all but the first together
    local cpu
    for cpu in $(seq "$last"); do
        xen-hptool cpu-offline "$cpu" || return 1
        [ "$(online)" = "$last" ] || return 2
        xen-hptool cpu-online "$cpu" || return 3
        [ "$(online)" = "$SMP" ] || return 4
    done
    for cpu in $(seq "$last"); do xen-hptool cpu-offline "$cpu" || return 5; done
    [ "$(online)" = 1 ] || return 6
    for cpu in $(seq "$last"); do xen-hptool cpu-online "$cpu" || return 7; done
    [ "$(online)" = "$SMP" ] || return 8
}
for i in $(seq "$rounds"); do check "round $i of $rounds" round; done
check "CPU 0 cannot go off" sh -c '! xen-hptool cpu-offline 0'
check "an absent CPU cannot go on" sh -c '! xen-hptool cpu-online 200'
check "the load still runs" kill $busy
same "CPUs at last" "$(online)" "$SMP"
shows "every vCPU has a CPU" "^Domain-0 +0 +$last +[0-9]" xl vcpu-list
