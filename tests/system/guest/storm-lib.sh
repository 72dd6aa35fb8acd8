# SPDX-License-Identifier: MIT
# The hostile guest and its victim (tests/guests/storm).
. /do/domu-lib.sh

storm_guest() { # NAME WORDS LINE...: its configuration
    local name=$1 words=$2
    shift 2
    {
        printf "name='%s'\ntype='pv'\nkernel='/domu/storm'\nmemory=16\nextra='%s'\ntsc_mode='native'\n" "$name" "$words"
        printf "on_crash='preserve'\non_reboot='preserve'\non_poweroff='preserve'\n"
        for line in "$@"; do echo "$line"; done
    } >"/tmp/guests/$name.cfg"
    echo "/tmp/guests/$name.cfg"
}

alive() { xl list "$1" | awk 'NR == 2 { well = $5 !~ /[scd]/ } END { exit !well }'; }
lines_of() { tr -d '\r' <"$(log_of "$1")" | grep -a "^$2 [0-9]"; } # NAME WORD: the lines that it told its console
count_of() { lines_of "$@" | wc -l; }
