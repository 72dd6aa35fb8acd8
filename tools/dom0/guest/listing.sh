# SPDX-License-Identifier: MIT
# What tools/run shows: what xl says about the machine it runs on.
status=0
show() {
    echo "# $*"
    "$@" || { say "FAILED: $* ended with status $?"; status=1; }
    echo
}
echo
show xl info
show xl list
[ $status = 0 ]
