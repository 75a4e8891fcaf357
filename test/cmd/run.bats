#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# rump run with real programs on real images, each checked by its fsck.
# shellcheck disable=SC2034 # the library reads the variables

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "files come and go by ordinary programs, on each file system" {
	local type
	mkdir tree
	seq 100000 >tree/numbers
	echo small >tree/small
	for type in ext4 vfat xfs btrfs f2fs exfat ntfs3; do
		rump_image "$type"
		run rump_run cp -r tree /rump
		assert_success
		refute_output
		run rump_run ls /rump/tree
		assert_success
		assert_output $'numbers\nsmall'
		run rump_run cmp tree/numbers /rump/tree/numbers
		assert_success
		run rump_run mv /rump/tree/small /rump/moved
		assert_success
		run rump_run cat /rump/moved
		assert_output small
		run rump_run rm -r /rump/tree
		assert_success
		run rump_run test -e /rump/tree
		assert_failure 1
		assert_image_clean
	done
}

@test "several mounts are seen beside each other and the host" {
	rump_image ext4
	local first=$RUMP_IMG
	rump_image vfat
	echo text >here
	run rump run -m "$first:/one" -m "$RUMP_IMG:/two" -m tmpfs:/three/deep -- python3 -c '
import shutil
shutil.copyfile("here", "/one/a")
shutil.copyfile("/one/a", "/three/deep/c")
shutil.copyfile("/three/deep/c", "/two/b")
shutil.copyfile("/two/b", "there")'
	assert_success
	assert_equal "$(cat there)" text
	run rump run -m "$first:/one" -m "$RUMP_IMG:/two" -- cat /one/a /two/b here
	assert_success
	assert_output $'text\ntext\ntext'
	assert_image_clean "$first"
	assert_image_clean "$RUMP_IMG"
}

@test "partitions of one disk, by their places" {
	truncate -s 64M disk.img
	printf 'label: gpt\nstart=1MiB,size=24MiB\nstart=32MiB,size=24MiB\n' | sfdisk -q disk.img
	mkfs.ext4 -q -E offset=$((1 << 20)) disk.img 24M
	run rump run -m disk.img:/mnt:offset=1m,sizelimit=24m -- sh -c 'echo first >/mnt/f'
	assert_success
	run rump run -m disk.img:/mnt:offset=1m -- cat /mnt/f
	assert_output first
	sfdisk -q --verify disk.img
	dd if=disk.img of=part bs=1M skip=1 count=24 status=none
	assert_image_clean part
}

@test "--ro: reads work, writes fail, the image stays as it was" {
	rump_image ext4
	rump_run sh -c 'echo kept >/rump/f'
	local sum
	sum=$(sha256sum <"$RUMP_IMG")
	RUMP_OPTIONS=(--ro)
	run rump_run cat /rump/f
	assert_output kept
	run rump_run touch /rump/g
	assert_failure
	assert_output --partial 'Read-only file system'
	assert_equal "$(sha256sum <"$RUMP_IMG")" "$sum"
}

@test "a write-protected image is read by somebody else" {
	need_reach
	rump_image ext4
	rump_run sh -c 'echo public >/rump/f'
	# As a name from the root must lead to it.
	local dir
	dir=$(mktemp -d)
	cp "$RUMP_IMG" "$dir/disk.img"
	chmod 755 "$dir"
	chmod 444 "$dir/disk.img"
	run as_nobody "$RUMP" run -m "$dir/disk.img" -- cat /rump/f
	rm -r "$dir"
	assert_success
	assert_line public
}

@test "two kernels do not write one image; readers share it" {
	rump_image ext4
	cat >wait.py <<-'END'
		import os, time
		os.listdir("/rump")
		open("ready", "w")
		time.sleep(60)
	END
	"$RUMP" run -m "$RUMP_IMG" -- python3 wait.py 3>&- &
	local first=$!
	wait_for test -e ready
	run rump_run ls /rump
	assert_failure 1
	assert_output --regexp "^rump: $RUMP_IMG is in use by process [0-9]+ \(rump:python3\)$"
	# Past the command's own check, the kernel's is the same.
	run env LD_PRELOAD="$SHIM" RUMP_MOUNT="$RUMP_IMG:/rump" RUMPHIJACK=blanket=/rump ls /rump
	assert_failure 1
	assert_output --regexp 'is in use by process [0-9]+ \(rump:python3\)'
	kill "$first"
	wait "$first" || true
	rm ready
	"$RUMP" run --ro -m "$RUMP_IMG" -- python3 wait.py 3>&- &
	first=$!
	wait_for test -e ready
	RUMP_OPTIONS=(--ro)
	run rump_run ls /rump
	kill "$first"
	assert_success
	assert_output lost+found
	assert_image_clean
}

@test "what the kernel refuses to mount: its reason, and status 1" {
	rump_image ext4
	run rump run -m "$RUMP_IMG:/mnt:no_such_option" -- ls /mnt
	assert_failure 1
	assert_output --partial no_such_option
	# The superblock is there, the end that it tells of is not.
	truncate -s 1M "$RUMP_IMG"
	run rump run -m "$RUMP_IMG:/mnt" -- ls /mnt
	assert_failure 1
	assert_output --partial 'bad geometry'
}

@test "a wrong list of families is a message and status 2 before the command runs" {
	run rump run -s inet:carrier-pigeon -- echo started
	assert_failure 2
	assert_output --partial carrier-pigeon
	refute_output --partial started
}

@test "kernel options reach the kernel" {
	run rump run --name box --mem 64m --ncpu 2 -m proc:/kernel -- \
		cat /kernel/sys/kernel/hostname /kernel/cpuinfo /kernel/meminfo
	assert_success
	assert_line box
	assert_equal "$(grep -c '^processor' <<<"$output")" 2
	assert_line --regexp '^MemTotal: '
	run rump run -v -m tmpfs:/t -- ls /t
	assert_success
	assert_output --partial 'Linux version 6.12'
}

@test "--trace and --report tell what went to which kernel" {
	rump_image ext4
	RUMP_OPTIONS=(--trace trace --report)
	run rump_run ls /rump
	assert_success
	assert_output --regexp 'rumphijack: [0-9]+ exit host=[0-9]+ rump=[1-9]'
	run grep -cE '^[0-9]+ R openat?\(' trace
	refute_output 0
	run grep -E '^[0-9]+ H .*"/rump' trace
	refute_output
}

@test "sockets go where -s and -n say" {
	# What the host has on a port is not in the way, as it is another stack.
	cat >listen.py <<-'END'
		import socket, time
		s = socket.socket()
		s.bind(('0.0.0.0', 0))
		s.listen()
		print(s.getsockname()[1], file=open('port.new', 'w'))
		__import__('os').rename('port.new', 'port')
		time.sleep(60)
	END
	cat >bind.py <<-'END'
		import socket, sys
		s = socket.socket()
		s.bind(('0.0.0.0', int(open('port').read())))
		print('bound')
	END
	python3 listen.py 3>&- &
	local server=$!
	wait_for test -e port
	run rump run -- python3 bind.py
	assert_failure
	assert_output --partial 'Address already in use'
	for option in '-n none' '-s inet' '-s all' '-n none -s inet:inet6'; do
		# shellcheck disable=SC2086
		run rump run $option -- python3 bind.py
		assert_success
		assert_output bound
	done
	for option in '-s none' '-n none -s local'; do
		# shellcheck disable=SC2086
		run rump run $option -- python3 bind.py
		assert_failure
	done
	kill "$server"
}
