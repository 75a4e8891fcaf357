#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Threads and processes come and go under the shim.

setup() {
	load setup.bash
}

# both ARGUMENT...: the helper passes with the checker and without
both() {
	run helper threads "$@"
	assert_success
	run hijacked "$HELPERS/hijack_threads" "$@"
	assert_success
	assert_nothing_escaped
}

@test "threads are made and end, joined and detached, in several threads at once" {
	both create
}

@test "the main thread may leave before the others" {
	both leader
}

@test "raw clone and clone3 of every kind, on old and new stacks" {
	both raw
}

@test "vfork in vfork in threads, while others map and unmap" {
	both vfork
}

@test "children of threads fork, while others load libraries" {
	both fork "$HELPERS/hijack_everylib.so"
}

@test "a thread unmaps its own stack and exits" {
	both unmapself
}

@test "libraries are loaded and unloaded by several threads, and their slots are freed" {
	both dlopen "$HELPERS/hijack_everylib.so"
	RUMPHIJACK_IMAGES=copy both dlopen "$HELPERS/hijack_everylib.so"
	# libc, ld.so and the helper itself are left
	run grep -oE 'exit .* objects=[0-9]+' "$REPORT"
	assert_line --partial "objects=3"
	refute_line --regexp 'objects=[4-9]'
}

# stacks TEST: on an image
stacks() {
	image ext4 32M
	run timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:/mnt" -- "$HELPERS/hijack_stacks" "$1" /mnt
	assert_output "$1: done"
	assert_image_clean
}

@test "16 threads with the smallest stacks there are, on files of the image" {
	stacks threads
	assert_success
}

@test "handlers on the smallest alternate stacks, of timers and of faults, on files of the image" {
	stacks handlers
	assert_success
}

@test "a process whose threads end one by one, without exit_group, leaves the image clean" {
	stacks exit
	assert_failure 5
	assert_equal "$(/sbin/debugfs -R 'cat last' "$IMG" 2>/dev/null)" "written by the last thread"
}
