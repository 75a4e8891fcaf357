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
