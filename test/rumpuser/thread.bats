#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Threads and current lwps.

setup() {
	load setup.bash
}

@test "a thread runs under its name, and joining it leaves the CPU" {
	run helper thread join_name worker
	assert_success
	assert_line 'thread "worker"'
	assert_line --index 0 --regexp '^(thread|backend_unschedule)'
	assert_line 'backend_unschedule none'
	assert_line --index 2 'backend_schedule none'
	assert_equal "${#lines[@]}" 3
}

@test "a long thread name is cut, not refused" {
	run helper thread join_name a-very-long-thread-name
	assert_success
	assert_line 'thread "a-very-long-thr"'
}

@test "hundreds of detached threads run, without an upcall" {
	run helper thread detached
	assert_success
	refute_output
}

@test "a thread that ends by thread_exit can be joined" {
	run helper thread exited
	assert_success
}

@test "joining a thread that needs the CPU gives it up" {
	run helper thread join_blocks
	assert_success
}

@test "kernel threads take no asynchronous signals, their creator keeps its mask" {
	run helper thread signals
	assert_success
}

@test "a host short of threads is asked again off the CPU, and at last it is EAGAIN" {
	run helper thread busy
	assert_success
	assert_output "$(
		blocking
		blocking
	)"
}

@test "the current lwp is each thread's own" {
	run helper thread curlwp
	assert_success
	refute_output
}

@test "setting an lwp over another, or clearing the wrong one, is a panic" {
	for mistake in set clear unknown; do
		run -134 helper thread lwp_mistake "$mistake"
		assert_output --partial 'rumpuser: '
	done
}
