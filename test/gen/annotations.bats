#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The annotations of system calls, and the shim's table made of them.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	cp "$GEN/syscalls.annot" annot
}

annotate() {
	"$AWK" -f "$GEN/annot.awk" "$GEN/hijack_table.h.in" "$BUILD/gen/syscalls.tab" annot
}

# say CALL ANNOTATION: in place of the call's own
say() {
	sed -i "s/^$1${TAB}.*/$1${TAB}$2/" annot
	grep -q "^$1${TAB}$2" annot || fail "no line of $1 to replace"
}

# refused LINE: the build fails with this line, about the file's line of the call it names
refused() {
	run annotate
	assert_failure
	assert_line --regexp "^annot:([0-9]+:)? $1\$"
}

@test "the annotations as they are give the table as it is" {
	run diff <(annotate) "$BUILD/gen/hijack_table.h"
	assert_success
}

@test "a call without annotation fails the build and is named" {
	sed -i '/^openat2\t/d; /^mseal\t/d' annot
	refused 'openat2: system call 437 has no annotation'
	assert_line 'annot: mseal: system call 462 has no annotation'
}

@test "an annotation of a call that does not exist fails the build" {
	printf 'fsyncdir\tfile args fd=1 ; sync a directory\n' >>annot
	refused "fsyncdir: the kernel's table has no such call"
}

@test "two annotations of one call fail the build" {
	printf 'read\tfile args fd=1 ; read\n' >>annot
	refused 'read: annotated twice'
}

@test "an annotation without description fails the build" {
	say read 'file args fd=1'
	refused 'read: no description behind a semicolon'
}

@test "unknown words fail the build" {
	say read 'fiel args fd=1 ; x'
	refused 'read: unknown subject fiel'
	say read 'file arg fd=1 ; x'
	refused 'read: unknown route arg'
	say read 'file unknown fd=1 ; x'
	refused 'read: unknown route unknown'
	say read 'file args fd=1 directory=2 ; x'
	refused 'read: unknown role directory=2'
	say read 'file args fd=1 newfd=2 ; x'
	refused 'read: unknown role newfd=2'
}

@test "roles of arguments that are not there fail the build" {
	say read 'file args fd=4 ; x'
	refused 'read: fd: there is no argument 4'
	say read 'file args fd ; x'
	refused 'read: fd of which argument\?'
	say read 'file args fd=1,2 ; x'
	refused 'read: fd wants one argument'
	say connect 'sock args fd=1 addr=2 ; x'
	refused 'connect: addr wants two arguments'
}

@test "an argument whose type does not fit its role fails the build" {
	say read 'file args fd=2 ; x'
	refused 'read: fd: argument 2, buf, is char \*'
	say openat 'file args path=2,1 open=3 newfd ; x'
	refused 'openat: path: argument 1, dfd, is int'
	say recvmsg 'sock special fd=1 msgs=2,3 ; x'
	refused 'recvmsg: msgs: argument 2, msg, is struct user_msghdr \*'
}

@test "a descriptor, path, address, message or poll set without role fails the build" {
	say openat 'file args path=2 open=3 newfd ; x'
	refused 'openat: argument 1, dfd, looks like a descriptor and has no role'
	say splice 'file special fd=1 ; x'
	refused 'splice: argument 3, fd_out, looks like a descriptor and has no role'
	say symlinkat 'dir args link=2,3 ; x'
	refused 'symlinkat: argument 1, oldname, looks like a string and has no role'
	say bind 'sock args fd=1 ; x'
	refused 'bind: argument 2, umyaddr, looks like a socket address and has no role'
	say sendmsg 'sock special fd=1 ; x'
	refused 'sendmsg: argument 2, msg, looks like a message and has no role'
	say readv 'file args fd=1 ; x'
	refused 'readv: argument 2, vec, looks like a vector and has no role'
	say ppoll 'poll special ; x'
	refused 'ppoll: argument 1, ufds, looks like a set of descriptors and has no role'
	say openat2 'file args path=1,2 newfd ; x'
	refused 'openat2: argument 3, how, looks like a set of flags and has no role'
	say statx 'dir args path=1,2 at=3 ; x'
	refused "statx: argument 5, buffer, looks like a file's attributes and has no role"
}

@test "args without anything to go by fails the build" {
	say sync 'file args ; x'
	refused 'sync: args, but no descriptor or path to go by'
}

@test "nothing is written when a call is refused" {
	sed -i '/^read\t/d' annot
	annotate >out 2>errors || true
	assert_file_empty out
}

@test "the table says what the shim needs to know of typical calls" {
	"$CC" -std=gnu11 -Wall -Wextra -Werror -ffreestanding -I"$BUILD/gen" -c \
		-o table.o "$HELPERS/gen_rules.c"
	"$CC" -std=gnu11 -I"$BUILD/gen" "$HELPERS/gen_rules.c" -o rules
	run ./rules
	assert_success
	refute_output
}

@test "the trace's formats tell descriptors, modes and strings apart" {
	run grep -E '"(openat|rename|symlinkat|write|fchmodat|mmap|getpid)",' "$BUILD/gen/hijack_table.h"
	assert_line --partial '{ "openat", "dsxo", 4,'
	assert_line --partial '{ "rename", "ss", 2,'
	assert_line --partial '{ "symlinkat", "sds", 3,'
	assert_line --partial '{ "write", "dxd", 3,'
	assert_line --partial '{ "fchmodat", "dso", 3,'
	assert_line --partial '{ "mmap", "xdxxdd", 6,'
	assert_line --partial '{ "getpid", "", 0,'
}
