# SPDX-License-Identifier: MIT
# Small guests by the dozen: what they held must all come back.
. /do/domu-lib.sh

small() { # NAME WORD LINE...: the configuration of a guest that does WORD (tests/guests/small)
    local name=$1 word=$2
    shift 2
    {
        kind
        printf "name='%s'\nkernel='/domu/small'\nmemory=8\nextra='%s'\n" "$name" "small=$word"
        for line in "$@"; do echo "$line"; done
    } >"/tmp/guests/$name.cfg"
    echo "/tmp/guests/$name.cfg"
}

others() { xl list | awk 'NR > 1 && $2 != 0 { print $2 }'; }
alone() { [ -z "$(others)" ]; }

# What the store holds of guests: nothing but dom0 may be left.
store_left() { for path in /local/domain /libxl /vm; do xenstore-list $path | grep -v -e '^0$' -e '^00000000-' | sed "s#^#$path/#"; done; }

cycle() { # NUMBER: a guest that ends in one of the ways in which guests end
    case $(($1 % 4)) in
    0) xl create -q -p "$(small cycle block)" && xl destroy cycle ;;
    1) xl create -q "$(small cycle block "vcpus=2")" && xl destroy cycle ;;
    2) xl create -q "$(small cycle poweroff)" && wait_for 30 gone cycle ;;
    3) xl create -q "$(small cycle crash "on_crash='destroy'")" && wait_for 30 gone cycle ;;
    esac
}

cycles() { # FIRST LAST
    local n
    for n in $(seq "$1" "$2"); do cycle "$n" || { fail "cycle $n"; return; }; done
}

settled() { # EXPECTED: the pages are back; a domain's last references may go a moment later
    [ "$(free_pages)" = "$1" ]
}

# The first ones fill what the toolstack and the kernel keep, pages that dom0 gives up for mappings among them.
warm_up() { cycles 1 4; }

all_back() { # WHAT PAGES
    wait_for 20 settled "$2"
    same "$1: free pages" "$(free_pages)" "$2"
    same "$1: what the store holds of guests" "$(store_left)" ""
}

hundredths() { cut -d' ' -f1 /proc/uptime | tr -d .; }  # of a second

# One `xl create` that is killed somewhere on its way. What it left is destroyed by number.
kill_create() { # HUNDREDTHS
    xl create -q "$(small killed block)" >/dev/null 2>&1 &
    local pid=$!
    usleep $(($1 * 10000))
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    local id
    for id in $(others); do
        found=$((found + 1))
        xl destroy "$id" >/dev/null 2>&1 || fail "xl destroy $id, killed after $1 hundredths of a second"
    done
    wait_for 10 alone || fail "a domain is left, killed after $1 hundredths of a second"
}

kills() { # COUNT
    local n start=$(hundredths) whole found=0
    xl create -q "$(small killed block)"
    whole=$(($(hundredths) - start))
    xl destroy killed
    for n in $(seq "$1"); do kill_create $((RANDOM % whole)); done
    echo "xl create was killed $1 times within $whole hundredths of a second; there was a domain $found times"
    within "kills that left a domain" "$found" $(($1 / 8)) "$1"
}
