# SPDX-License-Identifier: MIT
# Guests, for the scripts that start some. A guest runs each line that is typed on its console and prints
# "[domU] status N" behind the output (tests/system/domu/init).
. /do/lib.sh
mkdir -p /tmp/guests

# Some steps take a busy host minutes, without a word on the console.
(while sleep 30; do say "still at it"; done) &
heartbeat=$!
trap 'kill $heartbeat' EXIT

# On Arm there is one type, and xl 4.17's mem-set fails an assertion where nothing is said of ACPI.
case $(uname -m) in
aarch64) kind() { printf "type='pvh'\nacpi=0\n"; } ;;
*) kind() { echo "type='pv'"; } ;;
esac

config() { # NAME LINE...: its configuration, with what all have; later lines win
    local name=$1
    shift
    {
        echo "name='$name'"
        kind
        echo "kernel='/domu/kernel'"
        echo "ramdisk='/domu/initrd'"
        echo "memory=96"
        echo "extra='console=hvc0 loglevel=3'"
        for line in "$@"; do echo "$line"; done
    } >"/tmp/guests/$name.cfg"
    echo "/tmp/guests/$name.cfg"
}

id_of() { xl domid "$1" 2>/dev/null; }
log_of() { echo "/var/log/xen/console/guest-$1.log"; }
told() { grep -aFq "$2" "$(log_of "$1")"; } # NAME TEXT

create() { # NAME LINE...: and it comes up
    local file
    file=$(config "$@")
    rm -f "$(log_of "$1")"
    check "xl create $1" xl create "$file"
    check "$1 reaches its userspace" wait_for 120 told "$1" "[domU] userspace"
}

typed() { echo "$2" >"$(xenstore-read "/local/domain/$(id_of "$1")/console/tty")"; } # NAME LINE

answer() { # NAME LINE: what the guest prints when it runs LINE, without the status; the status is returned
    local log out left=150
    log=$(log_of "$1")
    local start=$(wc -c <"$log")
    typed "$1" "$2"
    until out=$(tail -c +$((start + 1)) "$log" | tr -d '\r') && echo "$out" | grep -q '^\[domU\] status '; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 99
        sleep 0.1
    done
    echo "$out" | sed '/^\[domU\] /d'
    return "$(echo "$out" | sed -n 's/^\[domU\] status //p' | head -n 1)"
}

inside() { # WHAT NAME LINE: the guest runs LINE with status 0
    check "$1" answer "$2" "$3"
}

state_of() { xl list "$1" 2>/dev/null | awk 'NR == 2 { print $5 }'; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
free_kib() { xl info -p 2>/dev/null | sed -n 's/^free_memory *: //p'; }

# Pages, to the page: `xl info` tells MiB. What dom0's memory map takes counts as free: it grows with what dom0 maps, here and there.
free_pages() {
    local log=/tmp/free-pages left=50
    xl dmesg -c >/dev/null
    xl debug-keys u
    until xl dmesg >$log && grep -q 'NODE0.*free' $log && grep -q 'Domain 0' $log; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
    sed -n -e 's/.*NODE[0-9]* start.* free->\([0-9]*\).*/\1/p' -e 's/.*Domain 0: .*, \([0-9]*\) of tables.*/\1/p' -e 's/.*NODE[0-9]*: .*, \([0-9]*\) free.*/\1/p' $log |
        awk '{ pages += $1 } END { print pages }'
}
