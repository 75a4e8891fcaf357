#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2034 # the library reads the variables
# tests.bats - a suite of a user: how do programs behave on file systems that they rarely meet?
#
# With an installed rump:	BATS_LIB_PATH=/usr/local/lib/bats bats tests.bats
# From its build:		BATS_LIB_PATH=$PWD/build/lib/bats bats examples/tests.bats

bats_load_library rump

# A kernel that is there for all tests of this file, with an image and a disk in memory.
setup_file() {
	export RUMP_DIR=/data
	rump_image ext4
	rump_start -m tmpfs:/scratch
	rump_in sqlite3 /data/stock.db 'CREATE TABLE stock(item, n); INSERT INTO stock VALUES("pen", 3);'
}

# It ends, be there failures or not.
teardown_file() {
	rump_stop
	assert_image_clean
}

@test "commands in one kernel share its memory" {
	rump_in sh -c 'sqlite3 /data/stock.db .dump >/scratch/dump'
	run rump_in grep -c pen /scratch/dump
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
}

@test "while a program has a lock on the database, another one is told so" {
	run rump_in sh -c 'printf "%s\n" "BEGIN EXCLUSIVE;" ".system sqlite3 /data/stock.db .dump 2>&1" |
		sqlite3 /data/stock.db'
	[[ $output == *'database is locked'* ]]
	run rump_in sqlite3 /data/stock.db 'SELECT n FROM stock;'
	[ "$output" = 3 ]
}

# The others have images of their own, and a kernel for each command.

@test "sqlite3 keeps a table on XFS" {
	rump_image xfs
	rump_run sqlite3 /data/app.db 'CREATE TABLE t(a); INSERT INTO t VALUES(1), (2), (39);'
	run rump_run sqlite3 /data/app.db 'SELECT sum(a) FROM t;'
	[ "$status" -eq 0 ]
	[ "$output" = 42 ]
	assert_image_clean
}

@test "a full disk is an error for dd, and the image survives it" {
	rump_image ext4 8M
	run rump_run dd if=/dev/zero of=/data/big bs=64k count=1000
	[ "$status" -eq 1 ]
	[[ $output == *'No space left on device'* ]]
	assert_image_clean
}

@test "vfat takes no notice of case" {
	rump_image vfat
	rump_run touch /data/ReadMe
	run rump_run ls /data/README
	[ "$status" -eq 0 ]
	assert_image_clean
}

@test "a copy of a tree is a copy, with times, links and attributes" {
	rump_image btrfs
	mkdir -p "$BATS_TEST_TMPDIR/tree/dir"
	echo one >"$BATS_TEST_TMPDIR/tree/dir/file"
	ln "$BATS_TEST_TMPDIR/tree/dir/file" "$BATS_TEST_TMPDIR/tree/hard"
	ln -s dir/file "$BATS_TEST_TMPDIR/tree/soft"
	rump_run cp -a "$BATS_TEST_TMPDIR/tree" /data
	run rump_run diff -r --no-dereference "$BATS_TEST_TMPDIR/tree" /data/tree
	[ "$status" -eq 0 ]
	run rump_run stat -c '%h %y' /data/tree/hard
	[ "$output" = "2 $(stat -c %y "$BATS_TEST_TMPDIR/tree/hard")" ]
	assert_image_clean
}

@test "nothing is written to a disk that is mounted read-only" {
	rump_image ext4
	local before
	before=$(sha256sum <"$RUMP_IMG")
	RUMP_OPTIONS=(--ro)
	run rump_run touch /data/file
	[ "$status" -eq 1 ]
	[[ $output == *'Read-only file system'* ]]
	[ "$(sha256sum <"$RUMP_IMG")" = "$before" ]
}
