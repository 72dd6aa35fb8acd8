# SPDX-License-Identifier: MIT
# Who shares a CPU keeps his vector registers: a guest sums the same bytes again and again, with the widest instructions
# that its C library finds, while dom0 searches the guest's console for the result.
. /do/domu-lib.sh
create one
inside "something to sum" one 'head -c 100000 /dev/zero >/tmp/bytes'
sum=$(head -c 100000 /dev/zero | sha256sum)
for round in 1 2 3 4 5 6; do
    sums=$(answer one 'for i in $(seq 80); do echo "$(sha256sum </tmp/bytes)"; done | sort | uniq -c')
    same "$round: its sums" "$(echo "$sums" | xargs)" "80 $(echo "$sum" | xargs)"
done
check "xl shutdown" timeout 60 xl shutdown -w one
