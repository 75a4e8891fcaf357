#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# make: what it does not do twice, what it takes as the kernel's source, what it installs.

load setup

# The make that runs the tests has told its own children things.
unset MAKEFLAGS MAKELEVEL MFLAGS

@test "a second make has nothing to do, and takes less than two seconds" {
	local i start took
	cd "$RUMP_TOP"
	[ "$BUILD" = "$RUMP_TOP/build" ] || skip "what is under test was built elsewhere"
	make -q image
	run ninja -n
	assert_output 'ninja: no work to do.'
	# Other load can make one slow.
	for ((i = 0; i < 10; i++)); do
		start=${EPOCHREALTIME/./}
		run make
		took=$((${EPOCHREALTIME/./} - start))
		assert_success
		assert_output 'ninja: no work to do.'
		echo "$took us"
		[ "$took" -ge 2000000 ] || return 0
	done
	fail 'never in two seconds'
}

setup() {
	OUT=$BATS_TEST_TMPDIR/build
}

# source_tree VERSION PATCHLEVEL: in TREE, what a kernel's source is recognized by.
source_tree() {
	TREE=$BATS_TEST_TMPDIR/tree
	rm -rf "$TREE"
	mkdir -p "$TREE/arch"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 99\n' "$1" "$2" >"$TREE/Makefile"
}

# unpack KERNEL_SRC: as the build does it, into a build directory of the test's.
unpack() {
	rm -rf "$OUT"
	make -C "$RUMP_TOP" B="$OUT" KERNEL_SRC="$1" "$OUT/linux/.unpacked"
}

@test "KERNEL_SRC may be a tree or a tarball of Linux 6.12, with the port laid over it" {
	local what
	source_tree 6 12
	tar -C "$BATS_TEST_TMPDIR" -cJf "$BATS_TEST_TMPDIR/linux.tar.xz" tree
	for what in tree linux.tar.xz; do
		run unpack "$BATS_TEST_TMPDIR/$what"
		assert_success
		assert_equal "$(cat "$OUT/linux/Makefile")" "$(cat "$TREE/Makefile")"
		assert_file_exist "$OUT/linux/arch/rump/Kconfig"
	done
	# The tree itself is left alone.
	assert_file_not_exist "$TREE/arch/rump"
}

@test "another version is refused by name, and so is a source that is not there" {
	local version
	for version in '6 13' '5 12' '6 120' '16 12'; do
		# shellcheck disable=SC2086 # two words
		source_tree $version
		run unpack "$TREE"
		assert_failure
		assert_line "$TREE is not Linux 6.12"
		assert_file_not_exist "$OUT/linux"
	done
	run unpack "$BATS_TEST_TMPDIR/nowhere"
	assert_failure
	assert_line --partial "No kernel source at $BATS_TEST_TMPDIR/nowhere"
}

@test "demo, test and bench install what they need before they build and run" {
	local target
	cd "$RUMP_TOP"
	for target in demo test bench; do
		# Of make itself only that it is called.
		run make -n MAKE=: "$target"
		assert_success
		assert_line ': all'
		assert_line --index 0 --regexp '^gen/packages packages.txt'
		[ "$target" = demo ] || assert_line --index 0 'gen/packages packages.txt test/packages.txt'
	done
}
