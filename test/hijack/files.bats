#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Operations on files of an image give what they give on the host's file system. The helper records
# what each of some 2,500 calls returned (test/helpers/hijack_files*.c); the records are compared.

setup_file() {
	load setup.bash
	export EXPECTED=$BATS_FILE_TMPDIR/expected IMAGE=$BATS_FILE_TMPDIR/ext4
	FAR=$(mktemp -d /dev/shm/rump-XXXXXX)
	export FAR
	mkdir -p "$BATS_FILE_TMPDIR/top/dir" "$BATS_FILE_TMPDIR/root/dir"
	truncate -s 64M "$IMAGE"
	mkfs.ext4 -q -F -b 4096 -d "$BATS_FILE_TMPDIR/root" "$IMAGE"
	timeout -k 2 60 "$HELPERS/hijack_files" "$BATS_FILE_TMPDIR/top/dir" "$FAR" >"$EXPECTED"
}

teardown_file() {
	rm -rf "$FAR"
}

setup() {
	load setup.bash
	IMG=$BATS_TEST_TMPDIR/ext4
	cp --sparse=always "$IMAGE" "$IMG"
	# What it is to be like is a record of ext4; on another file system of the host it differs.
	[ "$(stat -f -c %T "$BATS_FILE_TMPDIR")" = ext2/ext3 ] || skip "$BATS_FILE_TMPDIR is no ext4"
}

# same_as_host [VARIABLE=VALUE...] [-t|-s|-b] DIR: the record of the helper in the image is the host's.
same_as_host() {
	local environment=() program=$HELPERS/hijack_files
	while [[ $1 = *=* ]]; do
		environment+=("$1")
		shift
	done
	env RUMP_MOUNT="$IMG:/mnt" LD_PRELOAD="$SHIM" "${environment[@]}" \
		timeout -k 2 100 "$program" "$@" "$FAR" >"$BATS_TEST_TMPDIR/record"
	run diff "$BATS_FILE_TMPDIR/wanted" "$BATS_TEST_TMPDIR/record"
	assert_output ""
	assert_success
	assert_image_clean "$IMG"
}

# want [SECTION]: the record of the host, perhaps without a section.
want() {
	awk -v without="${1-}" '/^[^ ]/ { skip = $0 == without } !skip' "$EXPECTED" \
		>"$BATS_FILE_TMPDIR/wanted"
}

@test "the record of the host is complete" {
	run grep -c '^[a-z]' "$EXPECTED"
	assert_output "$(grep -o 'SECTION([a-z_]*)' "$TOP/test/helpers/hijack_files.c" |
		grep -vc 'SECTION(fn)')"
	run wc -l <"$EXPECTED"
	assert [ "$output" -gt 3500 ]
	# It compares something: a file that is there and one that is not differ.
	run grep -c ' fails: ' "$EXPECTED"
	assert [ "$output" -gt 500 ]
}

@test "files in a blanket" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt /mnt/dir
}

@test "files below path=" {
	# An absolute symbolic link stays in the root of the rump kernel there.
	want names_absolute
	mapfile -t sections < <(grep '^[a-z]' "$BATS_FILE_TMPDIR/wanted")
	env RUMP_MOUNT="$IMG:/mnt" LD_PRELOAD="$SHIM" RUMPHIJACK=path=/rump timeout -k 2 100 \
		"$HELPERS/hijack_files" /rump/mnt/dir "$FAR" "${sections[@]}" >"$BATS_TEST_TMPDIR/record"
	run diff "$BATS_FILE_TMPDIR/wanted" "$BATS_TEST_TMPDIR/record"
	assert_output ""
	assert_image_clean "$IMG"
}

@test "in a thread that is not the first" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt -t /mnt/dir
}

@test "in a signal handler" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt -s /mnt/dir
}

@test "while other threads make calls" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt -b /mnt/dir
	same_as_host RUMPHIJACK=blanket=/mnt RUMP_NCPU=2 -b /mnt/dir
}

@test "with every kernel thread bound to a thread of the host" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt RUMP_THREADS=bound /mnt/dir
}

@test "under the checker nothing escapes" {
	want
	same_as_host RUMPHIJACK=blanket=/mnt RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT="$REPORT" /mnt/dir
	assert_nothing_escaped
}
