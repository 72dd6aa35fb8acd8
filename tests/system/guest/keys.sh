# SPDX-License-Identifier: MIT
# Every debug key that the hypervisor lists, but the one that reboots, while all vCPUs are busy.
. /do/lib.sh

busy() { while :; do dd if=/dev/zero bs=64k count=64 2>/dev/null | md5sum >/dev/null; done; }
for i in $(seq "$SMP"); do busy & done

echo "vCPUs are busy"
xl dmesg -c >/dev/null
xl debug-keys h
keys=$(xl dmesg -c | sed -n "s/.*key '\(.\)' .*/\1/p" | grep -v -e R -e %)
within "keys" "$(echo "$keys" | wc -l)" 20 60
set -f
for key in $keys; do
    before=$(uptime_ms)
    if timeout 60 xl debug-keys "$key"; then
        within "ms for key $key" $(($(uptime_ms) - before)) 0 45000
    else
        fail "xl debug-keys $key"
    fi
done
check "all keys in one call" timeout 120 xl debug-keys "$(echo "$keys" | tr -d '\n*')"
within "bytes of log" "$(xl dmesg -c | wc -c)" 2000 1048576
kill $(jobs -p)
same "vCPUs after that" "$(xl vcpu-list | grep -c '^Domain-0')" "$SMP"
