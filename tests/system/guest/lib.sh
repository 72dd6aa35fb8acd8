# SPDX-License-Identifier: MIT
# For the scripts of this folder, which run in dom0. /do/expect has what the host knows.
# "[ok]" and "[FAIL]" lines are read by tests/system/run.
. /do/expect

ok() { echo "[ok] $*"; }
fail() { echo "[FAIL] $*"; }

check() { # WHAT COMMAND...: COMMAND must succeed; its output is shown when it does not
    local what=$1 out status
    shift
    out=$("$@" 2>&1)
    status=$?
    if [ $status = 0 ]; then
        ok "$what"
    else
        fail "$what: status $status"
        echo "$out" | tail -n 40 | sed 's/^/    | /'
    fi
}

same() { # WHAT ACTUAL EXPECTED
    if [ "$2" = "$3" ]; then ok "$1 is $2"; else fail "$1 is \"$2\", expected \"$3\""; fi
}

within() { # WHAT ACTUAL LOWEST HIGHEST
    if [ "$2" -ge "$3" ] 2>/dev/null && [ "$2" -le "$4" ]; then
        ok "$1 is $2"
    else
        fail "$1 is \"$2\", expected $3 to $4"
    fi
}

shows() { # WHAT PATTERN COMMAND...: COMMAND succeeds and its output has PATTERN
    local what=$1 pattern=$2 out status
    shift 2
    out=$("$@" 2>&1)
    status=$?
    if [ $status = 0 ] && echo "$out" | grep -Eq -- "$pattern"; then
        ok "$what"
    else
        fail "$what: status $status, wanted to see /$pattern/"
        echo "$out" | tail -n 40 | sed 's/^/    | /'
    fi
}

uptime_ms() { sed 's/^\([0-9]*\)\.\([0-9][0-9]\).*/\1\20/' /proc/uptime; }
info() { xl info | sed -n "s/^$1 *: //p"; }                     # one value of xl info
wait_for() { # SECONDS COMMAND...
    local left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}
