#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# From the table to functions: prototypes.awk and syscalls.types; and the scripts under other awks.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	tr , '\t' >tab <<-'END'
		0,read,sys_read,3,unsigned int,fd,char *,buf,size_t,count
		1,gone,sys_gone,1,int,x
		2,mkdir,sys_mkdir,2,const char *,_name,umode_t,mode
		3,varied,sys_varied,1,int,x,alternatives
		4,late,sys_late,-1
	END
	cat >annot <<-'END'
		# Files
		read	file args fd=1 ; read from a descriptor
		gone	file host ; not configured

		# Directories
		mkdir	dir args link=1 ; make a directory
		varied	dir host ; varies
		late	dir host ; defined nowhere
	END
	cat >types <<-'END'
		type umode_t = mode_t
		type size_t = size_t
		ret ssize_t: read
		proto ssize_t read(int fd, void *buf, size_t count)
	END
	cat >map <<-'END'
		0000000000001000 T sys_ni_syscall
		0000000000002000 T sys_read
		0000000000003000 T sys_mkdir
	END
}

list() {
	"$AWK" -f "$GEN/configured.awk" -f "$GEN/prototypes.awk" tab annot types map
}

@test "a function has types from its proto, from roles and from the type lines" {
	run list
	assert_success
	assert_output "$(tr ! '\t' <<-'END'
		# Files
		read!0!ssize_t!int fd; void *buf; size_t count!-!fd; buf; count!-!read from a descriptor
		# Directories
		mkdir!2!int!const char *name; mode_t mode!-!name; mode!-!make a directory
	END
	)"
}

@test "a type that libc does not know fails the build and is named" {
	sed -i /umode_t/d types
	run list
	assert_failure
	assert_output --partial "mkdir: what is umode_t (mode) to a user of libc?"
}

@test "a proto that passes another number of arguments than the kernel takes fails the build" {
	echo 'proto int readdir(int fd) = read(fd, 0)' >>types
	run list
	assert_failure
	assert_output --partial 'readdir: passes 2 arguments, but read has 3'
}

@test "a proto by way of a call that does not exist fails the build" {
	echo 'proto int tell(int fd) = lseek(fd, 0, 1)' >>types
	run list
	assert_failure
	assert_output --partial "tell: the kernel's table has no call lseek"
}

@test "a proto by way of a call that is not configured is left out" {
	echo 'proto int gone2(int x) = gone(x)' >>types
	run list
	assert_success
	refute_output --partial gone
}

@test "arguments are separated outside of brackets only" {
	echo 'proto int f(int fd) = read(fd, ((const long[2]){ 1, 2 }), g(3, 4)) -> (int)-r' >>types
	run list
	assert_line "$(tr ! '\t' <<<'f!0!int!int fd!-!fd; ((const long[2]){ 1, 2 }); g(3, 4)!(int)-r!read from a descriptor')"
}

@test "a call with a signal mask of its own is marked, by whatever name" {
	echo 'mask read' >>types
	echo 'proto ssize_t get(int fd) = read(fd, 0, 0)' >>types
	run list
	assert_success
	assert_line --regexp $'^read\t.*\tread from a descriptor\tmasked$'
	assert_line --regexp $'^get\t.*\tread from a descriptor\tmasked$'
	assert_line --regexp $'^mkdir\t.*\tmake a directory$'
	echo 'mask lseek' >>types
	run list
	assert_failure
	assert_output --partial "lseek: the kernel's table has no such call"
}

@test "a call whose definition depends on the configuration must have a proto" {
	echo '0000000000004000 T sys_varied' >>map
	run list
	assert_failure
	assert_output --partial 'varied: its definition depends on the configuration'
	echo 'proto int varied(int x)' >>types
	run list
	assert_success
}

@test "a call that the kernel has but no source defines fails the build" {
	echo '0000000000004000 T sys_late' >>map
	run list
	assert_failure
	assert_output --partial 'late: the kernel has it, but no definition was found'
}

@test "the scripts say the same under every awk that is here" {
	local awk found=0
	list >expected
	for awk in mawk gawk original-awk 'busybox awk'; do
		# shellcheck disable=SC2086
		$awk 'BEGIN { exit }' 2>/dev/null || continue
		found=$((found + 1))
		# shellcheck disable=SC2086
		run diff <($awk -f "$GEN/annot.awk" "$GEN/hijack_table.h.in" \
			"$BUILD/gen/syscalls.tab" "$GEN/syscalls.annot") "$BUILD/gen/hijack_table.h"
		assert_success
		# shellcheck disable=SC2086
		run diff <($awk -f "$GEN/list.awk" -f "$GEN/wrappers.awk" "$GEN/rump_syscalls.c.in" \
			"$BUILD/gen/rump_syscalls.list") "$BUILD/gen/rump_syscalls.c"
		assert_success
		# shellcheck disable=SC2086
		run diff <($awk -f "$GEN/configured.awk" -f "$GEN/prototypes.awk" tab annot types map) \
			expected
		assert_success
	done
	((found))
}
