#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Programs that the shim cannot be loaded into are refused.

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	chmod 755 .
}

# program NAME [FLAG...]: a C program that says what it is.
program() {
	local name=$1
	shift
	printf '#include <stdio.h>\nint main(void) { puts("%s"); return 0; }\n' "$name" |
		gcc -x c - -o "$name" "$@"
}

# refused FILE REASON [MESSAGE-FILE]
refused() {
	run rump run -- "./$1"
	assert_failure 1
	assert_output "rump: ${3-./$1} cannot be hijacked: $2"
}

@test "dynamic programs run, position-independent or not" {
	program pie -pie
	program no-pie -no-pie
	for name in pie no-pie; do
		run rump run "./$name"
		assert_success
		assert_output "$name"
	done
}

@test "static programs are refused" {
	program static -static
	program static-pie -static-pie
	refused static 'it is statically linked'
	refused static-pie 'it is statically linked'
}

@test "a script is what its interpreter is, through several levels" {
	program static -static
	program dynamic
	printf '#!%s/static\n' "$PWD" >script
	printf '#! \t%s/script an argument\n' "$PWD" >second
	printf '#!%s/dynamic\n' "$PWD" >good
	printf '#!/bin/sh\necho shell\n' >shell
	printf '#!/nowhere/at/all\n' >lost
	chmod +x script second good shell lost
	refused script 'it is statically linked' "$PWD/static"
	refused second 'it is statically linked' "$PWD/static"
	run rump run ./good
	assert_output dynamic
	run rump run ./shell
	assert_output shell
	run -126 rump run ./lost
	assert_output 'rump: ./lost: No such file or directory'
}

@test "a script without #! is run by the shell, as execvp(3) does" {
	# shellcheck disable=SC2016
	echo 'echo "plain $1"' >plain
	chmod +x plain
	run rump run ./plain text
	assert_success
	assert_output 'plain text'
	PATH=$PWD:$PATH run rump run plain text
	assert_output 'plain text'
}

@test "scripts that are each other's interpreters end in the kernel's error" {
	printf '#!%s/b\n' "$PWD" >a
	printf '#!%s/a\n' "$PWD" >b
	chmod +x a b
	run -126 rump run ./a
	assert_output --partial 'rump: ./a: '
}

# patched NAME OFFSET BYTES: a program with some bytes of its header changed.
patched() {
	program "$1"
	printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "programs of other architectures are refused" {
	patched small 4 '\x01'
	refused small 'it is a 32-bit program'
	patched big-endian 5 '\x02'
	refused big-endian 'it is a program of another architecture'
	patched arm 18 '\xb7\x00'
	refused arm 'it is a program of another architecture'
}

@test "damaged programs are refused, wherever they are cut" {
	program whole
	for size in 5 16 63; do
		head -c $size whole >short
		chmod +x short
		refused short 'it is too short for a program'
	done
	head -c 100 whole >short
	refused short 'its program headers are damaged'
	patched far 32 '\xff\xff\xff\xff\xff\xff\xff\x7f'
	refused far 'its program headers are damaged'
	patched odd 54 '\x01\x00'
	refused odd 'its program headers are damaged'
}

@test "setuid and setgid programs are refused where they gain something" {
	need_reach
	[ "$(id -u)" -eq 0 ] || skip 'only root can make one of another owner'
	[ ! -e /proc/mounts ] || ! findmnt -no OPTIONS -T . | grep -q nosuid ||
		skip 'this file system ignores setuid'
	program tool
	chmod u+s tool
	run as_nobody "$RUMP" run ./tool
	assert_failure 1
	assert_output 'rump: ./tool cannot be hijacked: it is setuid'
	# Root's own gives root nothing.
	run rump run ./tool
	assert_success
	chown 65534 tool
	chmod u+s tool
	run as_nobody "$RUMP" run ./tool
	assert_success
	refused tool 'it is setuid'
	chown root tool
	chmod u-s,g+s tool
	run as_nobody "$RUMP" run ./tool
	assert_failure 1
	assert_output 'rump: ./tool cannot be hijacked: it is setgid'
	# Without the right to run it as a group it means mandatory locking.
	chmod 2705 tool
	run as_nobody "$RUMP" run ./tool
	assert_success
	# A process that cannot gain privileges does not.
	chmod 6755 tool
	run as_nobody setpriv --no-new-privs "$RUMP" run ./tool
	assert_success
	assert_output tool
}

@test "programs with file capabilities are refused, unless the user is root" {
	need_reach
	[ "$(id -u)" -eq 0 ] || skip 'only root can give capabilities'
	program tool
	setcap cap_net_raw+ep tool || skip 'this file system has no capabilities'
	run as_nobody "$RUMP" run ./tool
	assert_failure 1
	assert_output 'rump: ./tool cannot be hijacked: it has file capabilities'
	# Where they are of no effect a copy without them is run.
	run as_nobody setpriv --no-new-privs "$RUMP" run --report ./tool
	assert_success
	assert_line tool
	assert_line --partial 'rumphijack: '
	run rump run ./tool
	assert_success
}

@test "a program that may be run but not read is run" {
	need_reach
	[ "$(id -u)" -eq 0 ] || skip 'only root can take the right to read away from others'
	program tool
	chmod 711 tool
	run as_nobody "$RUMP" run ./tool
	assert_success
	assert_line tool
}

@test "ld.so runs programs as a command" {
	run rump run /lib64/ld-linux-x86-64.so.2 /bin/echo by the loader
	assert_success
	assert_output 'by the loader'
}
