# SPDX-License-Identifier: MIT
# What dom0 has of the EFI firmware. Debian's Xen hands the runtime services on, we do not.
. /do/lib.sh

e820() { dmesg | sed -n 's/.*Xen: \[mem 0x0*\([0-9a-f]*-0x[0-9a-f]*\)\] /\1 /p'; }
e820
shows "memory of ACPI tables in the map" "ACPI data$" e820
shows "memory that the firmware keeps in the map" "ACPI NVS$" e820
shows "reserved memory in the map" "reserved$" e820
rsdp=$(dmesg | sed -n 's/.*ACPI: RSDP 0x0*\([0-9A-F]*\) .*/\1/p' | tr A-F a-f)
within "the root pointer's address" "$((0x${rsdp:-0}))" $((0x100000)) $((0x7fffffff))
inside() { # ADDRESS: the kind of memory there, as Linux has it
    awk -v at="$1" '/^[0-9a-f]+-/ { split($1, range, "-"); if (range[1] <= at && at <= range[2]) print }' /proc/iomem
}
shows "it lies in memory of ACPI tables" "ACPI Tables" inside "$(printf %08x "0x${rsdp:-0}")"
shows "MMCONFIG is believed" "MMCONFIG at .* reserved in E820" dmesg
shows "the clock is the machine's" "rtc_cmos.*setting system clock to 20[2-9]" dmesg
# Before rtc_cmos Linux has the time from the hypervisor, and stamps its first audit record with it.
start=$(dmesg | sed -n 's/.*audit(\([0-9]*\)\..*state=initialized.*/\1/p')
within "seconds since then by the hypervisor's clock" "$(($(date +%s) - ${start:-0}))" -2 600
if [ "$HV" = xenith ]; then
    log() { xl dmesg | sed -n 's/.*(XEN) memory 0x0*\([0-9a-f]*-0x[0-9a-f]*\) /\1 /p'; }
    for kind in "ACPI data" "ACPI NVS"; do
        same "$kind, in our log" "$(log | grep "$kind")" "$(e820 | grep "$kind")"
    done
    shows "the loader and its firmware in our log" "loaded by GRUB .*, from EFI" xl dmesg
    shows "the root pointer is handed over" "^acpi_rsdp=0x$rsdp " cat /proc/cmdline
    check "no runtime services" test ! -e /sys/firmware/efi
fi
