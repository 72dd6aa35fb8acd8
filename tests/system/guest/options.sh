# SPDX-License-Identifier: MIT
# Options that change the machine: mem=1536M smt=0 cpuid=no-rdrand,no-avx2,no-rdrnd iommu=force tbuf_size=8 tevt_mask=... ucode=scan
. /do/lib.sh
bin=/usr/lib/xen-4.17/bin

within "total_memory with mem=1536M" "$(info total_memory)" 1520 1536
same "CPUs with smt=0" "$(info nr_cpus)" 2
same "vCPUs of dom0" "$(nproc)" 2
check "a second thread is refused" sh -c '! xen-hptool cpu-online 1'
same "CPUs after that" "$(info nr_cpus)" 2
check "xen-hptool smt-enable" xen-hptool smt-enable
same "CPUs after that" "$(info nr_cpus)" 4
check "xen-hptool smt-disable" xen-hptool smt-disable
same "CPUs after that" "$(info nr_cpus)" 2

host_features() { xen-cpuid -d | sed -n '/^Host/,/^PV/p'; }
for feature in rdrand avx2; do
    check "cpuid=no-$feature: Linux does not see it" sh -c "! grep -qw $feature /proc/cpuinfo"
    check "cpuid=no-$feature: nor do the tools" sh -c "! xen-cpuid -d | sed -n '/^Host/,/^PV/p' | grep -qiw $feature"
done
check "another feature is still there" sh -c "xen-cpuid -d | sed -n '/^Host/,/^PV/p' | grep -qiw avx"
if [ "$HV" = xenith ]; then
    shows "an unknown feature: the nearest name" "no-rdrnd.*RDRAND" xl dmesg
    shows "iommu=force: what is ignored" "iommu=force is ignored" xl dmesg
    # QEMU ignores the load, which the log must say; what is damaged does not come as far.
    shows "ucode=scan loads from the ramdisk" "microcode 0x8001300 was loaded, but the processor still says" xl dmesg
    shows "xen-ucode with a newer revision" "Input/output error" sh -c 'xen-ucode /do/ucode.bin 2>&1; true'
    head -c 3000 /do/ucode.bin >/tmp/cut
    shows "xen-ucode with a file cut short" "Invalid argument" sh -c 'xen-ucode /tmp/cut 2>&1; true'
    # The records of boot are in the buffers already; without -D they are kept.
    check "xentrace reads what tevt_mask asked for" sh -c "timeout 2 $bin/xentrace -x -T 1 /tmp/boot; test -s /tmp/boot"
fi
