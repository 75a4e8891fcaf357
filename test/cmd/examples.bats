#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The scripts of examples/ do what they say.

load setup

EXAMPLES=$RUMP_TOP/examples

@test "files.sh: an image is worked in and clean, for each type it knows" {
	local type
	for type in ext4 xfs btrfs f2fs vfat; do
		run "$EXAMPLES/files.sh" "$type"
		assert_success
		assert_line 'The quick red fox'
		assert_line 1000
		assert_equal "$(grep -c "^$(seq 1000 | sha256sum | cut -d' ' -f1)" <<<"$output")" 2
	done
}

@test "sockets.sh: a page is served by the rump kernel's stack" {
	run "$EXAMPLES/sockets.sh"
	assert_success
	assert_line --index 0 --regexp ' got /a/page from 127\.0\.0\.1$'
	assert_line --index 1 --partial 'The host has '
}

@test "demo: what make demo shows is there" {
	run "$EXAMPLES/demo"
	assert_success
	assert_line --partial 'kept by ext4'
	assert_line --partial 'Pass 5: Checking group summary information'
	assert_line --partial 'webfetch.c<'
	assert_line --regexp '200 from 127.0.0.1:|left out: this machine'
	assert_line --partial 'Written through ext4 in a rump kernel.'
	assert_line --partial 'served by the rump kernel'
}

@test "tests.bats: all its tests pass" {
	run env -u RUMP_COMMAND BATS_LIB_PATH="$BUILD/lib/bats" bats --tap "$EXAMPLES/tests.bats"
	assert_success
	assert_line 1..7
	refute_line --regexp '^not ok|# skip'
}
