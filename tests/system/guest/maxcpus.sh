# SPDX-License-Identifier: MIT
# maxcpus=2 on a machine of four: two run, the others may be started later.
. /do/lib.sh

same "CPUs that run" "$(info nr_cpus)" 2
same "CPUs that Linux uses" "$(nproc)" 2
check "xen-hptool cpu-online 3" xen-hptool cpu-online 3
same "CPUs after that" "$(info nr_cpus)" 3
check "xen-hptool cpu-offline 3" xen-hptool cpu-offline 3
same "CPUs after that" "$(info nr_cpus)" 2
