#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Processes that have their parent's memory, while that waits or while it goes on.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "children by clone with CLONE_VM beside their parent leave its files and signals alone" {
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		run env "$mode" bash -c 'timeout -k 2 40 "$@"' - "$RUMP_COMMAND" run -m "$IMG:/mnt" -- \
			"$BUILD/test/processes_guest" beside /mnt/f 10
		assert_success
	done
}

@test "vfork, CLONE_VM, posix_spawn and fork, 500 in any order, and the process ends" {
	run inside "$BUILD/test/processes_guest" mix /mnt/f 500 1
	assert_success
}

@test "stress-ng --dup, whose children share descriptors and memory" {
	need stress-ng
	run inside bash -c 'cd /mnt && stress-ng --dup 2 --dup-ops 200'
	assert_success
	assert_output --partial "successful run completed"
}
