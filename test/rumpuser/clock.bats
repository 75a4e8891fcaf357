#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Clocks, errno and random bytes.

setup() {
	load setup.bash
}

@test "both clocks are the host's, and reading them makes no upcall" {
	run helper clock agree
	assert_success
	refute_output
}

@test "an unknown clock or too many nanoseconds are refused" {
	run helper clock unknown
	assert_success
	refute_output
}

@test "a duration is slept off the CPU" {
	run helper clock relative
	assert_success
	assert_output "$(blocking)"
}

@test "a moment is slept until off the CPU" {
	run helper clock absolute
	assert_success
	assert_output "$(blocking)"
}

@test "what is over already takes no time" {
	run helper clock past
	assert_success
}

@test "signals make a sleep neither shorter nor longer" {
	run helper clock interrupted
	assert_success
	assert_output "$(blocking)"
}

@test "the longest sleep does not wrap around to none" {
	run helper clock forever
	assert_equal "$status" 142 # SIGALRM
	assert_output 'backend_unschedule none'
}

@test "errno is what the kernel sets" {
	run helper clock set_errno
	assert_success
	refute_output
}

@test "random bytes fill the buffer whatever the flags" {
	run helper clock random_bytes
	assert_success
}

@test "random bytes that are there cost no upcall, and HARD asks for the best" {
	run helper clock random_ready
	assert_success
	assert_output 'getrandom random nonblock'
}

@test "random bytes that are not there are waited for off the CPU" {
	run helper clock random_wait
	assert_success
	assert_output "$(blocking getrandom)"
}

@test "with NOWAIT random bytes may be fewer, or EAGAIN" {
	run helper clock random_nowait
	assert_success
	assert_output 'getrandom nonblock'
}
