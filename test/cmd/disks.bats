#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What can be mounted, and what is said about what cannot.

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# refused MESSAGE -m-ARGUMENT: status 1, and the command does not run.
refused() {
	run rump run -m "$2" -- echo started
	assert_failure 1
	assert_output --partial "$1"
	refute_output --partial started
}

# type_of IMAGE: the type that it is mounted with.
type_of() {
	variables -m "$1" | sed -n 's/^RUMP_MOUNT=.*:type=//p'
}

@test "the type of each file system is found, and ro where it is never written" {
	for type in ext2 ext3 ext4 vfat xfs btrfs f2fs nilfs2 minix exfat ntfs3; do
		image "$type"
		assert_equal "$(type_of "$IMG")" "$type"
	done
	mkdir tree
	echo file >tree/file
	mksquashfs tree squashfs.img -quiet >/dev/null
	assert_equal "$(type_of squashfs.img)" squashfs,ro
	mkfs.erofs erofs.img tree >/dev/null
	assert_equal "$(type_of erofs.img)" erofs,ro
	genisoimage -quiet -o iso.img tree
	assert_equal "$(type_of iso.img)" iso9660,ro
	truncate -s 64M udf.img
	mkudffs --blocksize=512 udf.img >/dev/null
	assert_equal "$(type_of udf.img)" udf
}

