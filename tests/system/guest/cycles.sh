# SPDX-License-Identifier: MIT
# Twenty lives of a small guest, and eight that are cut off while they begin.
. /do/cycles-lib.sh
warm_up
before=$(free_pages)
start=$(hundredths)
cycles 1 20
echo "20 cycles took $(($(hundredths) - start)) hundredths of a second"
all_back "after 20 cycles" "$before"
kills 8
all_back "after 8 kills of xl create" "$before"
