#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The handshake between kernel and hypervisor, and what the library and its header offer.

setup() {
	load setup.bash
}

# The calls of rumpuser(3) version 17.
names() {
	printf 'rumpuser_%s\n' init malloc free anonmmap unmap open close getfileinfo bio \
		iovread iovwrite syncfd clock_gettime clock_sleep getparam seterrno kill exit \
		putchar dprintf getrandom thread_create thread_exit thread_join curlwpop curlwp \
		mutex_init mutex_enter mutex_enter_nowrap mutex_tryenter mutex_exit \
		mutex_destroy mutex_owner rw_init rw_enter rw_tryenter rw_tryupgrade \
		rw_downgrade rw_exit rw_destroy rw_held cv_init cv_destroy cv_wait \
		cv_wait_nowrap cv_timedwait cv_signal cv_broadcast cv_has_waiters dl_bootstrap \
		daemonize_begin daemonize_done sp_init sp_copyin sp_copyinstr sp_copyout \
		sp_copyoutstr sp_anonmmap sp_raise sp_fini | sort
}

@test "a kernel of another version is turned away, told why, and never called" {
	run helper init wrong_version
	assert_success
	assert_line --index 0 --partial 'the kernel speaks version 16'
	assert_line --index 1 --partial 'the kernel speaks version 18'
	refute_output --partial schedule
}

@test "a kernel of this version is welcome, and not called meanwhile" {
	run helper init right_version
	assert_success
	refute_output
}

@test "the upcall vector is copied" {
	run helper init copied
	assert_success
	assert_output "$(blocking)"
}

@test "hypercalls that block work in a process that has no kernel" {
	echo data >"$BATS_TEST_TMPDIR/file"
	run helper init before_init "$BATS_TEST_TMPDIR/file"
	assert_success
	refute_output
}

@test "the library exports every call of version 17 and no other name" {
	run --separate-stderr nm -D --defined-only --format=just-symbols "$LIBRUMPUSER"
	assert_success
	exported=$(grep -v -e '^RUMPUSER_' -e '^rumpuser_ext_' <<<"${output//@@RUMPUSER_17/}" | sort)
	assert_equal "$exported" "$(names)"
}

@test "the header declares every call of version 17 and no other" {
	declared=$(grep -o '^[a-z].*\<rumpuser_[a-z_]*(' "$RUMP_TOP/include/rump/rumpuser.h" |
		grep -o 'rumpuser_[a-z_]*' | sort)
	assert_equal "$declared" "$(names)"
}

@test "every declaration in the header has a kernel-doc comment" {
	for name in $(names); do
		grep -q "^ \* $name() - " "$RUMP_TOP/include/rump/rumpuser.h" || fail "$name"
	done
}

@test "the library is named librumpuser.so.0 and needs nothing but libc" {
	run readelf -d "$LIBRUMPUSER"
	assert_output --partial 'soname: [librumpuser.so.0]'
	run bash -c "readelf -d '$LIBRUMPUSER' | grep NEEDED"
	assert_line --index 0 --partial '[libc.so.6]'
	assert_equal "${#lines[@]}" 1
}

@test "a kernel can include the header with four types of its own and nothing else" {
	cat >"$BATS_TEST_TMPDIR/kernel.c" <<-'C'
		typedef long int64_t;
		typedef unsigned long uint64_t;
		typedef unsigned long size_t;
		typedef int pid_t;
		#include <rump/rumpuser.h>
		int start(const struct rumpuser_hyperup *hyp);
		int start(const struct rumpuser_hyperup *hyp)
		{
			return rumpuser_init(RUMPUSER_VERSION, hyp);
		}
	C
	for macro in _KERNEL __KERNEL__; do
		run gcc -std=gnu11 -Wall -Wextra -Werror -ffreestanding -nostdinc "-D$macro" \
			-I "$RUMP_TOP/include" -c "$BATS_TEST_TMPDIR/kernel.c" -o "$BATS_TEST_TMPDIR/kernel.o"
		assert_success
		refute_output
	done
}

@test "a C and a C++ program can include the header alone" {
	for language in c c++; do
		run gcc -x "$language" -Wall -Wextra -Werror -I "$RUMP_TOP/include" -fsyntax-only \
			- <<<'#include <rump/rumpuser.h>'
		assert_success
		refute_output
	done
}

@test "the manual page is clean and describes every call" {
	run mandoc -Tlint -Wwarning "$RUMP_TOP/doc/rumpuser.3"
	assert_success
	refute_output
	for name in $(names); do
		grep -q "Fn $name " "$RUMP_TOP/doc/rumpuser.3" || fail "$name"
	done
}
