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

# what_is_held SERVER: what a kernel has: KiB of memory, of the host's, in use, and of tables; descriptors of its
# process; processes
what_is_held() {
	local fd blocks=0
	for fd in "/proc/$1/fd/"*; do
		case $(readlink "$fd") in
		/memfd:*) blocks=$((blocks + $(stat -L -c %b "$fd"))) ;;
		esac
	done
	echo "$((blocks / 2))" "$(awk '/^MemTotal:/ { n = $2 } /^MemFree:/ { n -= $2 } END { print n }' /rproc/meminfo)" \
		"$(awk '/^(Slab|KernelStack|PageTables|VmallocUsed):/ { n += $2 } END { print n }' /rproc/meminfo)" \
		"$(ls "/proc/$1/fd" | wc -l)" "$(ls /rproc | grep -c '^[0-9]')"
}

@test "10,000 processes in sequence, by fork and by posix_spawn: nothing grows" {
	cat >"$HERE/sequence.py" <<-'END'
		import os, subprocess, sys, time
		while not os.path.exists(sys.argv[2]): time.sleep(0.02)
		file = os.open('/mnt/f', os.O_CREAT | os.O_RDWR)
		os.write(file, b'text')
		def some(n):
		    for i in range(n // 2):
		        pid = os.fork()
		        if not pid: os._exit(os.pread(file, 9, 0) != b'text')
		        assert os.waitpid(pid, 0)[1] == 0
		        pid = os.posix_spawn('/usr/bin/test', ['test', '-s', '/mnt/f'], os.environ)
		        assert os.waitpid(pid, 0)[1] == 0
		def state():
		    subprocess.run(['bash', '-c', sys.argv[1]], check=True)
		some(2000)
		state()
		some(8000)
		state()
	END
	local script
	local memory used tables files tasks more more_used more_tables more_files more_tasks
	script="$(declare -f what_is_held); what_is_held \"\$(cat '$HERE/server')\""
	SECONDS_AT_MOST=400 with_proc python3 "$HERE/sequence.py" "$script" "$HERE/server" >"$HERE/out" &
	wait_for eval '[ -n "$(server_of "$IMG")" ]'
	server_of "$IMG" >"$HERE/server.new"
	mv "$HERE/server.new" "$HERE/server"
	wait $!
	run cat "$HERE/out"
	assert_equal "${#lines[@]}" 2
	read -r memory used tables files tasks <<<"${lines[0]}"
	read -r more more_used more_tables more_files more_tasks <<<"${lines[1]}"
	echo "$output"
	# 64 bytes for each of the 8,000 would be 500 KiB. Of the host's memory there is a little more now and then,
	# as what is free is not always used again at the same place.
	assert [ $((more_used - used)) -lt 500 ]
	assert [ $((more - memory)) -lt 2000 ]
	assert [ $((more_tables - tables)) -lt 125 ]
	assert_equal "$more_files" "$files"
	assert [ "$more_tasks" -le $((tasks + 2)) ]
}

@test "200 processes at once, all in one call" {
	run with_proc bash -c 'cd /mnt
		echo text >f
		mkfifo gate
		exec 8<>gate
		for ((i = 0; i < 200; i++)); do
			(read -r x <f; read -r -N 1 -u 8; [ "$x$REPLY" = textx ] && echo $i >>log) &
		done
		children() { cat /rproc/[0-9]*/status 2>/dev/null | grep -c "^PPid:.$$\$"; }
		for ((i = 0; i < 1000; i++)); do
			[ "$(children)" -lt 200 ] || break
			sleep 0.05
		done
		children
		printf "x%.0s" {1..200} >&8
		wait
		sort -n log | cmp - <(seq 0 199) && echo all'
	assert_success
	assert [ "${lines[0]}" -ge 200 ]
	assert_line --index 1 all
}

@test "another user's kernel has the limits that root's has" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can be two users'
	local limits='cat /x/sys/kernel/threads-max /x/sys/vm/dirty_background_bytes /x/sys/net/ipv4/{tcp,udp}_mem \
		/x/sys/net/ipv4/tcp_{r,w}mem; grep -E "processes|pending" /x/self/limits'
	chmod a+rx "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	run timeout -k 2 60 "$RUMP_COMMAND" run -m proc:/x:type=proc -- bash -c "$limits"
	assert_success
	assert_output --partial 'Max processes             unlimited'
	local expected=$output
	run timeout -k 2 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$RUMP_COMMAND" run \
		-m proc:/x:type=proc -- bash -c "$limits; stat -c 'owner %u' /x/self/fd"
	assert_success
	assert_output "$expected"$'\nowner 65534'
}

# Each is a second at most; in a convoy, where every call hands the virtual CPU over, they took half a minute.
@test "crowds of processes and threads that make short calls get through" {
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		export "${mode?}"
		run inside bash -c 'echo text >/mnt/f
			for crowd in "128 1 500" "1 128 500" "16 8 500"; do
				timeout -k 1 15 "$1" /mnt/f $crowd || exit
			done' - "$BUILD/test/processes_crowd"
		assert_success
		assert_equal "${#lines[@]}" 3
		unset "${mode%=*}"
	done
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

@test "1,000 descriptors in each of 200 processes at once" {
	cat >"$HERE/open.py" <<-'END'
		import os, resource
		resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
		os.chdir("/mnt")
		for i in range(1000):
		    with open(str(i), "w") as f: f.write(str(i))
		ready, turn = os.pipe(), os.pipe()
		children = []
		for k in range(200):
		    pid = os.fork()
		    if not pid:
		        files = [os.open(str(i), os.O_RDONLY) for i in range(1000)]
		        os.write(ready[1], b"x")
		        os.read(turn[0], 1)
		        os._exit(any(os.pread(f, 9, 0) != b"%d" % i for i, f in enumerate(files)))
		    children.append(pid)
		    os.read(ready[0], 1)
		print(open("/rproc/sys/fs/file-nr").read().split()[0])
		statuses = set()
		for child in children:
		    os.write(turn[1], b"x")
		    statuses.add(os.wait()[1])
		print(statuses)
	END
	run with_proc python3 "$HERE/open.py"
	assert_success
	assert_line --index 1 '{0}'
	assert [ "${lines[0]}" -ge 200000 ]
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
