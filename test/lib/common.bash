# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034 # the suites use the variables
# common.bash - what all suites of this repository share; each area's setup.bash loads it. Sets
#   RUMP_TOP  the top of the repository
#   BUILD     what is under test
# and loads the library that users have too.

bats_require_minimum_version 1.5.0
BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

RUMP_TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${RUMP_BUILD:-$RUMP_TOP/build}
RUMP_COMMAND=$BUILD/bin/rump
# The programs of the packages that the tests install, not others of the same names: a python3 of pyenv is a
# script that runs sixteen more.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
load ../lib/rump

# run_helper LIBRARY AREA TEST [ARG...]: run one test of a helper program, for a minute at most.
run_helper() {
	local program=$BUILD/test/$1_$2
	shift 2
	timeout -k 5 60 "$program" "$@"
}

# not COMMAND...: whether it fails; a word, where bash's ! is none
not() {
	! "$@"
}

# wait_for COMMAND...: until it succeeds, a minute at the most
wait_for() {
	local end=$((SECONDS + 60))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"
		sleep 0.02
	done
}

# need PROGRAM...: skip a test that runs what is not installed
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# need_reach: skip a test that runs programs as another user, who may not enter where they are.
need_reach() {
	[ "$(id -u)" -ne 0 ] || setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$BUILD/lib/librump.so" ||
		skip "other users cannot reach $BUILD"
}

# as_nobody COMMAND...: run it without any privilege.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
	else
		"$@"
	fi
}

# image TYPE [SIZE [MKFS-OPTION...]]: make an image and name it in IMG.
image() {
	rump_image "$@" || return
	IMG=$RUMP_IMG
}
