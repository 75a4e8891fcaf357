#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "bad user pointers give EFAULT in every direction" {
	run helper errors efault
	assert_success
}

@test "a buffer whose end is missing gives what was there" {
	run helper errors short_copy
	assert_success
}

@test "out of memory fails the call, and the kernel lives" {
	image ext4 64M
	run helper errors no_memory "$IMG"
	assert_success
	run e2fsck -fn "$IMG"
	assert_success
}

@test "calls that cannot be answered give their error" {
	run helper errors no_such_call
	assert_success
}

@test "a missing image is named" {
	run "$EXAMPLES/imgls" "$BATS_TEST_TMPDIR/nowhere"
	assert_failure 1
	assert_output --partial 'nowhere: cannot mount: No such file or directory'
}

@test "a directory is no image" {
	run "$EXAMPLES/imgls" "$BATS_TEST_TMPDIR"
	assert_failure 1
	assert_output --partial 'Is a directory'
}

@test "random bytes are no file system" {
	head -c 1M /dev/urandom >"$BATS_TEST_TMPDIR/img"
	run "$EXAMPLES/imgls" "$BATS_TEST_TMPDIR/img"
	assert_failure 1
	assert_output --partial 'cannot mount'
}

@test "a type that is no file system's is no file system" {
	truncate -s 4M "$BATS_TEST_TMPDIR/img"
	mkswap "$BATS_TEST_TMPDIR/img" >"$BATS_TEST_TMPDIR/out"
	run "$EXAMPLES/imgls" "$BATS_TEST_TMPDIR/img"
	assert_failure 1
	assert_output --partial 'cannot mount: No such device'
}

@test "a truncated image gives the kernel's reason" {
	image ext4 64M
	truncate -s 8M "$IMG"
	run "$EXAMPLES/imgls" "$IMG"
	assert_failure 1
	assert_output --partial 'exceeds size of device'
}

@test "an image that another writer holds names the holder" {
	image ext4 64M
	sleep 30 | "$EXAMPLES/imgput" "$IMG" f 3>&- &
	for _ in {1..100}; do
		! grep -q ":$(stat -c %i "$IMG") " /proc/locks || break
		sleep 0.05
	done
	run "$EXAMPLES/imgput" "$IMG" g </dev/null
	pkill -P $$ sleep || true
	assert_failure 1
	assert_output --partial 'is in use by process'
	assert_output --partial 'imgput'
	wait
}

@test "wrong values of environment variables are named, and nothing boots" {
	local setting
	for setting in RUMP_NCPU=0 RUMP_NCPU=17 RUMP_NCPU=two RUMP_MEMLIMIT=1m RUMP_MEMLIMIT=lots \
		RUMP_THREADS=some RUMP_BLKFAIL=-1 RUMP_BLKFAIL_SEED=x \
		RUMP_HOSTNAME="$(printf 'x%.0s' {1..65})"; do
		run env "$setting" "$EXAMPLES/webfetch"
		assert_failure 1
		assert_output --partial "${setting%%=*}"
	done
}

@test "the smallest memory and the most virtual CPUs boot" {
	RUMP_MEMLIMIT=32m RUMP_NCPU=16 run "$EXAMPLES/webfetch"
	assert_success
	assert_output --partial 'served by the rump kernel'
	RUMP_MEMLIMIT=64g run "$EXAMPLES/webfetch"
	assert_success
}
