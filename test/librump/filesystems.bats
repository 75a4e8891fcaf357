#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Every file system of the configuration: an image by its own mkfs, used, judged by its own fsck.

load setup

setup() {
	IMG=$BATS_TEST_TMPDIR/img
}

# writable TYPE TRAITS [OPTIONS]: use the image, and look at it again in a new kernel.
writable() {
	run helper fs exercise "$IMG" "$@"
	assert_success
	run helper fs verify "$IMG" "$@"
	assert_success
}

# tree: a directory for the read-only types.
tree() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE/dir/deep/er" "$TREE/many"
	head -c 3000000 /dev/urandom >"$TREE/random"
	yes 'compressible' 2>/dev/null | head -c 2500000 >"$TREE/dir/text"
	echo small >"$TREE/dir/small"
	echo top >"$TREE/top"
	: >"$TREE/empty"
	chmod 640 "$TREE/dir/small"
	for i in {1..500}; do echo "$i" >"$TREE/many/entry-number-$i"; done
	echo 'long name' >"$TREE/dir/deep/er/$(printf 'n%.0s' {1..60}).Mixed Case"
}

links() {
	ln -s dir/small "$TREE/soft"
	ln -s /absolute/nowhere "$TREE/dir/dangling"
	ln "$TREE/top" "$TREE/hard"
}

@test "ext4: written, read again, e2fsck clean" {
	image ext4 64M
	writable ext4 slxhma
	run e2fsck -fn "$IMG"
	assert_success
	refute_output --partial 'recovering journal'
}

@test "ext2 and ext3 images are ext4's" {
	mkfs.ext2 -q -F "$IMG" 64M
	writable ext2 slxhma
	e2fsck -fn "$IMG"
	rm "$IMG"
	mkfs.ext3 -q -F "$IMG" 64M
	writable ext3 slxhma
	e2fsck -fn "$IMG"
}

@test "XFS: written, read again, xfs_repair clean" {
	truncate -s 320M "$IMG"
	mkfs.xfs -q "$IMG"
	writable xfs slxhma
	run xfs_repair -n "$IMG"
	assert_success
}

@test "btrfs: written, read again, btrfs check clean" {
	truncate -s 256M "$IMG"
	mkfs.btrfs -q "$IMG" >/dev/null
	writable btrfs slxhma
	run btrfs check "$IMG"
	assert_success
	run btrfs check --check-data-csum "$IMG"
	assert_success
}

@test "btrfs compresses with zlib, lzo and zstd" {
	local c
	for c in zlib lzo zstd; do
		rm -f "$IMG"
		truncate -s 256M "$IMG"
		mkfs.btrfs -q "$IMG" >/dev/null
		writable btrfs slxhma "compress-force=$c"
		btrfs check --check-data-csum "$IMG"
	done
}

@test "f2fs: written, read again, fsck.f2fs clean" {
	truncate -s 128M "$IMG"
	mkfs.f2fs -q "$IMG"
	writable f2fs slxhma
	run fsck.f2fs --dry-run "$IMG"
	assert_success
	refute_output --partial '[FIX]'
	refute_output --partial '[Fail]'
	refute_output --partial 'ASSERT'
}

@test "vfat: written, read again, fsck.vfat clean" {
	image vfat 64M
	writable vfat ''
	run fsck.vfat -n "$IMG"
	assert_success
	refute_output --partial 'Dirty bit'
}

@test "exfat: written, read again, fsck.exfat clean" {
	truncate -s 64M "$IMG"
	mkfs.exfat "$IMG"
	writable exfat ''
	run fsck.exfat -n "$IMG"
	assert_success
	assert_output --partial clean
}

@test "ntfs3: written, read again, ntfsfix and ntfscat agree" {
	truncate -s 64M "$IMG"
	mkntfs -F -q "$IMG" 2>/dev/null
	writable ntfs3 slmx
	run ntfsfix -n "$IMG"
	assert_success
	run ntfscat -q "$IMG" dir/moved
	assert_success
	assert_output 'two!'
	run ntfsls -q -p many "$IMG"
	assert_success
	assert_equal "$(grep -c '^entry-' <<<"$output")" 250
}

