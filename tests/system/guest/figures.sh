# SPDX-License-Identifier: MIT
# What Debian's tools tell of a running guest, against what xl, the store and the guest itself say.
. /do/domu-lib.sh
bin=/usr/lib/xen-4.17/bin

create one "vcpus=1" "maxvcpus=2" "cpus='1'" "max_grant_frames=40"
id=$(id_of one)

column() { awk "\$1 == \"$1\" { value = \$$2 } END { print value }" /tmp/table; }      # NAME NUMBER, of the last round
listed_time() { xl list one | awk 'NR == 2 { printf "%d\n", $6 * 10 }'; }               # tenths of a second
guest_time() { answer one "awk '/^cpu / { printf \"%d\\n\", (\$2 + \$3 + \$4 + \$7 + \$8) / 10 }' /proc/stat"; }

# The guest computes for so many seconds and tells when it is done.
spin() { typed one "read up _ </proc/uptime; end=\$((\${up%.*} + $1)); while [ \${up%.*} -lt \$end ]; do read up _ </proc/uptime; done; echo spun $1"; }

# Linux counts its ticks: those that come late, together, it counts as one.
# xentop while the guest waits, and while it computes.
xentop -b -i 2 -d 1 -f >/tmp/table
same "xentop: dom0's KiB" "$(column Domain-0 5)" $((DOM0_MEM * 1024))
same "xentop: the guest's KiB" "$(column one 5)" $((96 * 1024))
same "xentop: at most" "$(column one 7)" $((97 * 1024))
same "xentop: vCPUs" "$(column one 9)" 2
same "xentop: security label" "$(column one 19)" 0
same "xentop: state" "$(column one 2)" "--b---"
within "xentop: percent while it waits" "$(column one 4 | cut -d. -f1)" 0 20
within "xentop: seconds" "$(column one 3)" $(($(listed_time) / 10 - 1)) $(($(listed_time) / 10 + 1))

before=$(listed_time) guest_before=$(guest_time)
spin 6
sleep 1
xentop -b -i 2 -d 2 >/tmp/table
within "xentop: percent while it computes" "$(column one 4 | cut -d. -f1)" 60 110
check "the guest has computed" wait_for 30 told one "spun 6"
spent=$(($(listed_time) - before)) guest_spent=$(($(guest_time) - guest_before))
within "xl list: tenths of a second that it took" "$spent" 35 100
within "what the guest says of that, in tenths" "$guest_spent" $((spent * 2 / 10)) $((spent * 11 / 10 + 3))

# xentrace and xenalyze while it computes.
spin 8
sleep 1
before=$(listed_time)
$bin/xentrace -D -e 0x0002f000 -T 4 /tmp/trace
spent=$(($(listed_time) - before))
xenalyze --summary /tmp/trace >/tmp/summary 2>/dev/null
running=$(awk -v domain="|-- Domain $id --|" '
    /^\|--/ { ours = $0 == domain }
    ours && /^-- v0 --/ { vcpu = 1 }
    ours && vcpu && /running:/ { sub("s", "", $3); printf "%d\n", $3 * 10; exit }' /tmp/summary)
within "xenalyze: tenths of a second that the guest ran" "$running" 25 45
within "what xl list says of that" "$spent" "$((running * 8 / 10))" $((running + 20))
same "xenalyze: other CPUs that it ran on" "$(awk -v domain="|-- Domain $id --|" '/^\|--/ { ours = $0 == domain } ours && /^ +\[[02-9]\]:/ { print $1 }' /tmp/summary)" ""
check "the guest has computed again" wait_for 30 told one "spun 8"

# xenpm: how long CPU 1 was idle, which the guest has for its own.
idle() { xenpm get-cpuidle-states 1 | sed -n 's/^idle time(ms) *: //p'; }
residency() { xenpm get-cpuidle-states 1 | sed -n 's/.*residency *\[ *\([0-9]*\) ms.*/\1/p' | awk '{ sum += $1 } END { print sum }'; }
begin=$(uptime_ms) before=$(idle) all=$(residency) least=$(uptime_ms)
sleep 4
least=$(($(uptime_ms) - least)) after=$(idle) sum=$(residency) most=$(($(uptime_ms) - begin))
within "xenpm: ms that CPU 1 was idle while the guest waits" $((after - before)) $((least * 6 / 10)) $((most + 20))
within "xenpm: ms in all its states" $((sum - all)) $((least - 20)) $((most + 20))
spin 6
sleep 1
before=$(idle)
sleep 3
within "xenpm: ms that it was idle in 3000 while it computes" $(($(idle) - before)) 0 1200
check "the guest has computed at last" wait_for 30 told one "spun 6"

# xen-diag
shows "xen-diag: grant frames as configured" "^domid=$id: nr_frames=1, max_nr_frames=40\$" xen-diag gnttab_query_size $id

# lsevtchn: as many ports of each kind as the guest says, and each end names the other.
$bin/lsevtchn $id >/tmp/ports
$bin/lsevtchn 0 >/tmp/ports0
answer one "cat /proc/interrupts" >/tmp/interrupts
same "lsevtchn: virtual interrupts" "$(grep -c 'Virtual IRQ' /tmp/ports)" "$(grep -c -e -virq /tmp/interrupts)"
same "lsevtchn: ports between its vCPUs" "$(grep -c IPI /tmp/ports)" "$(grep -c -e -ipi /tmp/interrupts)"
same "lsevtchn: ports to dom0" "$(grep -c 'Remote Domain 0' /tmp/ports)" "$(grep -c -e '-event' /tmp/interrupts)"
shows "lsevtchn: the console's port" "^ *$(xenstore-read /local/domain/$id/console/port): .*Remote Domain 0" cat /tmp/ports
sed -n 's/^ *\([0-9]*\): .*Remote Domain 0, Port \([0-9]*\)/\1 \2/p' /tmp/ports >/tmp/pairs
while read -r here there; do
    shows "lsevtchn: port $here and dom0's port $there" "^ *$there: .*Remote Domain $id, Port $here\$" cat /tmp/ports0
done </tmp/pairs

# xenctx: a guest that waits is in its hypercall.
rip() { $bin/xenctx $id 0 | sed -n 's/^rip: //p'; }
gate=$(answer one "sed -n 's/ [tT] xen_hypercall_pv\$//p' /proc/kallsyms")
within "xenctx: bytes from the hypercall's entry to rip" $((0x$(rip) - 0x$gate)) 1 16
shows "xenctx: the kernel's code segment" "cs: e033" $bin/xenctx $id
shows "xenctx -C: the second vCPU" "^vcpu1 offline" $bin/xenctx -C $id
xl pause one
same "xenctx: where it is paused" "$($bin/xenctx $id | md5sum)" "$($bin/xenctx $id | md5sum)"
xl unpause one
check "xl destroy" xl destroy one
