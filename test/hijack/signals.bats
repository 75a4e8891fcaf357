#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Signals arrive anywhere in the shim, and do what sigaction(2) says.

setup() {
	load setup.bash
}

# both ARGUMENT...: the helper passes with the checker and without
both() {
	run helper signals "$@"
	assert_success
	run hijacked "$HELPERS/hijack_signals" "$@"
	assert_success
	assert_nothing_escaped
}

@test "20000 signals a second, while calls, mappings, dlopen and fork go on" {
	both storm "$HELPERS/hijack_everylib.so"
}

@test "SA_RESTART restarts a call, without it there is EINTR, a stopped sleep goes on" {
	both restart
}

@test "siglongjmp leaves a blocked call" {
	both jump
}

@test "a handler on a small alternate stack makes calls" {
	both altstack
}

@test "signal masks block what they should" {
	both mask
}

@test "the program may have SIGSYS for itself" {
	both sigsys
}

@test "a signal finds a blocked call at glibc 2.41's one instruction, which cancellation needs" {
	for images in map copy; do
		RUMPHIJACK_IMAGES=$images LD_PRELOAD=$SHIM run "$HELPERS/hijack_signals" stay
		assert_success
		assert_output "stay: done"
	done
}
