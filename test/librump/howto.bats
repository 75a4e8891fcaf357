#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "RUMP_AB_VERBOSE shows the kernel's messages, once" {
	run helper howto verbose
	assert_success
	assert_output --partial 'Linux version 6.12'
}

@test "RUMP_SIGMODEL_IGNORE drops the kernel's signals" {
	run helper howto ignore
	assert_success
	assert_output 'still here'
}

@test "RUMP_SIGMODEL_PANIC ends the program and says why" {
	run helper howto fatal
	assert_equal "$status" $((128 + 6))
	assert_output --partial 'RUMP_SIGMODEL_PANIC'
}

@test "devices registered before the boot are there, or say why not" {
	head -c 1M /dev/zero >"$BATS_TEST_TMPDIR/img"
	run helper howto etfs "$BATS_TEST_TMPDIR/img"
	assert_success
}

@test "a program boots in the background, and the one in front waits for it" {
	run helper howto daemonize 0
	assert_success
	run helper howto daemonize 5
	assert_failure
}
