#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The library for users' suites, as they load it.
# shellcheck disable=SC2030,SC2031,SC2034 # each test has its own variables, which the library reads

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# suite: run standard input as a suite of a user, who has set nothing of ours. TEST stands for @test,
# which bats would see in this file.
suite() {
	sed 's/^TEST/@test/' >user.bats
	env -u RUMP_COMMAND -u RUMP_IMG BATS_LIB_PATH="$BUILD/lib/bats:/usr/lib/bats" bats --tap user.bats
}

@test "it is found by its name, and finds the command that goes with it" {
	run suite <<-'END'
		bats_load_library rump
		TEST "environment" {
			rump_image vfat
			run rump_run /usr/bin/env
			[ "$status" -eq 0 ]
			[[ $output == *"RUMP_MOUNT=$BATS_TEST_TMPDIR/vfat.img:/rump:type=vfat"* ]]
			[[ $output == *"RUMPHIJACK=blanket=/rump,socket=none"* ]]
		}
	END
	assert_success
	assert_line 'ok 1 environment'
}

@test "RUMP_DIR, RUMP_OPTIONS and RUMP_COMMAND are heeded" {
	rump_image ext4
	mv "$RUMP_IMG" 'a:b\c'
	RUMP_IMG=$PWD/'a:b\c' RUMP_DIR=/data
	RUMP_OPTIONS=(--mem 96m -s inet)
	run rump_run /usr/bin/env
	assert_success
	assert_line "RUMP_MOUNT=$PWD/a\\:b\\\\c:/data:type=ext4"
	assert_line RUMPHIJACK=blanket=/data,socket=inet
	assert_line RUMP_MEMLIMIT=96m
	printf '#!/bin/sh\necho "other: $*"\n' >other
	chmod +x other
	RUMP_COMMAND=$PWD/other RUMP_IMG='' run rump_run true
	assert_output 'other: run --mem 96m -s inet -- true'
}

@test "without an image there is no mount, and the status is the command's" {
	unset RUMP_IMG
	# shellcheck disable=SC2016
	run rump_run sh -c 'echo "$RUMPHIJACK"; exit 9'
	assert_failure 9
	assert_output socket=none
}

# users_of KERNEL IMAGE: the processes that know of the one, and the descriptors of the other
users_of() {
	grep -lF "${1#unix://}" /proc/[0-9]*/environ 2>/dev/null || true
	find /proc/[0-9]*/fd -lname "$2*" 2>/dev/null || true
}

