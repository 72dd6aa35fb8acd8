# SPDX-License-Identifier: MIT
# What a victim gets beside each mode of the hostile guest, on one CPU whose clock counts instructions.
. /do/storm-lib.sh

xl create -q -p "$(storm_guest victim victim)" || fail "xl create victim"
xl create -q -p "$(storm_guest hostile storm)" || fail "xl create hostile"
xl dmesg -c >/dev/null
start=$(uptime_ms)
/domu/pace "$(dmesg | sed -n 's/.*tsc: Detected \([0-9]*\)\..*/\1/p' | tail -n 1)" >/tmp/pace &
pace=$!
xl unpause victim
xl unpause hostile
check "the hostile guest begins" wait_for 20 told hostile "storm: "
modes=$(sed -n 's/^storm: \([0-9]*\) modes.*/\1/p' "$(log_of hostile)")

# Some windows more than there are modes: the first and the last one are not whole. dom0 has nothing else to do meanwhile.
for n in $(seq $((2 * modes + 6))); do
    sleep 0.55
    echo "still at it: $n"
done
kill $pace
took=$((($(uptime_ms) - start) / 1000))
xl dmesg >/tmp/log
check "the hostile guest lives" alive hostile
check "the victim lives" alive victim
check "xl destroy hostile" xl destroy hostile
check "xl destroy victim" xl destroy victim

# By mode: the victim's share, what dom0 took, both in hundredths of a percent; the longest gaps in microseconds, and the
# turns. Of windows in which all three were there from begin to end.
{
    sed 's/^/P /' /tmp/pace
    lines_of hostile storm | sed 's/^/H /'
    lines_of victim victim | sed 's/^/V /'
} | awk '
    $1 == "P" { late[$3] = $5; ran[$3] = $7 }
    $1 == "H" && begun { turns[$3] = $6 }
    $1 == "H" { begun = 1 }
    $1 == "V" && turns[$3] && ($3 in late) { print $4, $6, int(ran[$3] / 107374.1824), int($8 / 1000), int(late[$3] / 1000), turns[$3] }' |
    sort -u -k1,1 >/tmp/shares
same "modes that were seen" "$(wc -l </tmp/shares)" "$modes"
within "the victim's share beside a guest that only spins, in hundredths of a percent" "$(awk '$1 == "spin" { print $2 }' /tmp/shares)" 4750 5100

# By weight its share is a half of what dom0 leaves, and a third in any case.
while read -r mode share dom0 gap late turns; do
    fair=$(((10000 - dom0) / 2))
    [ $fair -ge 3333 ] || fair=3333
    within "$mode: $share of 10000 for the victim, $dom0 for dom0; longest gaps $gap us and $late us, $turns turns. Per mille of its share" $((share * 1000 / fair)) 950 2200
done </tmp/shares
echo "longest gap of the victim: $(sort -k4,4n /tmp/shares | tail -n 1 | cut -d' ' -f1,4) us"
echo "longest gap of dom0: $(sort -k5,5n /tmp/shares | tail -n 1 | cut -d' ' -f1,5) us"
within "lines of the hypervisor's log in $took seconds" "$(wc -l </tmp/log)" 0 $((60 + 5 * took))
