#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "a blocked read returns EINTR after a handler without SA_RESTART" {
	run helper signals eintr
	assert_success
}

@test "so it does if the handler's own calls were interrupted by one with SA_RESTART" {
	run helper signals eintr_nested
	assert_success
}

@test "a blocked read goes on after a handler with SA_RESTART" {
	run helper signals restart
	assert_success
}

@test "nanosleep is not restarted and says how much is left" {
	run helper signals nanosleep_left
	assert_success
}

@test "each call that blocks is interrupted or restarted as signal(7) says, and as on the host" {
	cd "$BATS_TEST_TMPDIR"
	run helper eintr interrupted
	assert_success
}

@test "a handler makes calls while its thread is inside the kernel" {
	run helper signals handler_calls
	assert_success
}

@test "SIGPIPE reaches the thread that earned it" {
	run helper signals sigpipe
	assert_success
}

@test "SIGXFSZ reaches the thread that earned it" {
	run helper signals sigxfsz
	assert_success
}

@test "an unhandled SIGPIPE ends the program" {
	run helper signals sigpipe_default
	assert_equal "$status" $((128 + 13))
	refute_output --partial 'still here'
}

# masks TEST: with one virtual CPU, with two, and with each kernel thread a host thread of its own.
masks() {
	run helper masks "$1"
	assert_success
	RUMP_NCPU=2 run helper masks "$1"
	assert_success
	RUMP_THREADS=bound run helper masks "$1"
	assert_success
}

@test "a signal that a call's mask opens ends the wait with EINTR" {
	masks opens
}

@test "a signal that a call's mask blocks is handled after the call" {
	masks blocks
}

@test "a call that has a result leaves a signal pending that only its mask opens" {
	masks ready
}

@test "a handler runs with the mask of the call it interrupts" {
	masks with_mask
}

@test "a handler jumps out of a call with a mask" {
	masks jumps
}

@test "a call's mask opens signals that the kernel itself sends" {
	masks own
}

@test "no signal is lost between the change of the mask and the wait" {
	masks race
}

@test "a bad mask is refused and changes nothing" {
	masks bad
}

# siginfo TEST: likewise.
siginfo() {
	run helper siginfo "$1"
	assert_success
	RUMP_NCPU=2 run helper siginfo "$1"
	assert_success
	RUMP_THREADS=bound run helper siginfo "$1"
	assert_success
}

@test "handlers of many threads get the kernel's siginfo, whoever carried the call" {
	siginfo threads
}

@test "a handler gets the kernel's siginfo of a signal to the process" {
	siginfo process
}

@test "who waits for a signal on the host sees all of its siginfo but a kernel's code" {
	siginfo waited
}
