#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A file of one kernel is never taken for a file of the other: the device numbers of stat(2).

setup() {
	load setup.bash
	TAB=$'\t'
	cd "$BATS_TEST_TMPDIR" || return
	image ext4 32M
}

# on_image COMMAND...: run it with the image on /mnt and memory on /mem.
on_image() {
	RUMP_MOUNT="$IMG:/mnt;none:/mem:type=tmpfs" RUMPHIJACK=blanket=/mnt:/mem hijacked "$@"
}

# on_two COMMAND...: the same, with $IMG on /one and $OTHER on /two.
on_two() {
	RUMP_MOUNT="$IMG:/one;$OTHER:/two" RUMPHIJACK=blanket=/one:/two hijacked "$@"
}

# fill FILE...: files of the host that go into the image when it is made, so that their inode
# numbers there are known: 12 and on.
fill() {
	mkdir -p fill
	local file
	for file; do
		echo "$file in the image" >"fill/$file"
	done
	mkfs.ext4 -q -F -d fill "$IMG"
}

@test "each call that tells a device tells one that the host cannot have" {
	fill a
	cat >devices.py <<-'END'
		import ctypes, os, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		room = ctypes.create_string_buffer(256)
		STAT, FSTAT, LSTAT, NEWFSTATAT, STATX = 4, 5, 6, 262, 332
		AT_FDCWD, AT_EMPTY_PATH, BASIC = -100, 0x1000, 0x7ff

		def call(*args):
		    if libc.syscall(*args) != 0:
		        sys.exit("%s: %s" % (args, os.strerror(ctypes.get_errno())))

		def status(*args):
		    call(*args)
		    return struct.unpack_from("Q", room, 0)[0]

		def extended(*args):
		    call(*args)
		    return os.makedev(*struct.unpack_from("II", room, 0x88))

		for name in sys.argv[1:]:
		    fd = os.open(name, os.O_RDONLY)
		    path = name.encode()
		    print(name, *(os.major(dev) // 4096 for dev in (
		        status(STAT, path, room),
		        status(LSTAT, path, room),
		        status(FSTAT, fd, room),
		        status(NEWFSTATAT, AT_FDCWD, path, room, 0),
		        status(NEWFSTATAT, fd, b"", room, AT_EMPTY_PATH),
		        extended(STATX, AT_FDCWD, path, 0, BASIC, room),
		        extended(STATX, fd, b"", AT_EMPTY_PATH, BASIC, room))))
	END
	run on_image python3 devices.py /mnt /mnt/a /mem / "$PWD"
	assert_success
	assert_output "/mnt 1 1 1 1 1 1 1
/mnt/a 1 1 1 1 1 1 1
/mem 1 1 1 1 1 1 1
/ 0 0 0 0 0 0 0
$PWD 0 0 0 0 0 0 0"
}

@test "the rest of the number is the rump kernel's, and st_rdev is untouched" {
	cat >rdev.py <<-'END'
		import os
		os.mknod("/mem/null", 0o20666, os.makedev(1, 3))
		st = os.stat("/mem/null")
		print(os.major(st.st_rdev), os.minor(st.st_rdev))
		print(os.major(os.stat("/mnt").st_dev), os.minor(os.stat("/mnt").st_dev))
		print(os.major(st.st_dev))
	END
	run on_image python3 rdev.py
	assert_success
	assert_output $'1 3\n4350 0\n4096'
}

@test "two file systems of the rump kernel have two devices, and hard links one inode" {
	OTHER=$IMG
	image ext4 32M
	cat >same.py <<-'END'
		import os
		open("/one/a", "w")
		os.link("/one/a", "/one/b")
		print(os.path.samefile("/one/a", "/one/b"), os.path.samefile("/one", "/two"),
		      os.path.ismount("/one"))
	END
	run on_two python3 same.py
	assert_success
	assert_output 'True False True'
}

@test "a failing call leaves what the program has there" {
	cat >failing.py <<-'END'
		import ctypes
		room = ctypes.create_string_buffer(256)
		libc = ctypes.CDLL(None)
		print(libc.syscall(4, b"/mnt/none", room), libc.syscall(332, -100, b"/mnt/none", 0, 0x7ff, room),
		      room.raw == bytes(256))
		print(libc.syscall(4, b"/mnt", ctypes.c_void_p(8)))
	END
	run on_image python3 failing.py
	assert_success
	assert_output $'-1 -1 True\n-1'
}

