# SPDX-License-Identifier: MIT
# Reboots the machine; the host counts how often dom0 comes up.
. /do/lib.sh
ok "ready to reboot"
sync
reboot -f
sleep 30
