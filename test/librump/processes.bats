#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "a forked process has copies of descriptors, directory and umask" {
	run helper processes basic
	assert_success
}

@test "a byte goes to and fro between two processes 5000 times" {
	run helper processes ping_pong
	assert_success
}

@test "8 processes work in the kernel at once" {
	run helper processes at_once
	assert_success
}

@test "SIGKILL releases a process whose call is blocked" {
	run helper processes killed
	assert_success
}

@test "a process with blocked threads ends, and is killed" {
	run helper processes threads_of_child
	assert_success
}

@test "a child of a child sees locks and connects to sockets" {
	run helper processes tree
	assert_success
}

@test "a file in the memory of two processes: writes are seen, what is truncated is gone" {
	run helper processes mapped
	assert_success
}

@test "300 processes in turn leave nothing" {
	run helper processes many
	assert_success
}

@test "a child wakes its parent in the host's poll" {
	run helper processes watched
	assert_success
}

@test "a process with a low pid boots a kernel" {
	[ "$(id -u)" -eq 0 ] || return 0
	run timeout -k 5 60 unshare --pid --fork --mount-proc \
		sh -c "true & wait; '$BUILD/test/librump_processes' basic"
	assert_success
}
