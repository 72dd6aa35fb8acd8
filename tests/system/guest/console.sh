# SPDX-License-Identifier: MIT
# Keys go to the hypervisor after Ctrl-a three times, and to dom0 after three more: the host types what cases.ini says.
. /do/lib.sh

echo "press Ctrl-a three times"
read -r -t 60 line </dev/console
same "what dom0 reads" "$line" "typed for dom0"
