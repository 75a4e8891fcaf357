# SPDX-License-Identifier: BSD-2-Clause
# What the suites of test/rumpuser share.

load ../lib/common

export LIBRUMPUSER=$BUILD/lib/librumpuser.so

# helper AREA TEST [ARG...]: run one test of a helper program, for a minute at most.
helper() {
	run_helper rumpuser "$@"
}

# A hypercall that blocks, as the log shows it: off the CPU, the host's call, on again.
blocking() {
	printf '%s\n' 'backend_unschedule none' "$@" 'backend_schedule none'
}
