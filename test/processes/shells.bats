#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Shells and what they start, on one kernel.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "pipelines, subshells, substitution, here-documents, read loops" {
	run script <<-'END'
		mkdir a b
		cp -r /usr/include/linux/netfilter a
		tar c -C a . | (cd b && tar x)
		diff -r a b && echo same
		n=0; while read -r line; do n=$((n + 1)); done <a/netfilter/nf_tables.h
		[ "$n" -eq "$(wc -l </usr/include/linux/netfilter/nf_tables.h)" ] && echo counted
		cat >here <<-X
			sum $((1 + 2)) $(cat <(echo in))
		X
		cat here
		(cd b; exec cat ../here)
		/bin/pwd
	END
	assert_success
	assert_output "$(printf '%s\n' same counted 'sum 3 in' 'sum 3 in' /mnt)"
}

@test "xargs -P4 and background jobs" {
	run script <<-'END'
		seq 40 | xargs -P4 -I{} sh -c 'echo {} >f{}'
		cat f* | sort -n | cmp - <(seq 40) && echo all
		for i in 1 2 3 4; do (sleep 0.1; echo $i >>log) & done
		wait
		sort log | tr '\n' ' '
	END
	assert_success
	assert_output "$(printf 'all\n1 2 3 4 ')"
}

@test "a descriptor that is inherited has one offset; close-on-exec closes" {
	run script <<-'END'
		exec 5>>shared 6<>both
		(echo a >&5); echo b >&5; bash -c 'echo c >&5'
		cat shared
		echo one >&6; bash -c 'echo two >&6'; echo three >&6
		cat both
		python3 -c 'import os; fd = os.open("shared", os.O_RDONLY); print(os.system(f"true 2>/dev/null <&{fd}") != 0)'
	END
	assert_success
	assert_output "$(printf '%s\n' a b c one two three True)"
}

@test "a program without an environment still finds the kernel" {
	run script <<-'END'
		echo text >f
		env -i /bin/cat /mnt/f
		env -i /bin/sh -c 'echo more >>/mnt/f; exec env -i /bin/cat /mnt/f'
	END
	assert_success
	assert_output "$(printf 'text\ntext\nmore')"
}

@test "statuses and signals" {
	run script 2>/dev/null <<-'END'
		sh -c 'exit 42' >x; echo $?
		sh -c 'kill -TERM $$' >x; echo $?
		sh -c 'kill -KILL $$' >x; echo $?
		mkfifo p
		timeout -s KILL 0.3 cat p; echo $?
		cat p >x & exec 7>p; kill -9 $!; wait $!; echo $?; exec 7>&-
		bash -c 'trap "echo got >t; exit 5" TERM; echo >ready; while :; do sleep 0.05; done' &
		until [ -s ready ]; do sleep 0.02; done
		kill $!; wait $!; echo $?
		cat t
	END
	assert_success
	assert_equal "$(grep -xE '[0-9]+|got' <<<"$output" | tr '\n' ' ')" '42 143 137 137 137 5 got '
}

@test "busybox sh" {
	need busybox
	run inside busybox sh -c 'cd /mnt; for i in 1 2 3; do echo $i; done | while read x; do echo "<$x>" >>o; done; cat o; exit 3'
	assert_failure 3
	assert_output "$(printf '<1>\n<2>\n<3>')"
}

@test "locks exclude: flock(1), and sqlite3 in four processes" {
	need sqlite3
	run script <<-'END'
		mkfifo taken tried
		(flock 9; echo in; echo >taken; read -r x <tried; echo out) 9>lock &
		(read -r x <taken; flock -n 9 || echo busy; echo >tried; flock 9; echo mine) 9>lock
		wait
		sqlite3 db 'create table t(a)'
		for i in 1 2 3 4; do
			(for j in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' db "insert into t values($i$j)"; done) &
		done
		wait
		sqlite3 db 'select count(*) from t; pragma integrity_check'
	END
	assert_success
	assert_output "$(printf '%s\n' in busy out mine 20 ok)"
}

@test "git: commit, clone by its helpers, gc" {
	need git
	run script <<-'END'
		set -e
		export HOME=/nonexistent GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
		git init -q r
		cp -r /usr/include/linux/netfilter r
		git -C r add .
		git -C r commit -qm one
		git clone -q r c
		git clone -q file:///mnt/r d
		git -C d gc -q
		git -C d fsck
		diff -r c/netfilter d/netfilter && echo same
	END
	assert_success
	assert_line same
}

@test "make -j4 with gcc" {
	run script <<-'END'
		for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" >f$i.c; done
		echo 'int f1(void), f6(void); int main(void) { return f1() + f6(); }' >m.c
		printf 'p: m.o f1.o f2.o f3.o f4.o f5.o f6.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -c -o $@ $<\n' >Makefile
		make -s -j4
		./p
		echo $?
	END
	assert_success
	assert_output 7
}

@test "python: subprocess, multiprocessing, descriptors over a unix socket" {
	cat >"$HERE/p.py" <<-'END'
		import fcntl, multiprocessing, os, socket, subprocess
		os.chdir('/mnt')
		def work(i):
		    with open(f'w{i}', 'w') as f: f.write(str(i * i))
		    return i * i
		def sockets():
		    s = socket.socket(socket.AF_UNIX); s.bind('sock'); s.listen()
		    pid = os.fork()
		    if not pid:
		        c = socket.socket(socket.AF_UNIX); c.connect('sock')
		        fds = socket.recv_fds(c, 10, 2)
		        os._exit(3 if os.read(fds[1][0], 100) == b'payload' else 1)
		    a, _ = s.accept()
		    with open('data', 'w') as f: f.write('payload')
		    socket.send_fds(a, [b'x'], [os.open('data', os.O_RDONLY)])
		    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		if __name__ == '__main__':
		    with open('o', 'w') as f: subprocess.check_call(['sh', '-c', 'echo child; echo err >&2'], stdout=f, stderr=f)
		    print(open('o').read().split())
		    for how in 'fork', 'spawn', 'forkserver':
		        with multiprocessing.get_context(how).Pool(4) as pool: print(sum(pool.map(work, range(20))))
		    sockets()
		    f = open('lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)
		    print(subprocess.call(['python3', '-c', 'import fcntl; fcntl.lockf(open("lock", "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)'], stderr=subprocess.DEVNULL))
	END
	run inside python3 "$HERE/p.py"
	assert_success
	assert_output "$(printf '%s\n' "['child', 'err']" 2470 2470 2470 3 1)"
}
