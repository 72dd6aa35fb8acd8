# SPDX-License-Identifier: MIT
# As cycles.sh, ten times as long.
. /do/cycles-lib.sh
warm_up
before=$(free_pages)
cycles 1 100
all_back "after 100 cycles" "$before"
cycles 101 200
all_back "after 200 cycles" "$before"
kills 60
all_back "after 60 kills of xl create" "$before"
