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

@test "instances over fork and vfork, also two processes that wait at once; polls of a hundred sockets" {
	local what helper=$TOP/test/helpers/hijack_poll_shares.py
	for what in fork each both survive spawned large; do
		timeout -k 2 60 python3 "$helper" "$what" >"$BATS_TEST_TMPDIR/host" || fail "$what on the host: $?"
		hijacked python3 "$helper" "$what" >"$BATS_TEST_TMPDIR/rump" || fail "$what: $?"
		run diff "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/rump"
		assert_success
	done
}

@test "an instance gets other numbers by dup2 before the process has a kernel, or a child" {
	local python
	python=$(python3 -c 'import sys; print(sys.executable)')
	RUMPHIJACK=path=/rump,socket=inet LD_PRELOAD=$SHIM run "$python" "$TOP/test/helpers/hijack_poll_shares.py" early
	assert_success
	assert_output "$(printf "[('socket', 1)]\\n%.0s" 1 2 3)"
}

@test "9000 mixed instances one after another leave nothing behind" {
	run hijacked python3 - <<-'P'
		import os, select, socket
		here, pipe = socket.create_server(("127.0.0.1", 0)), os.pipe()
		for _ in range(9000):
		    with select.epoll() as epoll:
		        epoll.register(here, select.EPOLLIN)
		        epoll.register(pipe[0], select.EPOLLIN)
		there = socket.create_connection(here.getsockname())
		with select.epoll() as epoll:
		    epoll.register(here, select.EPOLLIN)
		    epoll.register(pipe[0], select.EPOLLIN)
		    print(len(epoll.poll(20)))
		poll = select.poll()
		poll.register(here)
		poll.register(pipe[0])
		print(len(poll.poll(20)))
	P
	assert_success
	assert_output "$(printf '1\n1')"
}

@test "700 mixed instances at once, which the program cannot break by closing what is not its own" {
	ulimit -n 4096
	run hijacked python3 - <<-'P'
		import errno, os, select, socket
		server, pipe = socket.create_server(("127.0.0.1", 0)), os.pipe()
		instances = []
		for _ in range(700):
		    epoll = select.epoll()
		    epoll.register(server, select.EPOLLIN)
		    epoll.register(pipe[0], select.EPOLLIN)
		    instances.append(epoll)
		own = {epoll.fileno() for epoll in instances}
		for fd in range(700, 4096):
		    if fd not in own:
		        try: os.close(fd)
		        except OSError as error: assert error.errno == errno.EBADF
		there = socket.create_connection(server.getsockname())
		print(sum(len(epoll.poll(20)) for epoll in instances))
		server.accept()[0].close()
		print(sum(len(epoll.poll(0)) for epoll in instances))
	P
	assert_success
	assert_output "$(printf '700\n0')"
}

@test "how long a wake-up takes, to and fro" {
	run timeout -k 2 100 "$HELPERS/hijack_poll" latency
	assert_success
	echo "# host $output" >&3
	in_all_modes "$HELPERS/hijack_poll" latency
	echo "# rump $output" >&3
}
