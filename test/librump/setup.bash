# SPDX-License-Identifier: BSD-2-Clause
# What the suites of test/librump share.

bats_require_minimum_version 1.5.0
BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

RUMP_TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${RUMP_BUILD:-$RUMP_TOP/build}
EXAMPLES=$BUILD/examples
PATH=$PATH:/usr/sbin:/sbin

# helper AREA TEST [ARG...]: run one test of a helper program, for a minute at most.
helper() {
	local area=$1
	shift
	timeout -k 5 60 "$BUILD/test/librump_$area" "$@"
}

# image TYPE [SIZE [MKFS-OPTION...]]: make $BATS_TEST_TMPDIR/img.
image() {
	local type=$1 size=${2:-64M}
	shift
	[ $# -eq 0 ] || shift
	IMG=$BATS_TEST_TMPDIR/img
	truncate -s "$size" "$IMG"
	case $type in
	ext4) mkfs.ext4 -q -F "$@" "$IMG" ;;
	vfat) mkfs.vfat "$@" "$IMG" >/dev/null ;;
	*) "mkfs.$type" -q "$@" "$IMG" >/dev/null ;;
	esac
}
