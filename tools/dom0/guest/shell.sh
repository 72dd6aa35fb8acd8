# SPDX-License-Identifier: MIT
# A shell on dom0's console. When it ends, the machine powers off.
cat <<'TEXT'

This is dom0: Debian's Linux with Debian's xl. Try: xl vcpu-list, xl dmesg, xenstore-ls, xentop -b -i 1
"exit" or "poweroff" ends the machine; Ctrl-] x kills it.

TEXT
# There is no init that these could ask.
cat >/etc/shell <<'TEXT'
poweroff() { sync; command poweroff -f; }
halt() { poweroff; }
reboot() { sync; command reboot -f; }
TEXT
export ENV=/etc/shell
cd /root
export PS1='dom0:\w# '
setsid cttyhack sh
