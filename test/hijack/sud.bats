#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Syscall User Dispatch catches what is not rewritten.

setup() {
	load setup.bash
}

@test "a call from code made at run time is an escape, and reaches the dispatcher" {
	RUMPHIJACK_TRACE=$TRACE run helper sud call /run-time-mark
	assert_success
	assert_output -2
	grep -q ' H access("/run-time-mark", 0) = -2' "$TRACE"
	grep -q 'escape: call 21 at ' "$REPORT"
	grep -q 'escaped=1$' "$REPORT"
}

@test "without the checker it is not seen" {
	RUMPHIJACK_TRACE=$TRACE run hijacked "$HELPERS/hijack_sud" call /run-time-mark
	assert_success
	refute grep -q run-time-mark "$TRACE"
}

@test "code made at run time may fork" {
	run helper sud fork
	assert_success
	assert_output 3
}

@test "more places than the shim keeps slots for still work" {
	run helper sud many
	assert_success
	assert_output 600
}

@test "text that mprotect makes executable is caught" {
	RUMPHIJACK_TRACE=$TRACE run helper sud mprotect "$HELPERS/hijack_everylib.so" /mprotect-mark
	assert_success
	grep -q ' H access("/mprotect-mark", 0) = ' "$TRACE"
}

