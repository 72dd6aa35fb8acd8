# SPDX-License-Identifier: MIT
# An arm64 guest and what xl can do to it, a second one beside it.
. /do/domu-lib.sh
. /do/domu-steps.sh

create one "memory=160" "vcpus=$SMP"
shows "xl list" "^one +1 +160 +$SMP " xl list
same "the guest's hypervisor" "$(answer one 'cat /sys/hypervisor/type')" xen
same "CPUs that it uses" "$(answer one nproc)" "$SMP"
inside "an hour of its own begins" one 't=$(cut -d. -f1 /proc/uptime); sleep 2; [ $(($(cut -d. -f1 /proc/uptime) - t)) -ge 1 ]'

console_of one
pause_and_unpause one
balloon one 160 128

check "xl vcpu-pin" xl vcpu-pin one 0 0
check "xl vcpu-pin back" xl vcpu-pin one all all
shows "xl sched-credit: weight and cap" "^one +1 +512 +50" sh -c "xl sched-credit -d one -w 512 -c 50 && xl sched-credit -d one"
check "xl sched-credit back" xl sched-credit -d one -w 256 -c 0

# Neither hypervisor has it for Arm yet.
refused "xl save" xl save one /tmp/one.saved
inside "it runs after that" one true

# A UART that the hypervisor emulates, through xenconsoled: kernel and shell on it, both ways.
file=$(config uart "vuart='sbsa_uart'" "extra='console=ttyAMA0 loglevel=7'")
uart_log=/var/log/xen/console/guest-uart-vuart0.log
uart_says() { grep -aq "$1" $uart_log; }
uart_path() { echo "/local/domain/$(id_of uart)/vuart/0"; }
check "xl create with vuart" xl create "$file"
check "its kernel and its userspace are heard there" wait_for 120 uart_says "domU. userspace"
shows "the kernel found it" "ttyAMA0" sh -c "tr -d '\r' <$uart_log | grep -a 'SBSA'"
echo 'echo $((6 * 7)) of $(sed "s/.*console=//; s/ .*//" /proc/cmdline)' >"$(xenstore-read "$(uart_path)/tty")"
check "what is typed there is done" wait_for 20 uart_says "^42 of ttyAMA0"
# More than the FIFO and the ring hold at once: nothing is lost.
echo 'seq 1 2000 | sed "s/^/line /"' >"$(xenstore-read "$(uart_path)/tty")"
check "much is written" wait_for 60 uart_says "^line 2000"
same "lines that came" "$(tr -d '\r' <$uart_log | grep -ac '^line [0-9]*$')" 2000
same "the port is xenconsoled's" "$(xenstore-read "$(uart_path)/type")" xenconsoled
console_of uart -t vuart
check "xl destroy of it" xl destroy uart
check "it is gone" wait_for 5 gone uart

create two
same "domains" "$(xl list | sed 1d | wc -l)" 3
inside "the first works" one 'n=0; while [ $n -lt 500 ]; do n=$((n + 1)); done'
inside "and the second" two 'n=0; while [ $n -lt 500 ]; do n=$((n + 1)); done'
check "xl destroy" xl destroy two
check "it is gone at once" wait_for 5 gone two

check "xl reboot" xl reboot one
check "it comes back" wait_for 120 sh -c "[ \$(grep -ac 'domU. userspace' $(log_of one)) = 2 ]"
inside "it runs" one true
check "xl shutdown" timeout 60 xl shutdown -w one
check "it is gone" wait_for 20 gone one
