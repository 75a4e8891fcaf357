#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

@test "what is written to ext4 is read back, and e2fsck finds it clean" {
	image ext4 64M
	head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgput" "$IMG" data <"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgcat" "$IMG" data | cmp - "$BATS_TEST_TMPDIR/data"
	run e2fsck -fn "$IMG"
	assert_success
	refute_output --partial 'recovering journal'
	run debugfs -R 'stat data' "$IMG"
	assert_output --partial 'Size: 5000000'
}

@test "the host's tools read what the rump kernel wrote to vfat" {
	image vfat 64M
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgput" "$IMG" data <"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgcat" "$IMG" data | cmp - "$BATS_TEST_TMPDIR/data"
	run fsck.vfat -n "$IMG"
	assert_success
}

@test "a squashfs image is read" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	head -c 1000000 /dev/urandom >"$BATS_TEST_TMPDIR/tree/data"
	for comp in gzip xz zstd lz4; do
		mksquashfs "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/$comp.sq" -comp $comp -quiet -no-progress
		"$EXAMPLES/imgcat" "$BATS_TEST_TMPDIR/$comp.sq" data | cmp - "$BATS_TEST_TMPDIR/tree/data"
	done
}

@test "an image that may not be written is mounted read-only and not changed" {
	local dir as=()
	need_reach
	# Where nobody comes, who is to read it.
	dir=$(mktemp -d)
	chmod 755 "$dir"
	image ext4 64M
	echo hello | "$EXAMPLES/imgput" "$IMG" f
	mv "$IMG" "$dir/img"
	chmod 444 "$dir/img"
	sum=$(sha256sum <"$dir/img")
	# Root may write every file of the host.
	[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	run timeout -k 5 60 "${as[@]}" "$BUILD/test/librump_disk" read_only "$dir/img"
	after=$(sha256sum <"$dir/img")
	rm -rf "$dir"
	assert_success
	assert_equal "$after" "$sum"
}

@test "an image that is cut short under an attached disk gives I/O errors" {
	image ext4 64M
	run helper disk cut_short "$IMG"
	assert_success
}

@test "a file that is deleted gives its blocks back to the host" {
	image ext4 256M -E lazy_itable_init=1 -O ^has_journal
	run helper disk discard "$IMG"
	assert_success
}

@test "one request in N fails with RUMP_BLKFAIL, reproducibly" {
	image ext4 64M
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgput" "$IMG" data <"$BATS_TEST_TMPDIR/data"
	export RUMP_BLKFAIL=20 RUMP_BLKFAIL_SEED=7
	run "$EXAMPLES/imgcat" "$IMG" data
	assert_failure
	assert_output --partial 'Input/output error'
}

@test "parts, keys, removal and busy disks behave as rump(3) says" {
	image ext4 64M
	run helper disk etfs "$IMG"
	assert_success
}

@test "unbuffered I/O works from ordinary memory" {
	image ext4 64M
	run helper disk direct "$IMG"
	assert_success
}

@test "unbuffered aio and io_uring from ordinary memory, by many threads" {
	for type in ext4 xfs btrfs vfat; do
		image $type 300M
		run helper direct threads "$IMG" $type
		assert_success
	done
	RUMP_NCPU=2 run helper direct threads "$IMG" vfat
	assert_success
	image ext4 64M
	RUMP_THREADS=bound run helper direct threads "$IMG" ext4
	assert_success
	run e2fsck -fn "$IMG"
	assert_success
}

@test "unbuffered aio and io_uring: whichever way a file was opened, and whatever is wrong" {
	image ext4 64M
	run helper direct ways "$IMG" ext4
	assert_success
	image xfs 300M
	run helper direct ways "$IMG" xfs
	assert_success
}

@test "unbuffered aio and io_uring on a disk itself" {
	image ext4 64M
	run helper direct device "$IMG"
	assert_success
}

@test "mapped files are coherent with read and write" {
	image ext4 64M
	run helper disk mapped "$IMG"
	assert_success
	run e2fsck -fn "$IMG"
	assert_success
}

@test "requests of many scattered pieces are written whole, and in order" {
	image ext4 16M
	run helper disk scattered "$IMG"
	assert_success
}

@test "a flush is the host's fdatasync" {
	image ext4 64M
	run helper refused flush_disk "$IMG"
	assert_success
	image ext4 64M
	run helper refused flush_ext4 "$IMG"
	assert_success
}

@test "so is a write that has to be on the disk (FUA)" {
	image ext4 64M
	run helper refused fua "$IMG"
	assert_success
}

@test "what the host has in its cache is read at once, other blocks by who may wait" {
	[ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" != tmpfs ] || skip "$BATS_TEST_TMPDIR is in memory"
	truncate -s 64M "$BATS_TEST_TMPDIR/img"
	run helper refused inline_read "$BATS_TEST_TMPDIR/img"
	assert_success
}