@test "rm -r removes trees, and of a mount point all that is below it" {
	fill a b
	run on_image rm -r /mnt/lost+found
	assert_success
	run on_image rm -r /mnt
	assert_failure 1
	assert_output "rm: cannot remove '/mnt': Device or resource busy"
	run on_image find /mnt
	assert_output /mnt
	assert_image_clean
}

@test "rm -r of a root directory is refused only if it is the program's" {
	run on_image rm -r /
	assert_failure 1
	assert_output --partial "dangerous to operate recursively on '/'"
	run on_image rm -r --one-file-system /mnt
	assert_failure 1
	refute_output --partial dangerous
}

# collision: HOST, a file of the host, and TWIN, one of the image with the same inode number. Where the
# host has no file with a small one, the numbers differ.
collision() {
	local inode=12 n
	read -r inode HOST < <(find /etc /usr/bin /usr/lib -xdev -maxdepth 3 -type f -inum +11 -inum -3000 -size -64k \
		-size +0 -readable -printf '%i %p\n' 2>/dev/null | sort -n) || true
	: "${inode:=12}" "${HOST:=/etc/passwd}"
	mkdir fill
	for ((n = 12; n <= inode; n++)); do echo "$n in the image" >"fill/$(printf %05d "$n")"; done
	mkfs.ext4 -q -F -N 4096 -d fill "$IMG"
	TWIN=$(debugfs -R "ncheck $inode" "$IMG" 2>/dev/null | awk 'NR == 2 { print "/mnt" $2 }')
	: "${TWIN:=/mnt/00012}"
	assert [ "$TWIN" != /mnt ]
}

@test "files of the same inode number are two files to cp, mv, cmp and diff" {
	collision
	run on_image cmp "$HOST" "$TWIN"
	assert_failure 1
	run on_image diff -q "$HOST" "$TWIN"
	assert_failure 1
	run on_image cp "$TWIN" twin
	assert_success
	assert_equal "$(cat twin)" "$(basename "$TWIN" | sed 's/^0*//') in the image"
	run on_image cp "$HOST" "$TWIN"
	assert_success
	refute_output
	run on_image cmp "$HOST" "$TWIN"
	assert_success
	run on_image mv twin "$TWIN"
	assert_success
	run on_image cp --preserve=all "$TWIN" again
	assert_success
	run on_image cat "$TWIN" again
	assert_line --index 0 --regexp '^[0-9]+ in the image$'
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_not_exists twin
	assert_image_clean
}

@test "find -xdev and du -x stop between the kernels, and go through without" {
	mkdir -p top/mnt top/mem
	echo text >top/host
	echo text >outside
	local top=$PWD/top
	both() {
		RUMP_MOUNT="$IMG:$top/mnt;none:$top/mem:type=tmpfs" \
			RUMPHIJACK=blanket=$top/mnt:$top/mem hijacked "$@"
	}
	run both cp outside top/mnt/inside
	assert_success
	run both find top -xdev
	assert_success
	refute_output --partial inside
	assert_line top/host
	assert_line top/mnt
	run both find top
	assert_success
	assert_line top/mnt/inside
	assert_line top/mnt/lost+found
	assert_line top/host
	run both find top/mnt -xdev
	assert_line top/mnt/inside
	refute_line top/host
	# Blocks of the file, of lost+found and of the root are counted once each, by their kernel.
	run both du -s --apparent-size -B1 top/mnt
	assert_success
	assert_output --regexp "^1[0-9]{4}${TAB}top/mnt\$"
	run both du -sx --apparent-size -B1 top
	local -i without=${output%%[!0-9]*}
	run both du -s --apparent-size -B1 top
	local -i with=${output%%[!0-9]*}
	assert [ "$with" -gt "$((without + 12000))" ]
}

@test "df shows the file system that a file is on, and not a disk of the host" {
	run on_image df --output=size,target /mnt/lost+found
	assert_success
	local -i size
	read -r size _ <<<"${lines[1]}"
	assert [ "$size" -gt 20000 ]
	assert [ "$size" -lt 33000 ]
	assert_line --index 1 --regexp ' /mnt$'
	run on_image df --output=source /mnt
	assert_line --index 1 --regexp '^/dev/'
	run on_image test -e "${lines[1]}"
	assert_failure
	run on_image df --output=target,source .
	assert_success
	assert_output "$(df --output=target,source .)"
}
