#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What differs with the file system: tmpfs, vfat, XFS, btrfs.

setup() {
	load setup.bash
}

# works TYPE: trees go in and out, and are changed
works() {
	local options=()
	[ "$1" != vfat ] || options=(--no-preserve=all)
	run inside cp -a "${options[@]}" "$TREE/usb" "$TREE/openat2.h" /mnt/
	assert_success
	assert_output ""
	run inside diff -r "$TREE/usb" /mnt/usb
	assert_success
	run inside mv /mnt/usb /mnt/moved
	assert_success
	run inside sed -i s/RESOLVE/SOLVE/ /mnt/openat2.h
	assert_success
	run inside tar -C /mnt -cf /mnt/t.tar moved
	assert_success
	run inside tar -C /mnt -df /mnt/t.tar
	assert_success
	run inside rm -r /mnt/moved
	assert_success
	run inside sqlite3 /mnt/db 'create table t(a); insert into t values(1); select * from t'
	assert_output 1
	run inside dd if=/dev/zero of=/mnt/direct bs=1M count=2 oflag=direct conv=fsync status=none
	assert_success
	run inside python3 -c 'import mmap, os
f = os.open("/mnt/map", os.O_RDWR | os.O_CREAT); os.ftruncate(f, 100000)
m = mmap.mmap(f, 0); m[50000:50005] = b"12345"; print(os.pread(f, 5, 50000))
os.pwrite(f, b"67", 50001); print(m[50000:50005])'
	assert_output "$(printf "b'12345'\nb'16745'")"
	run inside ls /mnt
	assert_output "$(printf 'db\ndirect\nmap\nopenat2.h\nt.tar')"
	assert_image_clean
}

@test "XFS" {
	new_image xfs 320M
	works xfs
}

@test "XFS and btrfs: cp --reflink=always shares blocks" {
	for type in xfs btrfs; do
		new_image "$type" 320M
		inside cp "$TREE/nl80211.h" /mnt/a
		run inside cp --reflink=always /mnt/a /mnt/b
		assert_success
		run inside cmp /mnt/b "$TREE/nl80211.h"
		assert_success
		run inside cp --reflink=always "$TREE/nl80211.h" /mnt/c
		assert_failure
		run inside cp --reflink=auto "$TREE/nl80211.h" /mnt/c
		assert_success
		run inside cmp /mnt/c "$TREE/nl80211.h"
		assert_success
		assert_image_clean
	done
}

@test "btrfs" {
	new_image btrfs 256M
	works btrfs
}

@test "vfat" {
	new_image vfat 96M
	works vfat
	run inside ln -s a /mnt/link
	assert_failure
	assert_output --partial 'Operation not permitted'
}

@test "tmpfs, in one process" {
	mkdir -p "$HERE"
	run timeout -k 2 60 "$RUMP_COMMAND" run -m tmpfs:/mnt -- python3 -c '
import shutil, os, filecmp, sys
shutil.copytree(sys.argv[1], "/mnt/tree", symlinks=True)
c = filecmp.dircmp(sys.argv[1], "/mnt/tree")
print(c.diff_files, c.left_only, c.right_only, len(c.same_files) > 100)
os.rename("/mnt/tree", "/mnt/moved"); shutil.rmtree("/mnt/moved"); print(os.listdir("/mnt"))
os.symlink("x", "/mnt/l"); print(os.readlink("/mnt/l"))' "$TREE"
	assert_success
	assert_output "$(printf '[] [] [] True\n[]\nx')"
}
