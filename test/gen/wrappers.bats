#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The wrappers of the system calls, over a kernel that only remembers how it was called.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	wrappers -c "$BUILD/gen/rump_syscalls.c" -o wrappers.o
}

program() {
	wrappers -Wno-nonnull -I. "$HELPERS/gen_wrappers.c" wrappers.o -o program
}

@test "every declared function has a wrapper, and no other is exported" {
	nm wrappers.o | sed -n 's/.* T rump_sys_//p' | LC_ALL=C sort >defined
	run diff <(declared) defined
	assert_success
	run diff <(sed -n 's/^\trump_sys_\([a-z0-9_]*\);$/\1/p' "$BUILD/gen/rump_syscalls.map" |
		LC_ALL=C sort) defined
	assert_success
	run readelf -sW wrappers.o
	refute_line --regexp 'HIDDEN .* rump_sys_'
}

@test "wrappers pass the number and the arguments, in the kernel's order" {
	program
	run ./program arguments
	assert_output "$(cat <<-'END'
		read: 0 3 1000 10 0 0 0
		open: 2 2000 66 416 0 0 0
		openat: 257 -100 2000 0 0 0 0
		fcntl: 72 3 4 2048 0 0 0
		ioctl: 16 3 4294967295 1000 0 0 0
		preadv2: 327 3 1000 2 1099511627776 0 7
		pwrite: 18 3 1000 10 -1 0 0
		mmap: 9 1000 4096 3 1 -1 8192
		mremap: 25 1000 1 2 3 4 0
		fstatat: 262 5 2000 1000 256 0 0
		faccessat: 439 5 2000 4 512 0 0
		fchmodat: 452 5 2000 384 256 0 0
		umount: 166 2000 0 0 0 0 0
		mkfifo: 133 2000 8191 0 0 0 0
		send: 44 3 1000 10 1 0 0
		eventfd: 290 1 2 0 0 0 0
		signalfd: 289 -1 1000 8 0 0 0
		epoll_pwait: 281 3 1000 4 5 1000 8 masked
		sigprocmask: 14 2 1000 0 8 0 0
		seteuid: 117 -1 7 -1 0 0 0
		killpg: 62 -7 9 0 0 0 0
		reboot: 169 4276215469 672274793 19088743 0 0 0
		waitpid: 61 -1 1000 1 0 0 0
		waitid: 247 1 2 1000 4 0 0
		getcpu: 309 1000 0 0 0 0 0
	END
	)"
}

@test "results are libc's: -1 and errno for an error, and only for an error" {
	program
	run ./program results
	assert_output "$(cat <<-'END'
		rump_sys_read(0, NULL, 0) for 7: 7, errno 0
		rump_sys_read(0, NULL, 0) for -EBADF: -1, errno 9
		rump_sys_close(0) for -1: -1, errno 1
		rump_sys_close(0) for -4095: -1, errno 4095
		rump_sys_lseek(0, 0, 0) for 1L << 40: 1099511627776, errno 0
		rump_sys_lseek(0, 0, 0) for -4096: -4096, errno 0
		(long)rump_sys_mmap(NULL, 0, 0, 0, 0, 0) for -ENOMEM: -1, errno 12
		(long)rump_sys_mmap(NULL, 0, 0, 0, 0, 0) for -8192: -8192, errno 0
		rump_sys_getpriority(0, 0) for 21: -1, errno 0
		rump_sys_getpriority(0, 0) for -ESRCH: -1, errno 3
		rump_sys_posix_fallocate(0, 0, 0) for 0: 0, errno 0
		rump_sys_posix_fallocate(0, 0, 0) for -ENOSPC: 28, errno 0
		rump_sys_syscall(999) for -ENOSYS: -1, errno 38
	END
	)"
}

@test "the caller's timeout stays as it was where libc's does" {
	program
	run ./program timeouts
	assert_output "$(printf '%s\n' 'ppoll: a copy' 'ppoll: 0' 'pselect: a copy' 'pselect: 1' 'pselect: 0')"
}

@test "a message queue has a slash in front for the program and none for the kernel" {
	program
	run ./program names
	assert_output "$(printf '%s\n' queue queue 'queue 64 384 1000')"
}