@test "the kernel has every type of the lists, and no other that it shows" {
	cat >types.c <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <unistd.h>
		#include <rump/rump.h>
		#include <rump/rump_syscalls.h>
		int main(int argc, char **argv)
		{
			char list[8192];
			long n;

			if (rump_init())
				return 1;
			for (int i = 1; i < argc; i++)
				if (rump_sys_mount("none", "/", argv[i], 0, NULL) < 0 && errno == ENODEV)
					printf("unknown %s\n", argv[i]);
			n = rump_sys_read(rump_sys_open("/proc/filesystems", O_RDONLY, 0), list, sizeof(list));
			return n <= 0 || write(1, list, n) != n;
		}
	END
	gcc types.c -o types -I"$RUMP_TOP/include" -I"$BUILD/include" -L"$BUILD/lib" -lrump -lrumpuser \
		-Wl,-rpath,"$BUILD/lib"
	local nodev disk
	mapfile -t nodev < <(sed -n '/nodev_types\[\]/,/;/p' "$RUMP_TOP/cmd/types.c" | grep -o '"[^"]*"' | tr -d '"')
	mapfile -t disk < <(sed -n '/disk_types\[\]/,/;/p' "$RUMP_TOP/cmd/types.c" | grep -o '"[^"]*"' | tr -d '"')
	[ ${#nodev[@]} -gt 5 ] && [ ${#disk[@]} -gt 10 ]
	run ./types no-such-type "${nodev[@]}" "${disk[@]}"
	assert_success
	assert_line 'unknown no-such-type'
	assert_equal "$(grep -c '^unknown' <<<"$output")" 1
	# Of those that the kernel shows, some cannot be mounted by a name, or need a server in fuse's.
	assert_equal "$(grep -vE '^unknown|(sock|pipe)fs$|fuse' <<<"$output" | awk '{ print $NF }' | sort)" \
		"$(printf '%s\n' "${nodev[@]}" "${disk[@]}" | sort)"
}

@test "what is no disk is refused" {
	refused 'nowhere.img: No such file or directory' nowhere.img
	refused 'no/such: No such file or directory' no/such:/mnt
	refused 'is a directory; an image or a block device' /tmp
	refused 'neither an image nor a block device' /dev/null
	mkfifo fifo
	refused 'neither an image nor a block device' fifo
	: >empty
	refused 'empty ' empty
	echo 'just text' >text
	refused 'text has no file system that libblkid knows' text
	head -c 1M /dev/urandom >noise
	refused 'noise has no file system that libblkid knows' noise
}

@test "a file named like a type is the file, a directory is not" {
	image ext4
	mv "$IMG" tmpfs
	run variables -m tmpfs
	assert_line "RUMP_MOUNT=$PWD/tmpfs:/rump:type=ext4"
	mkdir proc
	run rump run -m proc:/rump -- grep -c ^MemTotal: /rump/meminfo
	assert_success
	assert_output 1
}

@test "what libblkid knows but cannot be mounted is named" {
	truncate -s 32M swap
	mkswap -q swap 2>/dev/null || mkswap swap >/dev/null
	refused 'swap is not a file system but swap (other)' swap
	image ext4
	refused "has no file system 'hfsplus'" "$IMG:/mnt:type=hfsplus"
}

@test "more than one file system in an image: the user says which" {
	image ext4
	# A btrfs superblock at 64 KiB beside ext4's at 1 KiB.
	truncate -s 128M other
	mkfs.btrfs -q other
	dd if=other of="$IMG" bs=4096 count=1 skip=16 seek=16 conv=notrunc status=none
	refused 'traces of more than one file system' "$IMG"
	run variables -m "$IMG:/mnt:type=ext4"
	assert_line "RUMP_MOUNT=$IMG:/mnt:type=ext4"
}

@test "a partition table: the message says how to mount each partition" {
	for label in gpt dos; do
		truncate -s 64M "$label.img"
		printf 'label: %s\nstart=1MiB,size=16MiB\nsize=8MiB\n' "$label" | sfdisk -q "$label.img"
		mkfs.vfat -C part.vfat 16384 >/dev/null
		dd if=part.vfat of="$label.img" bs=1M seek=1 conv=notrunc status=none
		rm part.vfat
		run rump run -m "$label.img:/mnt" -- echo started
		assert_failure 1
		assert_line --partial "$label.img has a partition table ($label)"
		assert_line "  -m $label.img:/mnt:offset=1048576,sizelimit=16777216  (vfat)"
		assert_line "  -m $label.img:/mnt:offset=17825792,sizelimit=8388608  (no file system)"
		refute_line started
		run variables -m "$label.img:/mnt:offset=1048576,sizelimit=16777216"
		assert_line "RUMP_MOUNT=$PWD/$label.img:/mnt:type=vfat,offset=1048576,sizelimit=16777216"
		run variables -m "$label.img:/mnt:offset=1m,noatime"
		assert_line "RUMP_MOUNT=$PWD/$label.img:/mnt:type=vfat,offset=1048576,noatime"
		refused 'no file system' "$label.img:/mnt:offset=17m"
	done
	run rump run -m dos.img:/mnt:offset=some true
	assert_failure 2
	assert_output --partial "'some' is no number of bytes"
	refused 'dos.img' dos.img:/mnt:offset=65m
}

@test "a partition is mounted from its place, with its type given or found" {
	local uuid=6c4c2d1e-0000-4000-8000-0123456789ab
	truncate -s 64M disk.img
	printf 'label: gpt\nstart=1MiB,size=24MiB\nstart=32MiB,size=24MiB\n' | sfdisk -q disk.img
	mkfs.ext4 -q -U "$uuid" -E offset=$((32 << 20)) disk.img 24M
	export RUMPHIJACK_BOOT=1
	run rump run -v -m disk.img:/mnt:offset=32m,sizelimit=24m true
	assert_success
	assert_output --partial "mounted filesystem $uuid"
	RUMP_MOUNT=disk.img:/mnt:offset=$((32 << 20)) run rump run -v true
	assert_success
	assert_output --partial "mounted filesystem $uuid"
	RUMP_MOUNT=disk.img:/mnt:offset=1048576 run rump run -v echo started
	assert_failure 1
	assert_output --partial 'no file system'
	refute_output --partial started
	RUMP_MOUNT=disk.img:/mnt:offset=1m run rump run echo started
	assert_failure 2
	assert_output --partial 'not a number'
	# What lies outside was not written.
	sfdisk -q --verify disk.img
	dd if=disk.img of=part bs=1M skip=32 count=24 status=none
	assert_image_clean part
}

@test "an extended partition is not offered, the logical ones are" {
	truncate -s 64M disk.img
	printf 'label: dos\nstart=1MiB,size=8MiB\nstart=10MiB,size=40MiB,type=5\nstart=12MiB,size=8MiB\n' |
		sfdisk -q disk.img
	run rump run -m disk.img -- true
	assert_failure 1
	assert_equal "$(grep -c '^  -m ' <<<"$output")" 2
	assert_line --partial offset=12582912,sizelimit=8388608
}

@test "an image in use is refused, and the holder named" {
	image ext4
	exec 7<>"$IMG"
	flock -n 7
	refused "$IMG is in use by process" "$IMG"
	flock -u 7
	flock -n -s 7
	refused "$IMG is in use by process" "$IMG"
	# Readers do not mind each other.
	run variables --ro -m "$IMG"
	assert_success
	flock -n 7
	run rump run --ro -m "$IMG" true
	assert_failure 1
	exec 7>&-
	flock --no-fork "$IMG" sleep 60 3>&- &
	local holder=$!
	wait_for not flock -n "$IMG" true
	run rump run -m "$IMG" true
	kill "$holder"
	assert_failure 1
	assert_output "rump: $IMG is in use by process $holder (sleep)"
}

@test "one disk cannot be mounted twice, unless both times read-only" {
	image ext4
	ln "$IMG" other
	run rump run -m "$IMG:/a" -m other:/b -- true
	assert_failure 1
	assert_output 'rump: other can be mounted only once, or read-only each time, or in parts with offset= and sizelimit= that do not overlap'
	run rump run -m "$IMG:/a:ro" -m other:/b -- true
	assert_failure 1
	run rump run --ro -m "$IMG:/a" -m other:/b -- /usr/bin/env
	assert_success
	run variables -m tmpfs:/a -m tmpfs:/b
	assert_success
}

@test "the image is locked from before the command begins until it has ended" {
	image ext4
	run rump run -m "$IMG" -- flock -n "$IMG" echo free
	assert_failure 1
	refute_output
	run flock -n "$IMG" echo free
	assert_success
	assert_output free
	run rump run --ro -m "$IMG" -- flock -n -s "$IMG" echo shared
	assert_success
	assert_output shared
}

@test "an image without permissions is refused, a write-protected one is mounted read-only" {
	need_reach
	image ext4
	# As a name from the root must lead to it.
	local dir
	dir=$(mktemp -d /tmp/rump-XXXXXX)
	mv "$IMG" "$dir/disk.img"
	cd "$dir"
	chmod 755 .
	chmod 000 disk.img
	run as_nobody "$RUMP" run -m disk.img /usr/bin/env
	assert_failure 1
	assert_output --partial "disk.img: Permission denied"
	chmod 444 disk.img
	run as_nobody "$RUMP" run -m disk.img /usr/bin/env
	assert_success
	assert_line "rump: disk.img cannot be written and is mounted read-only"
	assert_line "RUMP_MOUNT=$PWD/disk.img:/rump:type=ext4,ro"
	run as_nobody "$RUMP" run --ro -m disk.img /usr/bin/env
	assert_success
	refute_line --partial 'cannot be written'
	cd "$BATS_TEST_TMPDIR"
	rm -r "$dir"
}

@test "an image that nobody looks at is mounted and unmounted, with --ro not changed" {
	image ext4
	local sum
	sum=$(stat -c %y "$IMG" && sha256sum <"$IMG")
	run variables --ro -m "$IMG"
	assert_success
	assert_equal "$(stat -c %y "$IMG" && sha256sum <"$IMG")" "$sum"
	run variables -m "$IMG"
	assert_success
	run dumpe2fs -h "$IMG"
	assert_line --regexp '^Mount count: +1$'
	assert_image_clean
}
