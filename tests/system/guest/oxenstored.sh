# SPDX-License-Identifier: MIT
# The store is kept by oxenstored, which serves guests as xenstored does.
. /do/lib.sh
bin=/usr/lib/xen-4.17/bin
same "the store's daemon" "$(cat "/proc/$(cat /run/xen/xenstored.pid)/comm")" oxenstored
check "test-xenstore" $bin/test-xenstore -i 20
check "quota of a path's length: a short one" xenstore-write /test/short 1
check "quota of a path's length: one too long is refused" sh -c "! xenstore-write /test/$(printf 'x%.0s' $(seq 1100)) 1"
check "xenstore-rm" xenstore-rm /test
