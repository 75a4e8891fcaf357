# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# What the suites of test/librump share.

load ../lib/common

EXAMPLES=$BUILD/examples

# helper AREA TEST [ARG...]: run one test of a helper program, for a minute at most.
helper() {
	run_helper librump "$@"
}
