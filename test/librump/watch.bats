#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "a watch polls, kicks the host once, and looks again" {
	run helper watch basic
	assert_success
}

@test "a kept watch kicks at every wake-up that matches" {
	run helper watch keep
	assert_success
}

@test "wrong handles and pointers get errors, and a task's watches end with it" {
	run helper watch wrong
	assert_success
}

@test "a descriptor may be closed while it is watched" {
	run helper watch closed
	assert_success
	run helper watch queue_goes
	assert_success
}

@test "TCP sockets and an epoll descriptor wake a thread in the host's poll" {
	run helper watch tcp
	assert_success
}

@test "one watch has 500 descriptors" {
	run helper watch many
	assert_success
}

@test "3000 times to and fro no wake-up is lost" {
	run helper watch ping_pong
	assert_success
}

@test "threads watch, poll, unwatch and write at once" {
	run helper watch race
	assert_success
}

@test "the same with two virtual CPUs, and with bound kernel threads" {
	local test
	for test in basic keep wrong closed queue_goes tcp many ping_pong race; do
		RUMP_NCPU=2 run helper watch $test
		assert_success
		RUMP_THREADS=bound run helper watch $test
		assert_success
	done
}
