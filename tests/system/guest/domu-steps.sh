# SPDX-License-Identifier: MIT
# What xl can do to a guest of any architecture, for the scripts that have started one (domu-lib.sh).

# xl only listens where it is on a terminal.
console_of() { # NAME [OPTION...]: in both directions
    local name=$1
    shift
    (sleep 3; echo 'echo heard $((40 + 2))'; sleep 3; printf '\035'; sleep 1) | timeout 20 script -q -f -c "xl console $* $name" /tmp/console >/dev/null 2>&1
    shows "xl console: the guest hears and answers" "heard 42" cat /tmp/console
}

pause_and_unpause() { # NAME
    check "xl pause" xl pause "$1"
    shows "paused" "p" state_of "$1"
    check "xl unpause" xl unpause "$1"
    inside "it runs again" "$1" true
}

total() { answer "$1" "sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo"; } # NAME: KiB
has() { xl list "$1" | grep -Eq "^$1 +[0-9]+ +$2 "; } # NAME MIB

balloon() { # NAME MIB LESS: to fewer MiB and back
    local before
    before=$(total "$1")
    check "xl mem-set down" xl mem-set "$1" "$3"
    check "xl list follows" wait_for 20 has "$1" "$3"
    within "the guest's memory after mem-set $3, KiB" "$(total "$1")" 1 $((before - ($2 - $3) * 1024 + 2768))
    check "xl mem-set up" xl mem-set "$1" "$2"
    check "xl list follows again" wait_for 20 has "$1" "$2"
    same "the guest's memory, KiB" "$(total "$1")" "$before"
}

refused() { # WHAT COMMAND...: it must fail, and say something
    local what=$1 out
    shift
    if out=$(timeout 60 "$@" 2>&1); then fail "$what succeeded"; elif [ -n "$out" ]; then ok "$what is refused"; else fail "$what fails without a word"; fi
}
