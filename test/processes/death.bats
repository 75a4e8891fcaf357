#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A kernel that dies: its server is killed, or a process in the middle of it, by somebody outside.

setup() {
	load setup.bash
	new_image 200M
}

outside() {
	timeout -k 2 60 python3 "$RUMP_TOP/test/helpers/processes_outside.py" "$RUMP_COMMAND" "$IMG" "$@"
}

@test "the server is killed: who waits and who works gets EIO at once, one message each, and ends" {
	cat >"$HERE/tree" <<-'END'
		cd /mnt
		mkfifo fifo
		(cat fifo; echo "fifo $?") &
		exec 7>fifo # returns when cat has it
		(while echo x >file && cat file >copy; do echo >"$1/busy"; done; echo "loop") &
		python3 -c '
		import fcntl, os, select, sys, threading, time
		os.mkfifo("other")
		pipe, fifo = os.pipe()[0], os.open("other", os.O_RDWR)
		lock, again = os.open("lock", os.O_CREAT | os.O_RDWR), os.open("lock", os.O_RDWR)
		fcntl.flock(lock, fcntl.LOCK_EX)
		def error(name, call, *args):
		    try:
		        call(*args)
		        result = 0
		    except OSError as e:
		        result = e.errno
		    os.write(1, b"%s %d\n" % (name.encode(), result))
		threads = [threading.Thread(target=error, args=a) for a in (
		    ("select", select.select, [fifo, pipe], [], []),
		    ("lock", fcntl.flock, again, fcntl.LOCK_EX),
		    ("read", os.read, fifo, 1))]
		for t in threads: t.start()
		# They sleep, and go on doing so: they are in their calls.
		def state():
		    found = []
		    for t in threads:
		        with open(f"/proc/self/task/{t.native_id}/status") as f:
		            found.append([l for l in f if "State" in l or "ctxt" in l])
		    return found
		last = None
		while (now := state()) != last or any("S (sleeping)" not in t[0] for t in now):
		    last = now
		    time.sleep(0.05)
		os.close(os.open(sys.argv[1] + "/blocked", os.O_CREAT))
		for t in threads: t.join()
		' "$1" &
		wait
		echo "$$ ends"
	END
	sed -i 's/^\t\t//' "$HERE/tree"
	inside bash "$HERE/tree" "$HERE" >"$HERE/out" 2>"$HERE/errors" &
	wait_for test -e "$HERE/blocked"
	wait_for test -e "$HERE/busy"
	local server begin
	server=$(server_of "$IMG")
	begin=${EPOCHREALTIME/./}
	kill -9 "$server"
	wait $!
	assert [ $((${EPOCHREALTIME/./} - begin)) -lt 5000000 ]
	run sort "$HERE/out"
	assert_line 'fifo 1'
	assert_line loop
	assert_line 'lock 5'
	assert_line 'read 5'
	assert_line 'select 5'
	assert_line --regexp '^[0-9]+ ends$'
	run grep -c 'has lost its kernel, as the process that kept it has ended' "$HERE/errors"
	assert [ "$output" -ge 4 ]
	run bash -c "grep -o 'process [0-9]* has lost' '$HERE/errors' | sort | uniq -d"
	refute_output
	# The journal brings the image into order.
	no_server
	run e2fsck -fp "$IMG"
	assert [ "$status" -le 1 ]
	assert_image_clean "$IMG"
}

@test "a program that is started after the server's end says so and fails" {
	# shellcheck disable=SC2016 # the inner shell expands it
	inside bash -c 'echo x >/mnt/x; echo >"$0"; until [ -e "$1" ]; do sleep 0.05; done
		/bin/cat /mnt/x; echo $?' "$HERE/ready" "$HERE/go" >"$HERE/out" 2>&1 &
	wait_for test -e "$HERE/ready"
	kill -9 "$(server_of "$IMG")"
	touch "$HERE/go"
	wait $!
	run cat "$HERE/out"
	assert_line 'rump: cannot join the kernel: the process that kept it has ended'
	assert_line 1
	no_server
}

# Eight times, as processes are to be met that are being forked, or execute a program.
@test "after the end of its kernel a shell in a directory there starts no program in one of the host's" {
	local round
	mkdir "$HERE/here"
	cd "$HERE/here"
	for round in {1..8}; do
		rm -f "$HERE/ready" "$HERE/end"
		# shellcheck disable=SC2016 # the inner shell expands it
		inside bash -c 'cd /mnt
			for i in 1 2 3; do
				(while [ ! -e "$0/end" ]; do mkdir -p d; /bin/touch f; done; perl -e "system q(mkdir), q(g)") &
			done
			: >"$0/ready"; wait' "$HERE" >"$HERE/out" 2>&1 &
		wait_for test -e "$HERE/ready"
		kill -9 "$(server_of "$IMG")"
		wait_for grep -q 'has lost its kernel' "$HERE/out"
		touch "$HERE/end"
		wait $!
		no_server
		run cat "$HERE/out"
		refute_line --partial 'Bus error'
	done
	cd /
	run ls -A "$HERE/here"
	refute_output
}

@test "a process is killed in the middle of the kernel: in a second all others get EIO, one message each" {
	mkdir "$HERE/said"
	run timeout -k 2 200 python3 "$RUMP_TOP/test/helpers/processes_middle.py" "$RUMP_COMMAND" "$IMG" \
		"$HERE/said" 10
	assert_success
	assert_output 'lost: seen by all in less than 1 s'
}

@test "processes that the server could not watch, for want of descriptors, are buried all the same" {
	cat >"$HERE/many" <<-'END'
		import os, select, signal, sys, time
		open(sys.argv[1], 'w').close()
		while not os.path.exists(sys.argv[2]): time.sleep(0.05)
		os.mkfifo('/mnt/fifo')
		reader = os.open('/mnt/fifo', os.O_RDONLY | os.O_NONBLOCK)
		writer = os.open('/mnt/fifo', os.O_WRONLY)
		def child():
		    pid = os.fork()
		    if pid: return pid
		    signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
		    while True: signal.pause()
		pids = [child() for _ in range(30)]
		os.close(writer)
		def end(sig, some):
		    for pid in some: os.kill(pid, sig)
		    for pid in some: os.waitpid(pid, 0)
		end(signal.SIGTERM, pids[:15])
		end(signal.SIGKILL, pids[15:])
		print(select.select([reader], [], [], 20)[0] == [reader] and os.read(reader, 1))
	END
	inside python3 "$HERE/many" "$HERE/ready" "$HERE/go" >"$HERE/out" 2>&1 &
	local job=$!
	until [ -e "$HERE/ready" ]; do sleep 0.05; done
	local server fds
	server=$(server_of "$IMG")
	fds=(/proc/"$server"/fd/*)
	prlimit --pid "$server" --nofile=$((${#fds[@]} + 12))
	touch "$HERE/go"
	wait "$job"
	run cat "$HERE/out"
	assert_output "b''"
}

@test "30 kills from outside: the others go on, or all get EIO and what was synced is there" {
	run outside 30 3
	assert_success
	assert_output --regexp '^30 killed: [0-9]+ times the others went on, [0-9]+ times the kernel was lost'
}

@test "8 whole trees killed at once: nothing is left" {
	run outside 8 4 all
	assert_success
	assert_output '8 trees killed'
}
