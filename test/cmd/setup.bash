# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# What the suites of test/cmd share. Each test begins in a folder of its own.

load ../lib/common

RUMP=$RUMP_COMMAND
SHIM=$BUILD/lib/librumphijack.so
unset RUMP_MOUNT RUMPHIJACK RUMP_NET RUMP_HOSTNAME RUMP_MEMLIMIT RUMP_NCPU RUMP_VERBOSE LD_PRELOAD
export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache

# rump ARG...: the command under test, with the shim's messages and its own in one output.
rump() {
	timeout -k 2 60 "$RUMP" "$@"
}

# variables ARG...: the environment that "rump run ARG..." gives a command.
variables() {
	rump run "$@" -- /usr/bin/env
}
