# SPDX-License-Identifier: MIT
# What Linux makes of the screen that it was handed, and that it can paint it: the host looks at the picture.
. /do/lib.sh

case $SCREEN in
text)
    shows "the console is the VGA's text" "Console: colour VGA\+ 80x25" dmesg
    check "there is no frame buffer" test ! -e /dev/fb0
    ;;
vesa | efi)
    name="$(echo $SCREEN | tr a-z A-Z) VGA"
    check "a frame buffer" test -e /dev/fb0
    same "its driver" "$(cat /sys/class/graphics/fb0/name)" "$name"
    shows "the console is on it" "Console: switching to colour frame buffer device" dmesg
    ;;
esac

paint() { # NAME CODE
    printf '\033[?25l\033[%sm\033[2J\033[H' "$2" >/dev/tty0
    sleep 1
    echo "[screen] $1"
    sleep 3
}
for colour in $COLOURS; do
    case $colour in
    grey) paint grey 47 ;;
    blue) paint blue 44 ;;
    esac
done
