# SPDX-License-Identifier: BSD-2-Clause
# Common to the suites of the shim. Loaded by setup(); sets
#   SHIM     the library
#   REPORT   where hijacked processes append their reports
#   TRACE    where they append their traces
#   MKSITES  the program that makes images
# and gives the shim a cache of its own.

load ../lib/common

# shellcheck disable=SC2034
TOP=$RUMP_TOP
SHIM=$BUILD/lib/librumphijack.so
# shellcheck disable=SC2034
MKSITES=$BUILD/libexec/rump/mksites
HELPERS=$BUILD/test
REPORT=$BATS_TEST_TMPDIR/report
TRACE=$BATS_TEST_TMPDIR/trace
export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache

# hijacked COMMAND...: run it under the shim, with report; all calls are the host's unless RUMPHIJACK is
# set
hijacked() {
	RUMPHIJACK=${RUMPHIJACK-} RUMPHIJACK_REPORT=$REPORT LD_PRELOAD=$SHIM timeout 120 "$@"
}

# checked COMMAND...: the same under the Syscall User Dispatch checker
checked() {
	RUMPHIJACK_SUD=1 hijacked "$@"
}

# traced COMMAND...: the same with a trace
traced() {
	RUMPHIJACK_TRACE=$TRACE checked "$@"
}

# helper NAME ARGUMENT...: run a helper program under the checker
helper() {
	local name=$1
	shift
	checked "$HELPERS/hijack_$name" "$@"
}

# No process of the test was missed: at least one reported, all of them no escape, nothing failed.
assert_nothing_escaped() {
	assert [ -s "$REPORT" ]
	run grep -E 'escape: |not rewritten|escaped=[^0]|failed=[^0]' "$REPORT"
	assert_output ""
	run grep -c ' exit host=' "$REPORT"
	refute_output 0
}
