#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load setup

# as IDS COMMAND...: run as another user with other groups; only root can.
as() {
	local ids=$1
	shift
	# shellcheck disable=SC2086 # several options
	timeout -k 5 60 setpriv $ids "$@"
}

@test "the first process has the host process's ids and groups" {
	run helper creds ids
	assert_success
	[ "$(id -u)" -eq 0 ] || return 0
	need_reach
	run as '--reuid=1234 --regid=2345 --groups=7,3000,5' "$BUILD/test/librump_creds" ids
	assert_success
	run as '--reuid=1234 --regid=2345 --clear-groups' "$BUILD/test/librump_creds" ids
	assert_success
	run helper creds ids 1234
	assert_success
	run as "--reuid=1234 --regid=2345 --groups=$(seq -s, 100 163)" "$BUILD/test/librump_creds" ids
	assert_success
}

@test "the user may do what root may, and what he makes is his" {
	run helper creds powers
	assert_success
	[ "$(id -u)" -eq 0 ] || return 0
	need_reach
	run as '--reuid=1234 --regid=2345 --clear-groups --no-new-privs' \
		"$BUILD/test/librump_creds" powers
	assert_success
}

@test "the umask is the host process's" {
	umask 027
	run helper creds mask 027
	assert_success
	umask 0
	run helper creds mask 0
	assert_success
	umask 077
	run helper creds powers
	assert_success
}

@test "limits of descriptors and of file sizes are the host process's" {
	run helper creds limits
	assert_success
	ulimit -n 300
	ulimit -Sf 4096
	run helper creds limits
	assert_success
}
