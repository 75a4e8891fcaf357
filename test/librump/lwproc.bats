#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "a thread runs calls as several processes in turns" {
	run helper lwproc rfork
	assert_success
}

@test "a thread runs calls as a new thread of its own and of another process" {
	run helper lwproc newlwp
	assert_success
}

@test "two thousand processes come and go" {
	run helper lwproc many
	assert_success
}
