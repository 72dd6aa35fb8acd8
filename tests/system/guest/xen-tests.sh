# SPDX-License-Identifier: MIT
# Xen's own tests, as Debian ships them. The answers below are those on Debian's Xen in this machine.
. /do/lib.sh
bin=/usr/lib/xen-4.17/bin

# Ids of domains count what was created before; HVM guests are another matter.
answers() { # PROGRAM: all it prints but what it says of HVM, and its status
    "$bin/$1" >/tmp/answers 2>&1
    echo "status $?" >>/tmp/answers
    sed -e 's/\(Created d\)[0-9]*/\1N/' -e '/Testing HVM default/,/RTM_AA/d' -e '/HVM\|Failed to obtain [35] policy/d' /tmp/answers
}

expect() { # PROGRAM, with its answers on standard input
    cat >/tmp/expected
    answers "$1" >/tmp/seen
    check "$1" cmp /tmp/seen /tmp/expected
    cmp -s /tmp/seen /tmp/expected || cat /tmp/answers
}

expect test-cpu-policy <<END
CPU Policy unit tests
Testing CPU vendor identification:
Testing CPUID on current CPU
Testing CPUID serialise success:
Testing CPUID deserialise failure:
Testing CPUID out-of-range clearing:
Testing MSR serialise success:
Testing MSR deserialise failure:
Testing policy compatibility success:
Testing policy compatibility failure:
Done: all ok
status 0
END

expect test-resource <<END
XENMEM_acquire_resource tests
Test x86 PV
  Created dN
  Test grant table
Test x86 PVH
status 0
END

# The pool is one of HVM guests, which this processor has not.
expect test-paging-mempool <<END
Paging mempool tests
  Skip: 22 - Invalid argument
status 0
END

# QEMU's processor aborts at XBEGIN, which it does not announce.
expect test-tsx <<END
TSX tests
  Host: RTM 0, HLE 0, TSX_FORCE_ABORT 0, RTM_ALWAYS_ABORT 0, TSX_CTRL 0
  Got $SMP CPUs
Testing MSR_TSX_FORCE_ABORT consistency
Testing MSR_TSX_CTRL consistency
Testing MSR_MCU_OPT_CTRL consistency
Testing RTM behaviour
  Got Abort
  Host reports no RTM, but appears available
Testing PV default/max policies
  Max: RTM 0, HLE 0, TSX_FORCE_ABORT 0, RTM_ALWAYS_ABORT 0, TSX_CTRL 0
  Def: RTM 0, HLE 0, TSX_FORCE_ABORT 0, RTM_ALWAYS_ABORT 0, TSX_CTRL 0
  RTM_AA not offered to guests by default despite being available
Testing PV guest
  Created dN
  Cur: RTM 0, HLE 0, TSX_FORCE_ABORT 0, RTM_ALWAYS_ABORT 0, TSX_CTRL 0
status 1
END

check "test-xenstore" $bin/test-xenstore -i 20
same "domains that are left" "$(xl list | wc -l)" 2
