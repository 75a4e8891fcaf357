#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Processes that are killed, by another of the same kernel.

setup() {
	load setup.bash
	new_image 200M
}

teardown() {
	end_clean
}

@test "the first process exits, or is killed, in the middle of what others do: no call of theirs fails" {
	local how
	for how in exit abort kill; do
		rm -rf "$HERE/told"
		mkdir "$HERE/told"
		status=0
		# shellcheck disable=SC2016 # the inner shell expands it
		inside sh -c 'exec python3 "$@" >"$2/out" 2>&1' - "$RUMP_TOP/test/helpers/processes_first.py" \
			"$HERE/told" "$how" || status=$?
		touch "$HERE/told/go"
		case $how in
		exit) assert_equal "$status" 0 ;;
		abort) assert_equal "$status" 134 ;;
		kill) assert_equal "$status" 137 ;;
		esac
		assert_equal "$(cat "$HERE/told/out")" ''
		wait_for test -e "$HERE/told/last"
		run cat "$HERE/told/log"
		assert_equal "$(sort <<<"$output")" "$(printf '%s\n' holder:0 lock:0 map:0 open:0 pipe:0 poll:0 read:0 \
			sync:0 sync:0 tree:0)"
		no_server
		assert_image_clean "$IMG"
	done
}

# kills COUNT SEED: that many random kills, of processes that were blocked in the kernel and of running
# ones; the others went on each time
kills() {
	SECONDS_AT_MOST=400 run inside python3 "$RUMP_TOP/test/helpers/processes_kills.py" "$@"
	assert_success
	assert_line --index 0 "$1 killed: $1 times the others went on, 0 times the kernel was lost"
	assert_line --index 1 --regexp '^[1-9][0-9]* were blocked in a call, [1-9][0-9]* running, [0-9]+ elsewhere$'
	echo "# ${lines[0]}; ${lines[1]}" >&3
}

@test "300 kills in a tree of 8 busy processes: the others go on" {
	# A fifth of it in the kernel's other modes, in which this suite is run as well
	local count=300
	[ -z "${RUMP_NCPU-}${RUMP_THREADS-}" ] || count=60
	kills "$count" 7
}

@test "60 kills with four virtual CPUs" {
	RUMP_NCPU=4 kills 60 8
}

# The outer shell does not use the kernel, as it has no business in /mnt; the sparse file is long to read.
@test "60 kills by a shell that does not use the kernel: it is not lost" {
	# shellcheck disable=SC2016 # the inner shell expands it
	run inside bash -c '
		exec 2>/dev/null # who was killed
		(truncate -s 1T /mnt/holes) # not by this shell
		n=0
		for ((i = 0; i < 60; i++)); do
			(exec dd if=/mnt/holes of=/dev/null bs=4k) & victim=$!
			sleep 0.00$((RANDOM % 10))$((RANDOM % 10))
			kill -KILL $victim
			wait $victim
			[ $? != 137 ] || n=$((n + 1))
			(: >/mnt/probe) || break
		done
		timeout -s KILL 0.02 dd if=/mnt/holes of=/dev/null bs=4k
		echo "$? $n"
		(: >/mnt/probe)'
	assert_success
	assert_output "137 60"
}

@test "a process whose threads are in the kernel kills itself, and its group" {
	run inside python3 - <<-'END'
		import os, signal, threading
		os.chdir('/mnt')
		open('file', 'wb').truncate(1 << 30)
		def reads():
		    file = os.open('file', os.O_RDONLY)
		    while True:
		        for offset in range(0, 1 << 30, 65536):
		            os.pread(file, 65536, offset)
		def busy(kill):
		    for _ in range(3):
		        threading.Thread(target=reads, daemon=True).start()
		    for _ in range(200):
		        os.stat('file')
		    kill()
		def group():
		    os.setpgid(0, 0)
		    for _ in range(2):
		        if not os.fork():
		            reads()
		    busy(lambda: os.kill(0, signal.SIGKILL))
		ends = [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os.kill(threading.get_native_id(), signal.SIGKILL)]
		for how in [lambda: busy(ends[0]), lambda: busy(ends[1]), group] * 5:
		    pid = os.fork()
		    if not pid:
		        how()
		        os._exit(1)
		    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
		    open('probe', 'w').close()
		print('fine')
	END
	assert_success
	assert_output fine
}

@test "60 stops of busy, blocked and waiting processes and threads: the others go on" {
	run inside python3 "$RUMP_TOP/test/helpers/processes_stops.py" 60 5
	assert_success
	assert_output "60 stops"
}
