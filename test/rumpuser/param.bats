#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Boot parameters.

setup() {
	load setup.bash
	unset RUMP_NCPU RUMP_HOSTNAME
}

@test "there is one CPU if nothing is said" {
	run helper param get _RUMPUSER_NCPU 16
	assert_success
	assert_output 1
}

@test "RUMP_NCPU says how many CPUs there are" {
	RUMP_NCPU=5 run helper param get _RUMPUSER_NCPU 16
	assert_output 5
}

@test "RUMP_NCPU=host means as many as this process may use" {
	RUMP_NCPU=host run helper param get _RUMPUSER_NCPU 16
	assert_output "$(nproc)"
	RUMP_NCPU=host run taskset -c 0 "$BUILD/test/rumpuser_param" get _RUMPUSER_NCPU 16
	assert_output 1
}

@test "a RUMP_NCPU that is no number of CPUs is refused" {
	for bad in 0 -1 '' two 2x 99999999999 '1 '; do
		RUMP_NCPU=$bad run helper param get _RUMPUSER_NCPU 16
		assert_output 'error EINVAL'
	done
}

@test "RUMP_HOSTNAME is the host name" {
	RUMP_HOSTNAME=node.example run helper param get _RUMPUSER_HOSTNAME 64
	assert_output node.example
}

@test "without RUMP_HOSTNAME the name is made of process number and host" {
	run helper param pid
	assert_success
	assert_output "$(uname -n)"
	RUMP_HOSTNAME='' run helper param pid
	assert_output "$(uname -n)"
}

@test "other parameters come from the environment" {
	RUMP_SOMETHING='a value' run helper param get RUMP_SOMETHING 64
	assert_output 'a value'
	RUMP_SOMETHING='' run helper param get RUMP_SOMETHING 64
	assert_success
	refute_output
}

@test "a parameter that is not there is ENOENT" {
	run helper param get RUMP_SOMETHING 64
	assert_output 'error ENOENT'
}

@test "an unknown parameter of the hypervisor's own is EINVAL" {
	_RUMPUSER_OTHER=1 run helper param get _RUMPUSER_OTHER 64
	assert_output 'error EINVAL'
}

@test "a value that just fits is given whole, a longer one is ERANGE" {
	export RUMP_SOMETHING=12345678 RUMP_HOSTNAME=abcdefgh RUMP_NCPU=12345678
	for name in RUMP_SOMETHING _RUMPUSER_HOSTNAME _RUMPUSER_NCPU; do
		run helper param get "$name" 9
		assert_output --regexp '^(12345678|abcdefgh)$'
		run helper param get "$name" 8
		assert_output 'error ERANGE'
		run helper param get "$name" 0
		assert_output 'error ERANGE'
	done
}
