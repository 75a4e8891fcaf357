#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Operations on files of an image give what they give on the host's file system. The helper records
# what each of some 2,500 calls returned (test/helpers/hijack_files*.c); the records are compared.

setup_file() {
	load setup.bash
	export EXPECTED=$BATS_FILE_TMPDIR/expected IMAGE=$BATS_FILE_TMPDIR/ext4
	FAR=$(mktemp -d /dev/shm/rump-XXXXXX)
	export FAR
	mkdir -p "$BATS_FILE_TMPDIR/root/dir"
	truncate -s 64M "$IMAGE"
	mkfs.ext4 -q -F -b 4096 -d "$BATS_FILE_TMPDIR/root" "$IMAGE"
	host_ext4 || return 0
	mkdir -p "$NEAR/dir"
	timeout -k 2 60 "$HELPERS/hijack_files" "$NEAR/dir" "$FAR" >"$EXPECTED"
}

# host_ext4: set NEAR to a directory on an ext4 of the host: what the record is to be like is a record of
# ext4, and on another file system it differs.
host_ext4() {
	local dir
	for dir in "$BATS_FILE_TMPDIR" /var/tmp "$BUILD"; do
		[ "$(stat -f -c %T "$dir")" = ext2/ext3 ] || continue
		[ -w "$dir" ] || continue
		NEAR=$(mktemp -d "$dir/rump-XXXXXX")
		export NEAR
		return
	done
	# One of its own, if that can be mounted.
	mkdir "$BATS_FILE_TMPDIR/near"
	cp --sparse=always "$IMAGE" "$BATS_FILE_TMPDIR/near.img"
	mount -o loop "$BATS_FILE_TMPDIR/near.img" "$BATS_FILE_TMPDIR/near" || return
	export NEAR=$BATS_FILE_TMPDIR/near
}

teardown_file() {
	umount "$BATS_FILE_TMPDIR/near" 2>/dev/null || true
	rm -rf "$FAR" "${NEAR-}"
}

setup() {
	load setup.bash
	IMG=$BATS_TEST_TMPDIR/ext4
	cp --sparse=always "$IMAGE" "$IMG"
	[ -n "${NEAR-}" ] || skip "the host has no ext4 to compare with"
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
