#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# rump_syscalls(3).

setup() {
	load setup.bash
	PAGE=$BUILD/doc/rump_syscalls.3
}

@test "the manual page is good mdoc" {
	run mandoc -Tlint -Wwarning "$PAGE"
	assert_success
	refute_output
}

@test "every function of the header is in the manual page, and no other" {
	run diff <(declared) <(sed -n 's/^\.\(It Ft .* \)\{0,1\}Fn rump_sys_\([a-z0-9_]*\) .*/\2/p' "$PAGE" |
		LC_ALL=C sort -u)
	assert_success
}

@test "the manual page shows prototypes" {
	run bash -c "mandoc -Tascii -O width=120 '$PAGE' | sed 's/.\x08//g'"
	assert_line --regexp 'ssize_t rump_sys_pread64\(int fd, void \*buf, size_t count, off_t offset\)'
	assert_line --regexp 'int rump_sys_open\(const char \*path, int flags, \.\.\.\)'
	assert_line --regexp 'Read at an offset\.'
}