# none_left FILE: of the kernels and images of a suite, which it has written there, nothing is there any more
none_left() {
	local kernel image turn
	assert_file_not_empty "$1"
	while read -r kernel image; do
		assert_not_exists "${kernel#unix://}"
		assert_not_exists "$(dirname "${kernel#unix://}")"
		for ((turn = 0; turn < 100; turn++)); do
			run users_of "$kernel" "$image"
			[ -n "$output" ] || break
			sleep 0.1
		done
		refute_output
	done <"$1"
}

@test "a kernel for a file: its tests share it, and nothing is left" {
	run suite <<-END
		bats_load_library rump
		setup_file() {
			export RUMP_DIR=/data
			rump_image ext4
			rump_start -m tmpfs:/scratch
			echo "\$RUMP_URL \$RUMP_IMG" >'$PWD/kernels'
			$(declare -f users_of)
			users_of "\$RUMP_URL" "\$RUMP_IMG" >'$PWD/users'
		}
		teardown_file() {
			rump_stop
			assert_image_clean
		}
		TEST "first" { rump_in sh -c 'echo text >/data/f; echo memory >/scratch/g'; }
		TEST "second" {
			run rump_in cat /data/f /scratch/g
			[ "\$output" = "text
		memory" ]
			run rump_start
			[ "\$status" -eq 1 ]
			[[ \$output == *'has not been stopped' ]]
		}
		TEST "third" {
			RUMP_TIMEOUT=1 run rump_in sleep 30
			[ "\$status" -eq 124 ]
			run rump_in sh -c 'exit 9'
			[ "\$status" -eq 9 ]
		}
	END
	assert_success
	assert_line 'ok 3 third'
	run cat users
	assert_line --partial /fd/
	none_left kernels
}

@test "a kernel for a test: nothing is left after a failure, of the test or of its kernel" {
	run suite <<-END
		bats_load_library rump
		setup() {
			rump_image ext4
			rump_start
			echo "\$RUMP_URL \$RUMP_IMG" >>'$PWD/kernels'
		}
		teardown() { rump_stop; }
		TEST "fails" { rump_in false; }
		TEST "leaves a process" {
			rump_in sh -c 'while : >/rump/busy; do sleep 0.1; done' 2>/dev/null 3>&- &
			until rump_in test -e /rump/busy; do sleep 0.1; done
		}
		TEST "ends its kernel" { '$RUMP' halt --force "\$RUMP_URL"; }
		TEST "works" { rump_in touch /rump/f; }
	END
	assert_failure
	assert_line 'not ok 1 fails'
	assert_line 'ok 2 leaves a process'
	assert_line 'not ok 3 ends its kernel'
	assert_line 'ok 4 works'
	assert_equal "$(wc -l <kernels)" 4
	none_left kernels
}

@test "a kernel that cannot be started is a failure and leaves nothing; without one rump_in fails" {
	mktemp() {
		command mktemp "$@" | tee folder
	}
	: >empty
	RUMP_IMG=$PWD/empty run -1 rump_start
	assert_output --partial empty
	assert_not_exists "$(cat folder)"
	run -1 rump_in true
	assert_output 'rump_in: rump_start has booted no kernel'
	run rump_stop
	assert_success
}

@test "a command that takes too long is killed" {
	RUMP_TIMEOUT=1 run rump_run sleep 30
	assert_failure 124
}

@test "an image of each type, of any size; a new one is clean" {
	local type
	for type in ext2 ext3 ext4 vfat xfs btrfs f2fs minix exfat; do
		rump_image "$type"
		assert_equal "$RUMP_TYPE" "$type"
		assert_image_clean
	done
	for type in ntfs3 nilfs2; do
		rump_image "$type"
		assert [ -s "$RUMP_IMG" ]
	done
	rump_image ext4 20M -L label
	assert_equal "$(stat -c %s "$RUMP_IMG")" 20971520
	assert_equal "$(blkid -p -o value -s LABEL "$RUMP_IMG")" label
	run rump_image nofs
	assert_failure
	assert_output --partial 'of type nofs'
	run rump_image ext4 1K
	assert_failure
}

@test "images of one type have names of their own" {
	rump_image ext4
	local first=$RUMP_IMG
	rump_image ext4
	assert_not_equal "$RUMP_IMG" "$first"
	assert_image_clean "$first"
	assert_image_clean
}

@test "damage is found, and the check changes nothing" {
	local type sum
	# What is overwritten: a superblock's copy is not enough, a bitmap or a tree is.
	rump_image ext4
	dd if=/dev/urandom of="$RUMP_IMG" bs=4096 seek=20 count=200 conv=notrunc status=none
	run assert_image_clean
	assert_failure
	assert_output --partial 'image is not clean'
	rump_image vfat
	# The first FAT differs from the second.
	printf '\x55\x55\x55' | dd of="$RUMP_IMG" bs=1 seek=2100 conv=notrunc status=none
	sum=$(sha256sum <"$RUMP_IMG")
	run assert_image_clean
	assert_failure
	assert_equal "$(sha256sum <"$RUMP_IMG")" "$sum"
	rump_image xfs
	dd if=/dev/urandom of="$RUMP_IMG" bs=512 seek=1 count=3 conv=notrunc status=none
	run assert_image_clean
	assert_failure
	rump_image btrfs
	dd if=/dev/urandom of="$RUMP_IMG" bs=1M seek=20 count=60 conv=notrunc status=none
	run assert_image_clean
	assert_failure
	: >empty
	run assert_image_clean empty
	assert_failure
	assert_output --partial 'there is no file system'
}

@test "an ext4 image whose journal has to be replayed is not clean" {
	rump_image ext4
	debugfs -w -R 'feature needs_recovery' "$RUMP_IMG" 2>/dev/null
	run assert_image_clean
	assert_failure
}

@test "a vfat image with the dirty bit is not clean" {
	rump_image vfat
	# Byte 37 of a boot sector of FAT16, bit 0
	printf '\x01' | dd of="$RUMP_IMG" bs=1 seek=37 conv=notrunc status=none
	run assert_image_clean
	assert_failure
	assert_output --partial 'Dirty bit'
}

@test "every function and variable of the library is in rump(1)" {
	local name
	while read -r name; do
		grep -q "^\.It .*\b$name\b" "$RUMP_TOP/doc/rump.1" || fail "$name is not in rump(1)"
	done < <(sed -n 's/^\([a-z][a-z_]*\)() {/\1/p' "$RUMP_TOP/test/lib/rump.bash")
	while read -r name; do
		grep -q "\b$name\b" "$RUMP_TOP/doc/rump.1" || fail "$name is not in rump(1)"
	done < <(grep -oE '\bRUMP_[A-Z]+\b' "$RUMP_TOP/test/lib/rump.bash" | sort -u)
}
