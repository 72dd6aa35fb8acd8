# SPDX-License-Identifier: MIT
# steps.sh - sourced by the shell tools: one line of progress for each step, its output in a log.
#
#   step NAME LOG COMMAND...   run COMMAND with its output in LOG; on failure say what failed, show
#                              the end of the log and where it is, and return the status
#   die MESSAGE...             print MESSAGE and exit 1
#   usage FILE                 print the comment block at the head of FILE

die() {
    echo "${0#./}: $*" >&2
    exit 1
}

usage() {
    sed -n '/^#!/d; /SPDX/d; /^#/!q; s/^# \{0,1\}//; p' "$1"
}

elapsed() { # START: seconds since START, as "3.2 s"
    local now=${EPOCHREALTIME/,/.}
    awk -v a="$1" -v b="$now" 'BEGIN { printf "%.1f s", b - a }'
}

# A terminal sees the last line of the log while it waits; a file sees one line at the end.
follow() { # PID NAME LOG
    local columns
    columns=$(tput cols 2>/dev/null || echo 80)
    while kill -0 "$1" 2>/dev/null; do
        local last
        last=$(tail -c 400 "$3" 2>/dev/null | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]')
        printf '\r\033[K%.*s' $((columns - 1)) "  $2 ... $last"
        sleep 0.3
    done
    printf '\r\033[K'
}

step() {
    local name=$1 log=$2 start=${EPOCHREALTIME/,/.} status=0
    shift 2
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    local pid=$!
    [ -t 1 ] && follow "$pid" "$name" "$log"
    wait "$pid" || status=$?
    if [ "$status" = 0 ]; then
        echo "  $name: done, $(elapsed "$start")"
        return 0
    fi
    {
        echo "  $name: FAILED with status $status after $(elapsed "$start")"
        echo "  command: $*"
        echo "  the end of the log:"
        tail -n 25 "$log" | sed 's/^/    | /'
        echo "  the whole log: $log"
    } >&2
    return "$status"
}
