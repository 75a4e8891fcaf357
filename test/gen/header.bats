#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The public header of the system calls.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	HEADER=$BUILD/include/rump/rump_syscalls.h
	STRICT=(-Wall -Wextra -Werror -pedantic -fsyntax-only)
}

@test "the header compiles alone as strict C11" {
	run "$CC" -std=c11 "${STRICT[@]}" -xc "$HEADER"
	assert_success
	refute_output
}

@test "the header compiles alone as C++17" {
	run "$CXX" -std=c++17 "${STRICT[@]}" -xc++ "$HEADER"
	assert_success
	refute_output
}

@test "the header compiles in every dialect between strict C and GNU" {
	local dialect
	for dialect in -std=c99 -std=gnu11 '-std=c11 -D_POSIX_C_SOURCE=199309L' \
		'-std=c11 -D_POSIX_C_SOURCE=200112L' '-std=c11 -D_XOPEN_SOURCE=600' \
		'-std=c11 -D_GNU_SOURCE' '-std=c11 -D_DEFAULT_SOURCE'; do
		# shellcheck disable=SC2086
		run "$CC" $dialect "${STRICT[@]}" -xc "$HEADER"
		assert_success
		refute_output
	done
}

@test "the header may follow the headers of libc in C++" {
	cat >all.cc <<-'END'
		#include <fcntl.h>
		#include <sys/stat.h>
		#include <sys/statfs.h>
		#include <sys/sysinfo.h>
		#include <sys/timex.h>
		#include <unistd.h>
		#include <rump/rump_syscalls.h>

		int main()
		{
			struct stat st;
			struct sysinfo info;

			return rump_sys_stat("/", &st) + rump_sys_open("/", O_RDONLY) +
			       rump_sys_open("/f", O_CREAT, 0644) + rump_sys_sysinfo(&info);
		}
	END
	run "$CXX" -std=c++17 "${STRICT[@]}" -I"$BUILD/include" all.cc
	assert_success
}

@test "every call that the kernel has is declared" {
	run comm -23 <(calls 1 | LC_ALL=C sort) <(declared)
	assert_success
	refute_output
}

@test "no call that the kernel lacks is declared" {
	run comm -12 <(calls 0 | LC_ALL=C sort) <(declared)
	refute_output
}

@test "no call that would end the host's thread or make a task without one is declared" {
	local name
	for name in fork vfork clone clone3 execve execveat exit exit_group rt_sigreturn arch_prctl; do
		run grep "rump_sys_$name(" "$HEADER"
		assert_failure
	done
}

@test "what else is declared are the names that libc has for calls" {
	comm -13 <(calls 1 | LC_ALL=C sort) <(declared) >extra
	run sed -n 's/^proto .*[ *]\([a-z0-9_]*\)(.*) = .*/\1/p' "$GEN/syscalls.types"
	LC_ALL=C sort <<<"$output" >given
	run comm -23 extra given
	assert_output syscall
	for name in pread pwrite fstatat umount pselect waitpid send recv sigprocmask prlimit; do
		run grep -x "$name" extra
		assert_success
	done
}

@test "each declaration has a line above it that says what the call does" {
	run awk '/^[a-z].*rump_sys_/ && before !~ /^\/\* [a-z(].* \*\/$/ { print } { before = $0 }' "$HEADER"
	refute_output
}

@test "prototypes are those of libc" {
	local count
	count=$(grep -c '^SAME' "$HELPERS/gen_types.c")
	echo "$count functions are compared"
	((count >= 200))
	run "$CC" -std=gnu11 -Wno-deprecated-declarations -D_DEFAULT_SOURCE -fsyntax-only \
		-I"$BUILD/include" "$HELPERS/gen_types.c"
	assert_success
}

@test "prototypes of GNU extensions are those of libc" {
	run "$CC" -std=gnu11 -Wno-deprecated-declarations -D_GNU_SOURCE -fsyntax-only \
		-I"$BUILD/include" "$HELPERS/gen_types.c"
	assert_success
}
