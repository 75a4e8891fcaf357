#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "threads come and go by the thousand without leaks" {
	run helper threads come_and_go
	assert_success
}

@test "64 threads at once work in the kernel" {
	run helper threads at_once
	assert_success
}

@test "a token goes round a ring of 64 blocked threads" {
	run helper threads token_ring
	assert_success
}

@test "an idle kernel uses no processor time for 10 s" {
	run helper threads idle 10
	assert_success
}

@test "a thread that sleeps, polls or accepts leaves the virtual CPU to others" {
	run helper threads blocked_thread_frees_cpu
	assert_success
}

@test "a block read that takes 2 s holds up nobody else" {
	head -c 1M /dev/urandom >"$BATS_TEST_TMPDIR/img"
	RUMP_BLKDELAY=2000 run helper threads slow_disk_frees_cpu "$BATS_TEST_TMPDIR/img"
	assert_success
}

@test "a forked child has no kernel and does no harm to its parent's" {
	run helper threads forked_child
	assert_success
}

@test "16 virtual CPUs on fewer processors work" {
	RUMP_NCPU=16 run helper threads at_once
	assert_success
}

@test "the same with every kernel thread bound to a host thread" {
	export RUMP_THREADS=bound
	run helper threads at_once
	assert_success
	run helper threads token_ring
	assert_success
	run helper threads blocked_thread_frees_cpu
	assert_success
}

@test "the same with two virtual CPUs" {
	export RUMP_NCPU=2
	run helper threads come_and_go
	assert_success
	run helper threads at_once
	assert_success
	run helper threads token_ring
	assert_success
}
