#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What processes have to do with each other by files, in the rump kernel and on the host.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

# alike COMMAND...: it prints the same with /mnt and with a directory of the host as its last arguments' @
alike() {
	local expected
	mkdir "$HERE/at"
	expected=$(timeout -k 2 60 "${@/#@/$HERE/at}" 2>&1)
	run inside "${@/#@//mnt}"
	assert_success
	assert_output "$expected"
	assert [ -n "$output" ]
}

@test "locks of flock, fcntl and open file descriptions exclude, pass on and end with their holder, killed or crashed; leases" {
	alike python3 "$RUMP_TOP/test/helpers/processes_files.py" @ locks
}

@test "pipes by name: data, end of file, SIGPIPE, a killed or crashed writer" {
	alike python3 "$RUMP_TOP/test/helpers/processes_files.py" @ pipes
}

@test "unix sockets: descriptors and credentials of another process, a killed peer" {
	alike python3 "$RUMP_TOP/test/helpers/processes_files.py" @ sockets
}

@test "mappings of one file in several processes are one; inherited, truncated, killed" {
	alike python3 "$RUMP_TOP/test/helpers/processes_files.py" @ mappings
}

@test "signals and waits: handlers, stops, groups, statuses, the parent's death" {
	alike python3 "$RUMP_TOP/test/helpers/processes_signals.py" @ signals
}

@test "a child that only executes a program of the host does so at once, whatever its parent's threads do" {
	alike python3 "$RUMP_TOP/test/helpers/processes_children.py" @ executes
}

@test "whatever a child does with what it has inherited, and however it ends, its parent goes on as it was" {
	ulimit -c 0
	alike python3 "$RUMP_TOP/test/helpers/processes_children.py" @ uses
}

@test "SIGIO and SIGURG for the owner of a file reach another process, whatever it does" {
	alike python3 "$RUMP_TOP/test/helpers/processes_signals.py" @ owners
}

@test "SIGIO for the process group that owns a file reaches its members, whoever made them that and whatever its leader does" {
	alike python3 "$RUMP_TOP/test/helpers/processes_groups.py" @ members ways leaders
	rm -r "$HERE/at"
	alike python3 "$RUMP_TOP/test/helpers/processes_groups.py" @ late
}

@test "the child of a process without privileges has its number in the kernel, and so has its group" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
	alike python3 "$RUMP_TOP/test/helpers/processes_groups.py" @ unprivileged
}

@test "umask, credentials and limits are a process's own, and last over exec" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
	alike python3 "$RUMP_TOP/test/helpers/processes_own.py" @ rights
}

@test "working directories, descriptors and offsets over fork and exec" {
	alike python3 "$RUMP_TOP/test/helpers/processes_own.py" @ cwd
}

@test "a program executed by a process with threads, or that cannot be: threads, locks, offsets, directory" {
	alike python3 "$RUMP_TOP/test/helpers/processes_own.py" @ executions
}

@test "a forked child has the signal mask of its parent, whatever signals come while it is made" {
	run inside python3 - <<-'P'
		import os, signal
		os.listdir('/mnt')
		wrong = seen = 0
		def alarm(*_):
		    global seen
		    seen += 1
		signal.signal(signal.SIGALRM, alarm)
		signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
		for _ in range(1000):
		    pid = os.fork()
		    if pid == 0:
		        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
		        os.kill(os.getpid(), signal.SIGALRM)
		        os._exit(len(blocked) + len(signal.sigpending()))
		    wrong += os.waitpid(pid, 0)[1] != 0
		signal.setitimer(signal.ITIMER_REAL, 0)
		print(wrong, seen > 100)
	P
	assert_success
	assert_output '0 True'
}

@test "a process that is the first of its kin to use the kernel has its own ids, groups, capabilities and limits" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
	need setpriv prlimit unshare
	need_reach
	cat >"$HERE/late" <<-'END'
		at=$1
		as() { setpriv --reuid=1234 --regid=1235 "$@" 2>/dev/null; }
		chmod 755 "$at"
		install -m 600 /dev/null "$at/private"
		install -m 640 -g 77 /dev/null "$at/group"
		install -m 600 -o 1234 /dev/null "$at/own"
		install -d -o 1234 "$at/theirs"
		as --clear-groups cat "$at/private" || echo private
		as --clear-groups cat "$at/group" || echo group
		as --groups=77 cat "$at/group" && echo group 77
		as --clear-groups sh -c 'cat "$0/own"; echo >"$0/theirs/made"; chown 1 "$0/theirs/made"' "$at" || echo chown
		as --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override cat "$at/private" && echo capability
		as --clear-groups unshare -r cat "$at/private" || echo namespace
		as --clear-groups unshare -r sh -c 'echo >"$0/theirs/mapped"' "$at"
		setpriv --bounding-set=-dac_override,-dac_read_search cat "$at/own" 2>/dev/null || echo bounded
		setpriv --bounding-set=-chown cat "$at/private" && echo root
		stat -c '%n %u:%g' "$at/theirs/made" "$at/theirs/mapped"
		prlimit --fsize=5000:6000 sh -c 'head -c 9000 /dev/zero >"$0/sized"; echo $?' "$at" 2>/dev/null
		stat -c %s "$at/sized"
		python3 - "$at" <<-'P'
			import os, sys, threading
			def read():
			    try: print(os.open(sys.argv[1] + '/private', os.O_RDONLY) > 0)
			    except OSError as e: print(e.strerror)
			read()
			os.setgroups([])
			os.setresuid(1234, 1234, 1234)
			read()
			thread = threading.Thread(target=read)
			thread.start()
			thread.join()
		P
	END
	# No directory of the host is one that the others may enter, so it is not asked.
	run inside bash "$HERE/late" /mnt
	assert_success
	assert_output "$(printf '%s\n' private group 'group 77' chown capability namespace bounded root \
		'/mnt/theirs/made 1234:1235' '/mnt/theirs/mapped 1234:1235' 153 5000 True 'Permission denied' \
		'Permission denied')"
}
