#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Damaged images: 200 of each type, the same in each run. Any error will do, but the process
# lives: no signal, no panic, no hang.

load setup

COUNT=${CORRUPT_COUNT:-200}
SEED=${CORRUPT_SEED:-20240601}

# tree: something of everything, small.
tree() {
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE/dir/deep/er" "$TREE/many"
	head -c 200000 /dev/urandom >"$TREE/random"
	yes 'compressible' 2>/dev/null | head -c 150000 >"$TREE/dir/text"
	echo small >"$TREE/dir/small"
	for i in {1..60}; do echo "$i" >"$TREE/many/entry-number-$i"; done
}

# one TYPE IMAGE SEED [ro]: in a process of its own; says what it died of.
one() {
	local type=$1 base=$2 seed=$3 img=$2.$3 status=0
	shift 3
	"$BUILD/test/librump_damage" mutate "$base" "$img" "$seed" || return
	timeout -k 2 10 "$BUILD/test/librump_damage" survive "$img" "$type" "$@" >"$img.out" 2>&1 || status=$?
	if [ $status -ne 0 ] || grep -qE 'Kernel panic|kernel BUG|Oops' "$img.out"; then
		echo "died of $status: seed $seed of $type $(basename "$base")"
		tail -5 "$img.out"
	fi
	tail -n 1 "$img.out"
	rm -f "$img" "$img.out"
}
export -f one
export BUILD

# survives TYPE COUNT IMAGE [ro]
survives() {
	local type=$1 count=$2 base=$3
	shift 3
	echo "# $count images of $type, seeds from $SEED"
	run bash -c 'seq "$1" "$2" | xargs -P 2 -I{} bash -c "one $3 $4 {} $5"' sh \
		"$SEED" "$((SEED + count - 1))" "$type" "$base" "$*"
	assert_success
	refute_output --partial 'died of'
	# The damage is neither always fatal nor without effect.
	assert [ "$(grep -c '^used$' <<<"$output")" -gt $((count / 20)) ]
	assert_equal "$(grep -cE '^(used|not mounted)$' <<<"$output")" "$count"
}

@test "the mutations are the same for the same seed" {
	tree
	mksquashfs "$TREE" "$BATS_TEST_TMPDIR/img" -quiet -no-progress >/dev/null
	for i in a b; do
		"$BUILD/test/librump_damage" mutate "$BATS_TEST_TMPDIR/img" "$BATS_TEST_TMPDIR/$i" 5
	done
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	run ! cmp -s "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/img"
}

@test "damaged ext4 images, with and without checksums" {
	tree
	setfattr -n user.name -v value "$TREE/dir/small"
	mkfs.ext4 -q -F -O ^metadata_csum,^64bit -d "$TREE" "$BATS_TEST_TMPDIR/plain" 4M
	mkfs.ext4 -q -F -b 1024 -O metadata_csum,inline_data -d "$TREE" "$BATS_TEST_TMPDIR/csum" 4M
	survives ext4 $((COUNT * 3 / 4)) "$BATS_TEST_TMPDIR/plain"
	survives ext4 $((COUNT / 4)) "$BATS_TEST_TMPDIR/csum"
}

@test "damaged vfat images" {
	tree
	truncate -s 4M "$BATS_TEST_TMPDIR/img"
	mkfs.vfat -F 16 -s 1 "$BATS_TEST_TMPDIR/img" >/dev/null
	# Filled by the kernel under test itself.
	run helper fs fill "$BATS_TEST_TMPDIR/img" vfat "$TREE"
	assert_success
	survives vfat "$COUNT" "$BATS_TEST_TMPDIR/img"
}

@test "damaged squashfs images" {
	local c
	tree
	setfattr -n user.name -v value "$TREE/dir/small"
	for c in gzip xz zstd lz4; do
		mksquashfs "$TREE" "$BATS_TEST_TMPDIR/$c" -comp $c -quiet -no-progress >/dev/null
		survives squashfs $((COUNT / 4)) "$BATS_TEST_TMPDIR/$c" ro
	done
}
