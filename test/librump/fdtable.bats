#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "in a mirrored table nothing is free but what was offered" {
	run helper fdtable reserved
	assert_success
	run helper fdtable offered
	assert_success
}

@test "a mirrored table grows to the hard limit and no number is taken unasked" {
	run helper fdtable limits
	assert_success
}

@test "a descriptor is duplicated onto a reserved, an offered and an open number" {
	run helper fdtable dup_onto
	assert_success
}

@test "copies of a mirrored table are mirrored" {
	run helper fdtable copies
	assert_success
	run helper fdtable unshared
	assert_success
}

@test "8 threads offer, open, duplicate, close and withdraw" {
	run helper fdtable stress
	assert_success
}

@test "the same with two virtual CPUs, and with bound kernel threads" {
	local test
	for test in copies unshared stress; do
		RUMP_NCPU=2 run helper fdtable $test
		assert_success
		RUMP_THREADS=bound run helper fdtable $test
		assert_success
	done
}
