# SPDX-License-Identifier: MIT
# What the hypervisor takes for its reference clock; time passes as on the CMOS clock.
. /do/lib.sh

xl dmesg | grep -E "Platform timer|Detected .* processor|TSC off|no lasting"
tables=/sys/firmware/acpi/tables
CLOCK=PIT
[ -e $tables/FACP ] && CLOCK="ACPI PM timer"
[ -e $tables/HPET ] && CLOCK=HPET
shows "the reference clock" "Platform timer is [0-9.]+MHz $CLOCK" xl dmesg
cmos() { cat /sys/class/rtc/rtc0/since_epoch; }
before=$(uptime_ms)
start=$(cmos)
sleep 10
slept=$(($(uptime_ms) - before))
meanwhile=$(($(cmos) - start))
within "sleep 10, in ms" $slept 9950 60000
within "seconds of the CMOS clock meanwhile" $meanwhile $((slept / 1000 - 1)) $((slept / 1000 + 2))
check "dom0 runs" xl list
