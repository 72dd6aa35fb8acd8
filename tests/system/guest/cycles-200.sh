# SPDX-License-Identifier: MIT
# As cycles.sh, ten times as long.
. /do/cycles-lib.sh
warm_up
before=$(free_pages)
cycles 1 100
wait_for 20 settled "$before"
after=$(free_pages)
# A guest may be made while the last one is dying. Where that first happens, the hypervisor's heap needs a page more of a size of
# object, and keeps it.
within "pages that the heap keeps after 100 cycles" $((before - after)) 0 4
cycles 101 200
all_back "after 200 cycles" "$after"
kills 60
all_back "after 60 kills of xl create" "$after"
