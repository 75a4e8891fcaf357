#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Unwinders find their way through a hijacked call.

setup() {
	load setup.bash
}

@test "a C++ exception passes from a signal handler through a blocked call" {
	for images in map copy; do
		RUMPHIJACK_IMAGES=$images run helper unwind exception
		assert_success
		assert_output - <<-'OUT'
			destroyed reader
			caught from the handler
		OUT
	done
}

# inside TEST: run one of the helper's on a pipe of the rump kernel, in each mode
inside() {
	image ext4 32M
	export RUMP_MOUNT=$IMG:/mnt RUMPHIJACK=blanket=/mnt
	hijacked mkfifo /mnt/fifo
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound RUMPHIJACK_IMAGES=copy; do
		export "${mode?}"
		run helper unwind "$1" /mnt/fifo
		unset "${mode%=*}"
		assert_success
		"$2"
	done
	grep -qE ' exit host=[0-9]+ rump=[1-9]' "$REPORT"
	assert_image_clean
}

@test "a C++ exception passes from a signal handler through a call that blocks in the rump kernel" {
	caught() {
		assert_output - <<-'OUT'
			destroyed reader
			caught from the handler
		OUT
	}
	inside exception caught
}

@test "pthread_cancel of a thread that is blocked in the rump kernel runs its destructors" {
	cancelled() {
		assert_output - <<-'OUT'
			destroyed reader
			destroyed thread
			cancelled
		OUT
	}
	inside cancel cancelled
}

@test "backtrace() in a handler shows the call that the rump kernel had and its callers" {
	traced_back() {
		assert_line --partial "librumphijack.so"
		assert_line --partial "libc.so.6(read+"
		assert_line --partial "(blocked_reader+"
		assert_line --partial "(main+"
	}
	inside backtrace traced_back
}

@test "gdb shows the callers of a call that is blocked in the rump kernel" {
	need gdb
	image ext4 32M
	export RUMP_MOUNT=$IMG:/mnt RUMPHIJACK=blanket=/mnt
	hijacked mkfifo /mnt/fifo
	run env -u DEBUGINFOD_URLS gdb -batch -nx -ex "set exec-wrapper env LD_PRELOAD=$SHIM" \
		-ex "handle SIGUSR1 stop print" -ex run -ex bt --args "$HELPERS/hijack_unwind" signal /mnt/fifo
	assert_line --partial "received signal SIGUSR1"
	assert_line --regexp '^#[0-9]+ .* hijack_entry \(\)'
	assert_line --regexp '^#[0-9]+ .*read \('
	assert_line --regexp '^#[0-9]+ .*blocked_reader \(\)'
	assert_line --regexp '^#[0-9]+ .* main \('
}

@test "a C++ exception passes from a callback through libc" {
	run helper unwind thrown
	assert_success
	assert_line "caught from nftw"
}

@test "pthread_cancel of a blocked thread runs its destructors" {
	for images in map copy; do
		RUMPHIJACK_IMAGES=$images run helper unwind cancel
		assert_success
		assert_output - <<-'OUT'
			destroyed reader
			destroyed thread
			cancelled
		OUT
	done
}

@test "backtrace() in a handler shows the call and its callers" {
	for images in map copy; do
		RUMPHIJACK_IMAGES=$images run helper unwind backtrace
		assert_success
		assert_line --partial "librumphijack.so"
		assert_line --partial "libc.so.6(read+"
		assert_line --partial "(blocked_reader+"
		assert_line --partial "(main+"
	done
}

@test "gdb shows the callers of a hijacked call" {
	need gdb
	run env -u DEBUGINFOD_URLS gdb -batch -nx -ex "set exec-wrapper env LD_PRELOAD=$SHIM" \
		-ex run -ex bt --args "$HELPERS/hijack_unwind" abort
	assert_line --partial "received signal SIGABRT"
	assert_line --regexp '^#[0-9]+ .* hijack_entry \(\)'
	assert_line --regexp '^#[0-9]+ .*abort \(\)'
	assert_line --regexp '^#[0-9]+ .* main \('
}

@test "gdb breakpoints in rewritten functions are hit, made before the program runs or later" {
	need gdb
	run env -u DEBUGINFOD_URLS gdb -batch -nx -ex "set exec-wrapper env LD_PRELOAD=$SHIM" \
		-ex "break getpid" -ex "break main" -ex run -ex continue -ex bt -ex "delete 1" \
		-ex "break getpid" -ex continue -ex bt -ex delete -ex continue \
		--args "$HELPERS/hijack_sud" many
	assert_line --regexp '^Breakpoint 1.*getpid \(\)'
	assert_line --regexp '^Breakpoint 3.*getpid \(\)'
	assert_line --regexp '^#1 .* main \('
	assert_line 600
	assert_line --partial "exited normally"
}
