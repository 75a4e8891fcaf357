#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What many processes and descriptors cost, what /proc tells of processes, disks that several use.
# shellcheck disable=SC2016 # inner shells expand

setup() {
	load setup.bash
	new_image 100M
}

teardown() {
	end_clean
}

# with_proc COMMAND...: as inside, with the rump kernel's /proc on /rproc
with_proc() {
	timeout -k 2 "$SECONDS_AT_MOST" "$RUMP_COMMAND" run -m "$IMG:/mnt" -m proc:/rproc -- "$@"
}

@test "1,000 processes in sequence: the server does not grow" {
	cat >"$HERE/many" <<-'END'
		state() {
			echo "$(awk '/^RssAnon|^RssShmem/ { n += $2 } END { print n }' "/proc/$1/status")" \
				"$(ls "/proc/$1/fd" | wc -l)" "$(ls /rproc | grep -c '^[0-9]')"
		}
		some() {
			for ((i = 0; i < $1; i++)); do (read -r x </mnt/f; [ "$x" = text ]) || echo failed; done
		}
		echo text >/mnt/f
		server=$(cat "$1")
		some 300
		state "$server"
		some 700
		state "$server"
	END
	mkfifo "$HERE/server"
	with_proc bash "$HERE/many" "$HERE/server" >"$HERE/out" &
	until [ -n "$(processes_of "$IMG")" ]; do sleep 0.05; done
	processes_of "$IMG" >"$HERE/server"
	wait $!
	run cat "$HERE/out"
	assert_equal "${#lines[@]}" 2
	local kilobytes files tasks more more_files more_tasks
	read -r kilobytes files tasks <<<"${lines[0]}"
	read -r more more_files more_tasks <<<"${lines[1]}"
	assert [ $((more - kilobytes)) -lt 1024 ]
	assert_equal "$more_files" "$files"
	assert [ "$more_tasks" -le $((tasks + 2)) ]
}

@test "1,000 descriptors in each of 8 processes" {
	cat >"$HERE/open.py" <<-'END'
		import os, resource
		resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
		children = []
		gate = os.pipe()
		for k in range(8):
		    ready = os.pipe()
		    pid = os.fork()
		    if not pid:
		        os.close(gate[1])
		        files = [os.open("/mnt/%d-%d" % (k, i), os.O_CREAT | os.O_RDWR) for i in range(1000)]
		        os.write(ready[1], b"x")
		        os.read(gate[0], 1)
		        for i, f in enumerate(files):
		            os.write(f, b"%d %d" % (k, i))
		        for i, f in enumerate(files):
		            assert os.pread(f, 99, 0) == b"%d %d" % (k, i)
		        os._exit(0)
		    os.read(ready[0], 1)
		    children.append(pid)
		os.close(gate[1])
		print([os.waitpid(c, 0)[1] for c in children], len(os.listdir("/mnt")))
	END
	run inside python3 "$HERE/open.py"
	assert_success
	assert_output '[0, 0, 0, 0, 0, 0, 0, 0] 8001'
}

@test "/proc of the rump kernel has the processes under their host pids, with names and parents" {
	mkfifo "$HERE/hold"
	cat >"$HERE/look" <<-'END'
		echo x >/mnt/f
		cat /mnt/f "$1" >/dev/null & child=$!
		until grep -q '^Name:.cat' "/rproc/$child/status" 2>/dev/null; do sleep 0.05; done
		[ -d "/rproc/$$" ] && cat "/rproc/$child/comm" "/rproc/$$/comm"
		[ "$(awk '/^PPid/ { print $2 }' "/rproc/$child/status")" = "$$" ] && echo parent
		echo >"$1"
		wait "$child"; echo "ended $?"
		for ((i = 0; i < 100; i++)); do [ -d "/rproc/$child" ] || break; sleep 0.05; done
		[ -d "/rproc/$child" ] || echo gone
		(exit 77); echo $?
		{ sh -c 'cat /mnt/f >/dev/null; kill -TERM $$'; } 2>/dev/null; echo $?
	END
	run with_proc bash "$HERE/look" "$HERE/hold"
	assert_success
	assert_output "$(printf '%s\n' cat bash parent 'ended 0' gone 77 143)"
}

