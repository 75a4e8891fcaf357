#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The end of the process, signals and the console.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
}

@test "exit ends the process with its status" {
	for status in 0 1 77; do
		run "-$status" helper term leave "$status"
		refute_output
	done
}

@test "exit of -1 is a panic and leaves the process by SIGABRT" {
	run -134 helper term leave -1
	refute_output
}

@test "a signal to oneself has arrived when kill returns" {
	run helper term kill_self
	assert_success
	refute_output
}

@test "a kernel thread that signals its process reaches the application" {
	run helper term kill_from_thread
	assert_success
}

@test "kill reaches other processes and tells errors" {
	run helper term kill_other
	assert_success
	refute_output
}

@test "the console is standard error, in order, and nothing is lost at exit" {
	run --separate-stderr helper term console
	assert_success
	refute_output
	# shellcheck disable=SC2154 # --separate-stderr sets it
	assert_equal "$stderr" "$(printf 'first line\nno end, number 42\nlast words')"
}

@test "a console line longer than any buffer arrives whole" {
	run helper term console_long
	assert_success
	assert_equal "${#output}" 5000
	assert_equal "${output:4990}" yzabcdefgh
}

@test "a panic first writes what was put on the console" {
	run -134 helper term console_panic
	assert_output 'about to die'
}
