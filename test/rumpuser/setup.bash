# SPDX-License-Identifier: BSD-2-Clause
# What the suites of test/rumpuser share.

bats_require_minimum_version 1.5.0
BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

RUMP_TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${RUMP_BUILD:-$RUMP_TOP/build}
export LIBRUMPUSER=$BUILD/lib/librumpuser.so

# helper AREA TEST [ARG...]: run one test of a helper program, for a minute at most.
helper() {
	local area=$1
	shift
	timeout -k 5 60 "$BUILD/test/rumpuser_$area" "$@"
}

# A hypercall that blocks, as the log shows it: off the CPU, the host's call, on again.
blocking() {
	printf '%s\n' 'backend_unschedule none' "$@" 'backend_schedule none'
}
