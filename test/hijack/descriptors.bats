#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Descriptor numbers of two kernels in one process, from many threads at once.

setup() {
	load setup.bash
	image ext4 32M
	FAR=$(mktemp -d /dev/shm/rump-XXXXXX)
	PROGRAM=$HELPERS/hijack_numbers
}

teardown() {
	rm -rf "$FAR"
}

# inside [VARIABLE=VALUE...] COMMAND...: with the image on /mnt
inside() {
	timeout -k 2 60 env RUMP_MOUNT="$IMG:/mnt" RUMPHIJACK=blanket=/mnt LD_PRELOAD="$SHIM" "$@"
}

@test "the checks hold on the host alone" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	run timeout -k 2 60 "$PROGRAM" "$BATS_TEST_TMPDIR/dir" "$FAR" 8 10000
	assert_success
	assert_output 'done'
}

@test "threads that open, duplicate and close in both kernels get numbers of their own" {
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		for threads in 1 3 16; do
			run inside "$mode" "$PROGRAM" /mnt "$FAR" "$threads" 15000
			assert_output 'done'
			assert_success
			assert_image_clean
		done
	done
}

@test "the same under the checker, and nothing escapes" {
	run inside RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT="$REPORT" "$PROGRAM" /mnt "$FAR" 8 10000
	assert_output 'done'
	assert_success
	assert_nothing_escaped
}

@test "a process ends while its threads open and close and its handlers run" {
	for ((i = 0; i < 10; i++)); do
		run inside RUMP_NCPU=$((i % 2 + 1)) "$PROGRAM" /mnt "$FAR" 4 100000000 $((20 * i + 30))
		assert_output ""
		assert_failure 7
		assert_image_clean
	done
}

@test "a process is terminated while its threads open and close and its handlers run" {
	for ((i = 0; i < 5; i++)); do
		run timeout -k 5 --preserve-status 0.3 env RUMP_MOUNT="$IMG:/mnt" \
			RUMPHIJACK=blanket=/mnt LD_PRELOAD="$SHIM" "$PROGRAM" /mnt "$FAR" 4 100000000
		assert_failure 143
		assert_image_clean
	done
}

@test "a program closes all descriptors it does not know, and the image stays" {
	run inside python3 -c 'import os
os.closerange(3, 5000)
for fd in range(3, 1500):
    try: os.close(fd)
    except OSError: pass
    try: os.dup2(0, fd)
    except OSError: pass
os.closerange(3, 5000)
fd = os.open("/mnt/f", os.O_RDWR | os.O_CREAT)
print(fd, os.write(fd, b"x" * 1000000))
os.fsync(fd)
print(os.stat("/mnt/f").st_size)'
	assert_success
	assert_line --index 0 "3 1000000"
	assert_line --index 1 "1000000"
	assert_image_clean
}

@test "what does not come through the shim gets no answer from a rump descriptor's number" {
	run timeout -k 2 60 "$RUMP_COMMAND" run -s inet -m "$IMG:/mnt" -- "$HELPERS/hijack_placeholder" /mnt
	assert_success
	assert_output "$(printf '%s:\n' directory file fifo socket duplicate)"
	assert_image_clean
}