@test "signals by pidfd and by queue kill without harm" {
	run script <<-'END'
		python3 -c '
		import ctypes, os, signal, subprocess, time
		libc = ctypes.CDLL(None, use_errno=True)
		def busy():
		    return subprocess.Popen(["sh", "-c", "while :; do echo x >f$$; rm f$$; done"])
		for n in range(15):
		    p = busy()
		    time.sleep(0.02)
		    signal.pidfd_send_signal(os.pidfd_open(p.pid), signal.SIGKILL)
		    assert p.wait() == -9
		    p = busy()
		    time.sleep(0.02)
		    assert libc.sigqueue(p.pid, 9, None) == 0
		    assert p.wait() == -9
		print("killed")
		'
	END
	assert_success
	assert_output killed
}

@test "two partitions of one image are written at once" {
	local disk=$HERE/disk.img
	truncate -s 96M "$disk"
	printf 'label: gpt\nstart=1MiB,size=40MiB\nstart=48MiB,size=40MiB\n' | sfdisk -q "$disk"
	mkfs.ext4 -q -E offset=$((1 << 20)) "$disk" 40M
	mkfs.ext4 -q -E offset=$((48 << 20)) "$disk" 40M
	run timeout -k 2 60 "$RUMP_COMMAND" run -m "$disk:/one:offset=1m,sizelimit=40m" \
		-m "$disk:/two:offset=48m,sizelimit=40m" -- sh -c '
		cp -r /usr/include/linux /one/a & cp -r /usr/include/linux /two/b & wait
		diff -r /one/a /two/b && mv /one/a /two/a && diff -r /two/a /two/b && echo same'
	assert_success
	assert_output same
	local start
	for start in 1 48; do
		dd if="$disk" of="$HERE/part" bs=1M skip="$start" count=40 status=none
		assert_image_clean "$HERE/part"
	done
}

@test "where few descriptors are allowed, those of the program have the numbers that they have on the host" {
	local limit expected
	cat >"$HERE/numbers.py" <<-'P'
		import os, select, socket, sys
		at = sys.argv[1]
		numbers = [os.open(at + "/f", os.O_CREAT | os.O_RDWR)]
		numbers += os.pipe()
		poll = select.poll()
		server = socket.create_server(("127.0.0.1", 0))
		there = socket.create_connection(server.getsockname())
		for fd in (server.fileno(), numbers[1]): poll.register(fd, select.POLLIN)
		print(len(poll.poll(5000)))
		numbers += [server.fileno(), there.fileno(), os.open("/etc/passwd", os.O_RDONLY)]
		epoll = select.epoll()
		for fd in (server.fileno(), numbers[1]): epoll.register(fd, select.EPOLLIN)
		print(len(epoll.poll(5)))
		numbers += [epoll.fileno(), os.dup(numbers[0]), os.dup(epoll.fileno()), os.open(at + "/f", os.O_RDONLY)]
		if not os.fork(): os.execv(sys.executable, ["python3", "-c", "import os; print(os.open(%r, os.O_RDONLY))" % (at + "/f")])
		os.wait()
		print(numbers)
	P
	mkdir "$HERE/at"
	for limit in 64 256 700; do
		expected=$(python3 "$HERE/numbers.py" "$HERE/at")
		run bash -c 'ulimit -n "$0"; exec "$@"' "$limit" timeout -k 2 60 "$RUMP_COMMAND" run -n none \
			-m "$IMG:/mnt" -- python3 "$HERE/numbers.py" /mnt
		assert_success
		assert_output "$expected"
	done
}
