# SPDX-License-Identifier: MIT
# What xl only calls "Invalid argument" is explained in the hypervisor's log.
. /do/domu-lib.sh

explained() { # WHAT PATTERN COMMAND...: COMMAND fails, and the log has one line that says why
    local what=$1 pattern=$2
    shift 2
    sleep 1             # for what the log's limit keeps back
    xl dmesg -c >/dev/null
    "$@" >/tmp/said 2>&1 && fail "$what did not fail"
    shows "$what" "$pattern" xl dmesg
}

small() { # NAME LINE...
    local name=$1
    shift
    {
        printf "name='%s'\ntype='pv'\nkernel='/domu/small'\nmemory=8\nextra='small=block'\n" "$name"
        for line in "$@"; do echo "$line"; done
    } >"/tmp/guests/$name.cfg"
    echo "/tmp/guests/$name.cfg"
}

explained "129 vCPUs" "d0: domctl createdomain: EINVAL: max_vcpus is 129, possible are 1 to 128" xl create "$(small many "vcpus=129")"
explained "an HVM guest" "d0: domctl createdomain: EINVAL: flags is 0x[0-9a-f]+: HVM and PVH domains are not supported yet" sh -c '/usr/lib/xen-4.17/bin/test-paging-mempool; false'
check "a guest" xl create "$(small one)"
id=$(id_of one)
explained "more memory than there is" "d0: memory_op claim_pages of d$((id + 1)): ENOMEM: [0-9]+ pages wanted, [0-9]+ free on the host" xl create "$(small large "memory=100000")"
explained "a button" "d0: domctl sendtrigger of d$id: EINVAL: trigger is [0-9]+: a button of HVM domains" sh -c 'xl trigger one power; false'
check "a CPU leaves its pool" xl cpupool-cpu-remove Pool-0 1
explained "the last CPU of a pool" "d0: sysctl cpupool_op: EBUSY: cpu 0 is the pool's last, and [0-9]+ domains are in it" sh -c 'xl cpupool-cpu-remove Pool-0 0; false'
check "it comes back" xl cpupool-cpu-add Pool-0 1
explained "frequencies" "d0: sysctl get_pmstat: ENODEV: type is [0-9]+: no driver sets frequencies" sh -c 'xenpm get-cpufreq-states; false'
check "xl destroy" xl destroy one

# A flood of refusals is cut off.
xl dmesg -c >/dev/null
start=$(uptime_ms)
for n in $(seq 30); do xenpm get-cpufreq-para >/dev/null 2>&1; done
took=$((($(uptime_ms) - start) / 1000))
within "lines of a flood of $took seconds" "$(xl dmesg | grep -c 'no driver sets frequencies')" 10 $((12 + 2 * took))
shows "what was cut off is counted" "messages suppressed" xl dmesg
