#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Files, and I/O that is waited for.

setup() {
	load setup.bash
	FILE=$BATS_TEST_TMPDIR/file
	echo hello >"$FILE"
}

@test "each call that may block leaves the CPU around what the host does" {
	run helper file moments "$FILE.new"
	assert_success
	assert_output "$(
		blocking open
		blocking pwritev
		blocking writev
		blocking preadv
		blocking readv
		blocking fdatasync
		blocking
		blocking fsync
	)"
}

@test "a file opens for reading, writing or both, and closes on exec" {
	run helper file open "$FILE" 0
	assert_output 'access 0, closed on exec'
	run helper file open "$FILE" 1
	assert_output 'access 1, closed on exec'
	run helper file open "$FILE" 2
	assert_output 'access 2, closed on exec'
	run helper file open "$FILE" 0x12
	assert_output 'access 2, closed on exec'
}

@test "a missing file is ENOENT without CREATE, and made with it" {
	run helper file open "$FILE.new" 2
	assert_output 'error ENOENT'
	run helper file open "$FILE.new" 6
	assert_output 'access 2, closed on exec'
	assert_file_exists "$FILE.new"
}

@test "EXCL makes a new file or none" {
	run helper file open "$FILE" 0xe
	assert_output 'error EEXIST'
	run helper file open "$FILE.new" 0xe
	assert_output 'access 2, closed on exec'
}

@test "CREATE leaves what is in a file" {
	run helper file open "$FILE" 6
	assert_success
	assert_equal "$(cat "$FILE")" hello
}

@test "modes that make no sense are EINVAL" {
	for mode in 3 0x20 0x1002 -1; do
		run helper file open "$FILE" "$mode"
		assert_output 'error EINVAL'
	done
}

@test "what the host refuses to open is told" {
	run helper file open "$BATS_TEST_TMPDIR" 2
	assert_output 'error EISDIR'
	run helper file open "$FILE/below" 0
	assert_output 'error ENOTDIR'
}

@test "getfileinfo tells kind and size" {
	truncate -s 5G "$FILE"
	run helper file info "$FILE"
	assert_output "regular $((5 << 30))"
	run helper file info "$BATS_TEST_TMPDIR"
	assert_output --regexp '^directory [0-9]+$'
	run helper file info /dev/null
	assert_output 'char 0'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	run helper file info "$BATS_TEST_TMPDIR/fifo"
	assert_output 'other 0'
	ln -s file "$BATS_TEST_TMPDIR/link"
	run helper file info "$BATS_TEST_TMPDIR/link"
	assert_output "regular $((5 << 30))"
}

@test "getfileinfo asks a block device for the size of its medium" {
	run helper file device "$FILE"
	assert_success
	assert_output "$(blocking open BLKGETSIZE64)"
	for size in /sys/class/block/*/size; do
		device=/dev/$(basename "${size%/size}")
		head -c 0 "$device" 2>/dev/null || continue
		run helper file info "$device"
		assert_output "block $(($(<"$size") * 512))"
	done
}

@test "getfileinfo of what is not there is ENOENT and stores nothing" {
	run helper file info "$FILE.missing"
	assert_output 'error ENOENT'
}

@test "pieces of memory are written and read in order, at offsets and at the descriptor's own" {
	run helper file scatter "$FILE"
	assert_success
}

@test "more pieces than the host takes at once are all transferred" {
	run helper file many "$FILE"
	assert_success
}

@test "what the host refuses is told, with the CPU taken back" {
	run helper file errors "$FILE"
	assert_success
}

@test "a signal does not end a call early" {
	printf data >"$FILE"
	run helper file restarted "$FILE"
	assert_success
	assert_output "$(
		blocking open open
		blocking preadv preadv
	)"
}

@test "a read that blocks leaves the CPU to others" {
	run helper file pipe_read
	assert_success
}

@test "an open that blocks leaves the CPU to others" {
	run helper file fifo_open "$BATS_TEST_TMPDIR/fifo"
	assert_success
}

@test "syncfd syncs writes, only looks at reads, and refuses what makes no sense" {
	run helper file sync_flags "$FILE"
	assert_success
	assert_output "$(
		echo 'until here nothing was synced'
		blocking fdatasync
		blocking fdatasync
		blocking fdatasync
	)"
}
