# SPDX-License-Identifier: MIT
# A running guest moves to the machine that it is on, twice, while it writes its memory.
. /do/domu-moved.sh
start "vcpus=$SMP" "memory=160"
inside "it writes memory all the time" one 'while :; do dd if=/dev/urandom of=/tmp/busy bs=64k count=32 conv=notrunc 2>/dev/null; sha256sum /tmp/busy >/tmp/busy.sum; sha256sum -c -s /tmp/busy.sum || echo wrong >/tmp/busy.wrong; done & busy=$!'

# The console's log has the name that the guest has while it comes.
history=/tmp/before.log
mv "$(log_of one)" $history
ln -s guest-one--incoming.log "$(log_of one)"
for round in first second; do
    from=$(last_count)
    before=$(id_of one)
    check "xl migrate, $round" timeout 250 xl migrate -s '' one 'xl migrate-receive'
    same "the guest's id, $round" "$([ "$(id_of one)" -gt "$before" ] && echo higher)" higher
    alive "migrated, $round" "$from"
    inside "migrated, $round: it read what it wrote" one '[ ! -e /tmp/busy.wrong ] && kill -0 $busy'
done
same "domains" "$(xl list | wc -l)" 3
stop