@test "UDF: written, read again, udfinfo finds it closed" {
	truncate -s 64M "$IMG"
	mkudffs --blocksize=512 "$IMG" >/dev/null
	writable udf slhm
	run udfinfo "$IMG"
	assert_success
	assert_output --partial 'integrity=closed'
}

@test "nilfs2: written, read again, its superblock says valid" {
	truncate -s 256M "$IMG"
	mkfs.nilfs2 -q "$IMG"
	writable nilfs2 slhm
	# Its tools take only block devices. There are two superblocks, at 1024 and at the end:
	# in the later one (s_last_cno at 56) s_state (at 116) is to be NILFS_VALID_FS.
	local at best=-1 state='' cno
	for at in 1024 $((256 * 1048576 - 4096)); do
		cno=$(od -An -tu8 -j $((at + 56)) -N 8 "$IMG")
		[ "$cno" -gt "$best" ] || continue
		best=$cno
		state=$(od -An -tu2 -j $((at + 116)) -N 2 "$IMG")
	done
	assert [ "$best" -gt 1 ]
	assert_equal "$((state))" 1
}

@test "minix: written, read again, fsck.minix clean" {
	truncate -s 64M "$IMG"
	mkfs.minix -3 "$IMG" >/dev/null
	writable minix slm
	run fsck.minix -fsv "$IMG"
	assert_success
	refute_output --partial 'not'
}

@test "iso9660 with Rock Ridge" {
	tree
	links
	genisoimage -quiet -R -o "$IMG" "$TREE"
	run helper fs same "$IMG" iso9660 s "$TREE"
	assert_success
}

@test "iso9660 with Joliet, names in Unicode" {
	tree
	echo ü >"$TREE/dir/größe"
	genisoimage -quiet -J -joliet-long -input-charset utf-8 -o "$IMG" "$TREE"
	run helper fs same "$IMG" iso9660 '' "$TREE" iocharset=utf8
	assert_success
}

@test "iso9660 as xorriso writes it" {
	tree
	links
	xorriso -as mkisofs -quiet -R -J -o "$IMG" "$TREE"
	run helper fs same "$IMG" iso9660 s "$TREE"
	assert_success
}

@test "squashfs with zlib, xz, zstd and lz4" {
	local c
	tree
	links
	setfattr -n user.name -v 'a value' "$TREE/top"
	for c in gzip xz zstd lz4 lzo; do
		mksquashfs "$TREE" "$IMG.$c" -comp "$c" -quiet -no-progress >/dev/null
		run helper fs same "$IMG.$c" squashfs msx "$TREE"
		assert_success
	done
}

@test "erofs, plain and with lz4" {
	local z
	tree
	links
	setfattr -n user.name -v 'a value' "$TREE/top"
	for z in '' -zlz4 -zlz4hc,9; do
		rm -f "$IMG"
		mkfs.erofs --quiet $z "$IMG" "$TREE" >/dev/null 2>&1 || mkfs.erofs $z "$IMG" "$TREE" >/dev/null
		run helper fs same "$IMG" erofs msx "$TREE"
		assert_success
	done
}

@test "the type of an image is found without being told" {
	local t
	tree
	truncate -s 128M "$BATS_TEST_TMPDIR/f2fs"
	mkfs.f2fs -q "$BATS_TEST_TMPDIR/f2fs"
	mksquashfs "$TREE" "$BATS_TEST_TMPDIR/squashfs" -quiet -no-progress >/dev/null
	mkfs.erofs "$BATS_TEST_TMPDIR/erofs" "$TREE" >/dev/null
	genisoimage -quiet -R -o "$BATS_TEST_TMPDIR/iso9660" "$TREE"
	truncate -s 64M "$BATS_TEST_TMPDIR/ntfs3" "$BATS_TEST_TMPDIR/exfat"
	mkntfs -F -q "$BATS_TEST_TMPDIR/ntfs3" 2>/dev/null
	mkfs.exfat "$BATS_TEST_TMPDIR/exfat" >/dev/null
	for t in f2fs squashfs erofs iso9660 ntfs3 exfat; do
		run timeout -k 2 20 "$EXAMPLES/imgls" "$BATS_TEST_TMPDIR/$t"
		assert_success
	done
}

