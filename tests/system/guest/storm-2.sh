# SPDX-License-Identifier: MIT
# Two hostile guests and a victim on two CPUs: all of them outlive it, and what they held comes back.
. /do/cycles-lib.sh
. /do/storm-lib.sh
guests="hostile-1 hostile-2 victim"

seen() { lines_of "$1" storm | awk '$5 > 0 { print $3 }' | sort -u | wc -l; }
all_seen() { [ "$(seen hostile-1)" = "$modes" ] && [ "$(seen hostile-2)" = "$modes" ]; }
goes_on() { [ "$(count_of victim victim)" -gt "$told_before" ]; }

storm() { # until both have done all that they can do
    rm -f /var/log/xen/console/guest-*
    for name in hostile-1 hostile-2; do check "xl create $name" xl create -q "$(storm_guest $name storm)"; done
    check "xl create victim" xl create -q "$(storm_guest victim victim)"
    check "the hostile guests begin" wait_for 20 told hostile-1 "storm: "
    modes=$(sed -n 's/^storm: \([0-9]*\) modes.*/\1/p' "$(log_of hostile-1)")
    for n in $(seq 100); do
        all_seen && break
        sleep 3
    done
    same "modes of hostile-1" "$(seen hostile-1)" "$modes"
    same "modes of hostile-2" "$(seen hostile-2)" "$modes"
    for name in $guests; do check "$name lives" alive $name; done
    told_before=$(count_of victim victim)
    check "the victim goes on" wait_for 30 goes_on
    check "dom0 answers" xl list
}

end_storm() {
    for name in $guests; do check "xl destroy $name" xl destroy $name; done
    wait_for 20 alone
    sleep 1
}

warm_up
before=$(free_pages)
xl dmesg -c >/dev/null
start=$(uptime_ms)
storm

# A mistake of dom0's is explained although the guests flood the log.
[ "$HV" = xenith ] && xl create "$(storm_guest many victim "vcpus=129")" >/dev/null 2>&1 && fail "a guest with 129 vCPUs"
took=$((($(uptime_ms) - start) / 1000))
xl dmesg >/tmp/log
within "lines of the hypervisor's log in $took seconds" "$(wc -l </tmp/log)" 0 $((60 + 5 * took))
[ "$HV" = xenith ] && shows "dom0's mistake" "d0: domctl createdomain: EINVAL: max_vcpus is 129" cat /tmp/log
end_storm

# The hypervisor's heap keeps a page of each size of object that it gave out; a second time it has them.
after=$(free_pages)
within "pages that are not free again" $((before - after)) 0 16
storm
end_storm
within "pages that are not free again after a second time" $((after - $(free_pages))) -8 8
same "what the store holds of guests" "$(store_left)" ""
