# SPDX-License-Identifier: MIT
# Two nodes: their memory, CPUs and distances as QEMU made them.
. /do/lib.sh

xl info -n
same "nodes" "$(info nr_nodes)" 2
# node:    memsize    memfree    distances
node() { xl info -n | awk -v n="$1:" -v field="$2" '/^numa_info/ { on = 1 } on && $1 == n { print $field; exit }'; }
within "memory of node 0" "$(node 0 2)" 900 3200         # a hole below 4 GiB may count
within "memory of node 1" "$(node 1 2)" 700 780
within "free memory of node 1" "$(node 1 3)" 0 780
same "distances of node 0" "$(node 0 4)" 10,25
same "distances of node 1" "$(node 1 4)" 27,10
# cpu:    core    socket     node
cpu_node() { xl info -n | awk -v n="$1:" '/^cpu:/ { on = 1 } /^device|^numa/ { on = 0 } on && $1 == n { print $4; exit }'; }
for pair in 0:0 1:1; do same "node of CPU ${pair%:*}" "$(cpu_node "${pair%:*}")" "${pair#*:}"; done
shows "debug key u shows the nodes" "NODE1" sh -c "xl debug-keys u; sleep 1; xl dmesg"