@test "tmpfs: all of it, and full at its size" {
	run helper fs tmpfs
	assert_success
}

@test "overlayfs: tmpfs over squashfs" {
	tree
	mksquashfs "$TREE" "$IMG" -quiet -no-progress >/dev/null
	run helper kernfs overlay "$IMG"
	assert_success
}

@test "proc tells about this kernel and this process" {
	run helper kernfs proc
	assert_success
}

@test "sysfs tells about devices" {
	run helper kernfs sysfs
	assert_success
}

# partitioned LABEL: a disk of two partitions, ext4 on the second.
partitioned() {
	truncate -s 64M "$IMG"
	printf 'label: %s\n2048,8M\n32768,40M\n' "$1" | sfdisk -q "$IMG"
	mkfs.ext4 -q -F -E offset=$((32768 * 512)) "$IMG" 40M
}

@test "partitions of a DOS table are devices, and mounted" {
	partitioned dos
	run helper block partition "$IMG"
	assert_success
	dd if="$IMG" of="$IMG.2" bs=1M skip=16 count=40 status=none
	run e2fsck -fn "$IMG.2"
	assert_success
}

@test "partitions of a GPT are devices, and mounted" {
	partitioned gpt
	run helper block partition "$IMG"
	assert_success
	run sfdisk --verify "$IMG"
	assert_success
	dd if="$IMG" of="$IMG.2" bs=1M skip=16 count=40 status=none
	run e2fsck -fn "$IMG.2"
	assert_success
}

@test "a loop device: an image inside an image" {
	image ext4 64M
	mkfs.ext4 -q -F "$BATS_TEST_TMPDIR/inner" 24M
	run helper block loop "$IMG" "$BATS_TEST_TMPDIR/inner"
	assert_success
	e2fsck -fn "$IMG"
	debugfs -R "dump inner $BATS_TEST_TMPDIR/after" "$IMG" 2>/dev/null
	run e2fsck -fn "$BATS_TEST_TMPDIR/after"
	assert_success
	run debugfs -R 'stat file' "$BATS_TEST_TMPDIR/after"
	assert_output --partial "Size: $((3 * 1048576 + 12345))"
}

@test "device-mapper: linear moves sectors, crypt is what openssl undoes" {
	local zeros=00000000000000 key=000102030405060708090a0b0c0d0e0f i
	truncate -s 16M "$IMG"
	run helper block mapper "$IMG"
	assert_success
	assert_equal "$(tail -c 512 "$IMG" | tr -d h)" ''
	assert_equal "$(dd if="$IMG" bs=512 skip=16384 count=1 status=none)" "$(printf 'h%.0s' {1..512})"
	for i in 0 3 15; do
		dd if="$IMG" bs=512 skip=$i count=1 status=none |
			openssl enc -d -aes-128-cbc -K $key -iv "$(printf %02x $i)$zeros$zeros"00 -nopad \
				>"$BATS_TEST_TMPDIR/clear"
		assert_equal "$(cat "$BATS_TEST_TMPDIR/clear")" "$(printf 'c%.0s' {1..512})"
	done
}

@test "a network block device: a server on the rump kernel's loopback serves the image" {
	image ext4 64M
	run helper nbd serve "$IMG"
	assert_success
	assert_output --regexp 'reads [1-9][0-9]*, writes [1-9][0-9]*, flushes [1-9]'
	run e2fsck -fn "$IMG"
	assert_success
	run debugfs -R 'stat file' "$IMG"
	assert_output --partial "Size: $((3 * 1048576 + 12345))"
}

@test "a network block device whose server goes away fails its users" {
	image ext4 64M
	run helper nbd goes_away "$IMG"
	assert_success
}
