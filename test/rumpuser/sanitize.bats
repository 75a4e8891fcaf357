#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The library and its helpers built with sanitizers: what the other suites do, watched.

setup() {
	load setup.bash
	FILE=$BATS_TEST_TMPDIR/file
	echo data >"$FILE"
	export ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
	export UBSAN_OPTIONS=print_stacktrace=1
	export TSAN_OPTIONS=halt_on_error=1:abort_on_error=1
}

# under asan|tsan AREA TEST [ARG...]: run a helper's test under a sanitizer; it must succeed
# and the sanitizer say nothing.
under() {
	local kind=$1 area=$2
	shift 2
	run timeout -k 5 120 "$BUILD/san/$kind/test/rumpuser_$area" "$@"
	assert_success
	refute_output --partial Sanitizer
	refute_output --partial 'runtime error'
}

@test "memory is clean under ASan and UBSan" {
	for name in alignments any_alignment bad_alignment zeroed aligned_pages preferred; do
		under asan memory "$name"
	done
}

@test "files are clean under ASan and UBSan" {
	under asan file moments "$FILE.new"
	under asan file scatter "$FILE"
	under asan file many "$FILE"
	under asan file sync_flags "$FILE"
	under asan file device "$FILE"
	under asan file fifo_open "$BATS_TEST_TMPDIR/fifo"
}

@test "block I/O is clean under ASan and UBSan" {
	for name in one bad pieces partial thousands chains submitters forked; do
		rm -f "$FILE"
		under asan bio "$name" "$FILE"
	done
}

@test "clocks, parameters, the console and random bytes are clean under ASan and UBSan" {
	for name in agree unknown past interrupted set_errno random_bytes random_wait; do
		under asan clock "$name"
	done
	under asan param get _RUMPUSER_HOSTNAME 64
	under asan param get _RUMPUSER_NCPU 2
	under asan param bootstrap
	under asan term console_long
	under asan init before_init "$FILE"
}

@test "the extension group is clean under ASan and UBSan" {
	for name in park_not park_wake park_fork raise_info kick random_bytes clocks; do
		under asan ext "$name"
	done
	for name in image image_pages io io_nowait; do
		under asan ext_io "$name" "$FILE"
	done
	for name in bad bus bus_wait bus_share; do
		rm -f "$FILE"
		under asan ext_net "$name" "$FILE"
	done
}

@test "threads are clean under ASan and UBSan" {
	for name in detached exited join_blocks curlwp; do
		under asan thread "$name"
	done
}

@test "locks are clean under ASan and UBSan" {
	for kind in kmutex spin,kmutex; do
		under asan sync mutex_stress "$kind"
		under asan cv timeout "$kind"
		under asan cv broadcast "$kind"
		under asan cv ring "$kind"
	done
	under asan sync rw_stress
	under asan cv spin_stress
	under asan cv forever
}

@test "locks have no data race under TSan" {
	for kind in plain kmutex spin spin,kmutex; do
		under tsan sync mutex_stress "$kind"
	done
	for kind in kmutex spin,kmutex; do
		under tsan cv broadcast "$kind"
		under tsan cv ring "$kind"
	done
	under tsan sync rw_stress
	under tsan sync rw_starve writer
	under tsan sync rw_starve reader
	under tsan cv spin_stress
}

@test "block I/O has no data race under TSan" {
	for name in thousands chains submitters; do
		under tsan bio "$name" "$FILE"
	done
}

@test "threads have no data race under TSan" {
	for name in detached exited join_blocks curlwp; do
		under tsan thread "$name"
	done
}

# server asan|tsan: the tests of the system call server that race most.
server() {
	local url=unix://$BATS_TEST_TMPDIR/socket
	for name in copies crowd die_in_copyin die_asleep exec forking; do
		under "$1" sp "$name" "$url"
	done
	for name in kernel_refuses malformed slow; do
		under "$1" sp_rules "$name" "$url"
	done
	under "$1" sp_life fini "$url"
}

@test "the system call server is clean under ASan and UBSan" {
	server asan
	for name in banner guest strings favours; do
		under asan sp "$name" "unix://$BATS_TEST_TMPDIR/socket"
	done
	for name in refused liar; do
		under asan sp_rules "$name" "unix://$BATS_TEST_TMPDIR/socket"
	done
}

@test "the system call server has no data race under TSan" {
	server tsan
}
