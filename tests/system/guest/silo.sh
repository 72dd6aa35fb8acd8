# SPDX-License-Identifier: MIT
# dom0 under the silo policy: it is the control domain, so that nothing is closed to it.
. /do/lib.sh

shows "the option that asks for it" "xsm=silo" sh -c 'xl info | grep xen_commandline'
shows "xl list" "^Domain-0 +0 " xl list
shows "xl info" "^xen_version *: 4\.17" xl info
check "xenstore-write" xenstore-write /test/value 42
same "xenstore-read" "$(xenstore-read /test/value)" 42
