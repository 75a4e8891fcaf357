#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Waiting for descriptors of both kernels at once: sockets of the rump kernel; pipes, eventfds,
# timerfds, signalfds and inotify instances of the host.

setup() {
	load setup.bash
	export RUMPHIJACK=path=/rump,socket=all
}

# same GROUP: the helper's output on the host is that under the shim.
same() {
	timeout -k 2 60 "$HELPERS/hijack_poll" "$1" >"$BATS_TEST_TMPDIR/host" || fail "on the host: $?"
	helper poll "$1" >"$BATS_TEST_TMPDIR/rump" || fail "on the rump kernel: $?"
	run diff "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/rump"
	assert_success
	assert_nothing_escaped
}

# in_all_modes COMMAND...: it succeeds with one virtual CPU, with two, with bound kernel threads.
in_all_modes() {
	local mode
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		run timeout -k 2 100 env "$mode" LD_PRELOAD="$SHIM" "$@"
		assert_success
	done
}

@test "poll and ppoll: each kind wakes, masks, time-outs, errors" {
	same poll
}

@test "select and pselect: each kind wakes, masks, time-outs, errors" {
	same select
}

@test "epoll: level, edge, oneshot, exclusive; time-outs and masks" {
	same epoll
}

@test "epoll: members that change and close, errors, instances with several numbers" {
	same members
}

@test "instances in instances, and in poll sets" {
	same nested
}

@test "the same with two virtual CPUs, and with bound kernel threads" {
	local group mode
	for mode in RUMP_NCPU=2 RUMP_THREADS=bound; do
		for group in poll select epoll members nested; do
			export "${mode?}"
			same $group
			unset "${mode%=*}"
		done
	done
}

@test "one thread gets 100000 events, none is lost" {
	in_all_modes "$HELPERS/hijack_poll" stress 1 16 20000
	assert_line "2000 rounds to and fro"
}

@test "four threads on one instance get 100000 events, none is lost" {
	in_all_modes "$HELPERS/hijack_poll" stress 4 16 20000
	assert_line "8000 rounds to and fro"
}

@test "waits of three seconds use no processor time" {
	in_all_modes "$HELPERS/hijack_poll" idle
	assert_output --partial used
}

@test "threads that end in a wait, jumps out of waits and waits in handlers leave nothing" {
	in_all_modes "$HELPERS/hijack_poll" leaks
	assert_line "0 more descriptors, 0 more threads"
}

@test "how long a wake-up takes, to and fro" {
	run timeout -k 2 100 "$HELPERS/hijack_poll" latency
	assert_success
	echo "# host $output" >&3
	in_all_modes "$HELPERS/hijack_poll" latency
	echo "# rump $output" >&3
}
