#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Finding the parts of a kernel among the loaded objects.

setup() {
	load setup.bash
}

@test "symbols come first, then modules and components, needed objects before those that need them" {
	run helper dl order
	assert_success
	assert_output - <<-'LOG'
		symbols
		2 modules
		low module a
		low module b
		low component
		2 modules
		high module a
		high module b
		high component
	LOG
}

@test "the symbol table has the kernel's symbols at their addresses, and no one else's" {
	run helper dl table
	assert_success
}

@test "a kernel that refuses the symbols still gets its modules" {
	run helper dl refused
	assert_success
	assert_line --index 0 symbols
	assert_line 'high component'
}

@test "a program without any part of a kernel is passed over" {
	run helper param bootstrap
	assert_success
	refute_output
}
