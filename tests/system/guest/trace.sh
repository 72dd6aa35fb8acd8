# SPDX-License-Identifier: MIT
# Debian's xentrace reads the trace buffers, and its xenalyze understands the records.
. /do/lib.sh
bin=/usr/lib/xen-4.17/bin

record() { # MASK: two seconds of these events, with something going on
    rm -f /tmp/trace
    (for i in 1 2 3 4; do
        xl list
        echo 3 >/proc/sys/vm/drop_caches
        dd if=/dev/vda of=/dev/null bs=64k
        sleep 0.3
    done) >/dev/null 2>&1 &
    $bin/xentrace -D -e "$1" -T 2 /tmp/trace
    wait
    xenalyze --dump-all /tmp/trace >/tmp/dump 2>/tmp/errors
}
count() { grep -Ec -- "$1" /tmp/dump; }

check "xentrace -e 0x0002f000" record 0x0002f000
within "bytes" "$(stat -c %s /tmp/trace)" 10000 100000000
head -n 12 /tmp/dump
for event in runstate_change sched_switch block wake; do
    within "records of $event" "$(count "$event")" 10 10000000
done
same "records of hypercalls" "$(count hypercall)" 0
check "xenalyze --summary" sh -c 'xenalyze --summary /tmp/trace >/tmp/summary'
within "lines of it" "$(wc -l </tmp/summary)" 20 100000

check "xentrace -e 0x0020f000" record 0x0020f000
for event in hypercall page_fault "emulate privop" ptwr; do
    within "records of $event" "$(count "$event")" 1 10000000
done

# xenalyze looks at interrupts once it knows what runs, from run-state changes (0x00021000).
check "xentrace -e 0x00823000" record 0x00823000
within "records of interrupts" "$(count irq_handled)" 10 10000000

check "xentrace -c 0x2 -e 0x0002f000" sh -c "$bin/xentrace -D -c 0x2 -e 0x0002f000 -T 1 /tmp/trace"
xenalyze --dump-all /tmp/trace >/tmp/dump 2>&1
same "rings with records of CPU 1" "$(count 'Activating pcpu 1 ')" 1
same "rings with records of CPU 0" "$(count 'Activating pcpu 0 ')" 0
