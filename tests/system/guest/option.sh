# SPDX-License-Identifier: MIT
# An option that does not exist costs one warning, which names the nearest one that does.
. /do/lib.sh

warnings() { xl dmesg | grep conring_sise | grep -v console=com1; }
warnings
same "warnings about it" "$(warnings | wc -l)" 1
shows "the nearest name in it" "conring_size" warnings
