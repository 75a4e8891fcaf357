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
	# By a name of its own the kernel's process is found.
	local name=i$BASHPID
	ln -s "$HELPERS/hijack_poll" "$BATS_TEST_TMPDIR/$name"
	in_all_modes "$BATS_TEST_TMPDIR/$name" idle
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

@test "a timer's signals interrupt no making of instances for good" {
	run hijacked python3 - <<-'P'
		import os, select, signal, socket
		here, pipe = socket.create_server(("127.0.0.1", 0)), os.pipe()
		signal.signal(signal.SIGALRM, lambda *_: None)
		signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
		for _ in range(2000):
		    with select.epoll() as epoll:
		        epoll.register(here, select.EPOLLIN)
		        epoll.register(pipe[0], select.EPOLLIN)
		signal.setitimer(signal.ITIMER_REAL, 0)
		print("done")
	P
	assert_success
	assert_output done
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

@test "inotify watches files of the image: events, in poll and epoll sets with a pipe of the host" {
	need python3
	cat >"$BATS_TEST_TMPDIR/watch.py" <<-'END'
		import ctypes, errno, os, select, struct, subprocess, sys, threading

		libc = ctypes.CDLL(None, use_errno=True)
		here, there = sys.argv[1:]

		def watch(instance, path, mask):
		    wd = libc.inotify_add_watch(instance, path.encode(), mask)
		    return wd if wd > 0 else errno.errorcode[ctypes.get_errno()]

		def events(instance):
		    data, at, said = os.read(instance, 4096), 0, []
		    while at < len(data):
		        wd, mask, _, length = struct.unpack_from("iIII", data, at)
		        at += 16 + length
		        said.append((wd, hex(mask), data[at - length:at].rstrip(b"\0").decode()))
		    return said

		os.mkdir(here + "/d")
		open(here + "/f", "w").close()
		instance = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
		# create, delete, move, close; modify
		print(watch(instance, here + "/d", 0x3c8), watch(instance, here + "/f", 0x2))
		print(watch(instance, here + "/none", 0x2), watch(instance, there, 0x2))
		r, w = os.pipe()
		poll, epoll = select.poll(), select.epoll()
		for source in instance, r:
		    poll.register(source, select.POLLIN)
		    epoll.register(source, select.EPOLLIN)

		def ready(timeout):
		    names = {instance: "inotify", r: "pipe"}
		    found = poll.poll(timeout * 1000), epoll.poll(timeout)
		    return [sorted(names[fd] for fd, _ in pairs) for pairs in found]

		print(ready(0))
		for act in (lambda: open(here + "/d/new", "w").close(),
		            lambda: os.rename(here + "/d/new", here + "/d/name"),
		            # another process
		            lambda: subprocess.run(["sh", "-c", "echo x >>" + here + "/f"]),
		            lambda: os.unlink(here + "/d/name")):
		    t = threading.Thread(target=act)
		    t.start()
		    print(ready(20)[0])
		    t.join()
		    print([e if e[1] not in ("0x40", "0x80") else e[1:] for e in events(instance)])
		os.write(w, b"x")
		print(ready(20))
		os.write(w, b"x")
		open(here + "/d/more", "w").close()
		print(ready(20))
		print(libc.inotify_rm_watch(instance, 1), events(instance)[-1], ready(0))
	END
	mkdir "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/other"
	run python3 "$BATS_TEST_TMPDIR/watch.py" "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/other"
	assert_success
	# An instance watches one kernel's files: another watch finds no room.
	local expected=${output/ENOENT 3/ENOENT ENOSPC}
	assert_not_equal "$expected" "$output"
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		image ext4 32M
		rm -f "$REPORT"
		run timeout -k 2 60 env "$mode" RUMP_MOUNT="$IMG:/mnt" RUMPHIJACK=blanket=/mnt \
			RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT="$REPORT" LD_PRELOAD="$SHIM" \
			python3 "$BATS_TEST_TMPDIR/watch.py" /mnt /tmp
		assert_success
		assert_output "$expected"
		assert_nothing_escaped
		assert_image_clean
	done
}

@test "how long a wake-up takes, to and fro" {
	run timeout -k 2 100 "$HELPERS/hijack_poll" latency
	assert_success
	echo "# host $output" >&3
	in_all_modes "$HELPERS/hijack_poll" latency
	echo "# rump $output" >&3
}
