#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Asynchronous block I/O.

setup() {
	load setup.bash
	FILE=$BATS_TEST_TMPDIR/file
}

@test "a request returns at once and is done between hyp_schedule and hyp_unschedule" {
	run helper bio one "$FILE"
	assert_success
	assert_output - <<-'LOG'
		returned
		pwrite
		hyp_schedule
		done write 4 ok
		hyp_unschedule
		pread
		hyp_schedule
		done read 4 ok
		hyp_unschedule
		pwrite
		fdatasync
		hyp_schedule
		done sync 4 ok
		hyp_unschedule
	LOG
}

@test "requests that cannot be served are done with an error, short ones with fewer bytes" {
	run helper bio bad "$FILE"
	assert_success
	assert_equal "$(grep "done" <<<"$output")" "$(cat <<-'LOG'
		done no direction 0 EINVAL
		done both directions 0 EINVAL
		done unknown bit 0 EINVAL
		done negative offset 0 EINVAL
		done no file 0 EBADF
		done read-only file 0 EBADF
		done pipe 0 ESPIPE
		done behind the end 0 ok
		done nothing 0 ok
		done short write 5 ok
		done short read 3 ok
	LOG
	)"
}

@test "a host that moves little at a time, or is interrupted, is asked again" {
	run helper bio pieces "$FILE"
	assert_success
	assert_line 'done write 10 ok'
	assert_line 'done interrupted 10 ok'
}

@test "an error after some bytes tells both" {
	run helper bio partial "$FILE"
	assert_success
	assert_line 'done write 4 ENOSPC'
}

@test "thousands of requests in flight at once are each done exactly once" {
	run helper bio thousands "$FILE"
	assert_success
}

@test "completions that start more I/O do not stop the pool" {
	run helper bio chains "$FILE"
	assert_success
}

@test "requests from several threads are each done exactly once" {
	run helper bio submitters "$FILE"
	assert_success
}

@test "without memory for a request the caller serves it off the CPU" {
	run helper bio without "$FILE" memory
	assert_success
	assert_output "$(
		blocking pwrite
		echo 'done write 4 ok'
		echo returned
	)"
}

@test "without a thread to serve requests the caller does it off the CPU" {
	run helper bio without "$FILE" threads
	assert_success
	assert_output "$(
		blocking pwrite
		echo 'done write 4 ok'
		echo returned
	)"
}

@test "a forked child has a pool of its own and leaves its parent's requests alone" {
	run helper bio forked "$FILE"
	assert_success
}
