#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Going to the background.

setup() {
	load setup.bash
	FILE=$BATS_TEST_TMPDIR/file
}

# The daemon goes on after its parent; wait until it has written what it had to.
await_file() {
	for _ in {1..200}; do
		[ -s "$1" ] && return
		sleep 0.05
	done
	fail "nothing in $1"
}

@test "the parent waits for success, and the daemon is then cut off from the terminal" {
	run helper daemonize succeed "$FILE"
	assert_success
	assert_output 'still on the terminal'
	await_file "$FILE"
	run cat "$FILE"
	assert_output - <<-'LOG'
		0 /dev/null
		1 /dev/null
		2 /dev/null
		session leader
	LOG
}

@test "the parent exits with the error reported, and messages still get through" {
	run -5 helper daemonize fail 5
	assert_output 'last message'
	run -28 helper daemonize fail 28
}

@test "a daemon that dies without a report is ESRCH" {
	run -3 helper daemonize die
}

@test "beginning twice is EALREADY" {
	run helper daemonize twice
	assert_success
}

@test "reporting without having begun is ENOTCONN" {
	run helper daemonize not_begun
	assert_success
	assert_output here
}

@test "a report nobody waits for is an error, not a signal" {
	run helper daemonize orphaned "$FILE"
	await_file "$FILE"
	run cat "$FILE"
	assert_output EPIPE
}
