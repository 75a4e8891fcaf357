#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Programs that lie in an image.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "an ELF program, by absolute and relative path, by PATH and by find" {
	run script <<-'END'
		mkdir bin; cp /bin/ls /bin/cat /bin/readlink bin
		/mnt/bin/ls -d /mnt/bin
		bin/ls -d bin
		(cd bin; ./ls -d .; ../bin/ls -d ..)
		PATH=/mnt/bin cat <<<path
		find . -name readlink -exec {} -f /mnt/bin/../bin \;
		../bin/echo of the host
	END
	assert_success
	assert_output "$(printf '%s\n' /mnt/bin bin . .. path /mnt/bin 'of the host')"
}

@test "it knows its own name: /proc/self/exe and comm" {
	run script <<-'END'
		cp /bin/readlink /bin/cat .
		./readlink /proc/self/exe
		/mnt/cat /proc/self/comm
	END
	assert_success
	assert_output "$(printf '/mnt/readlink\ncat')"
}

@test "its name by number, of a thread, by a directory, of another process, and in little room" {
	run script <<-'END'
		cp "$(readlink -f /usr/bin/python3)" python
		./python - <<-'P'
			import ctypes, os, subprocess, threading
			pid = os.getpid()
			def show(*names, **how):
			    for name in names: print(os.readlink(name, **how), flush=True)
			show(f"/proc/{pid}/exe", "/proc/thread-self/exe", f"/proc/self/task/{pid}/exe", "/proc/../proc/self/exe")
			thread = threading.Thread(target=show, args=("/proc/thread-self/exe",))
			thread.start(); thread.join()
			fd = os.open(f"/proc/{pid}", os.O_RDONLY)
			show("exe", dir_fd=fd)
			room = ctypes.create_string_buffer(4)
			print(ctypes.CDLL(None).readlink(b"/proc/self/exe", room, 4), room.raw, flush=True)
			subprocess.run(["/bin/readlink", f"/proc/{pid}/exe"])
			print(os.path.realpath("/proc/self/exe"))
		P
	END
	assert_success
	assert_output "$(for ((i = 0; i < 6; i++)); do echo /mnt/python; done
		echo "4 b'/mnt'"; echo /mnt/python; echo /mnt/python)"
}

# static_program FILE: one that copies its standard input
static_program() {
	printf '#include <unistd.h>\nint main(void) { char c; while (read(0, &c, 1) == 1) write(1, &c, 1); }\n' |
		gcc -w -static -x c - -o "$1"
}

@test "a static program is run, and named once, wherever it lies and whoever executes it" {
	static_program "$HERE/static"
	printf '#!%s\ntext\n' "$HERE/static" >"$HERE/of-static"
	chmod +x "$HERE/of-static"
	export HERE
	run script <<-'END'
		cp "$HERE/static" .
		for i in 1 2 3; do echo "host $i" | "$HERE/static"; done
		echo image | ./static
		(echo again | /mnt/static)
		python3 -c 'import os, subprocess; subprocess.run([os.environ["HERE"] + "/of-static"], input=b"script\n")'
		ls "$HERE/static" >/dev/null
	END
	assert_success
	assert_line 'host 3'
	assert_line image
	assert_line again
	assert_line script
	run grep rumphijack <<<"$output"
	assert_output "$(printf 'rumphijack: not hijacked, its calls go to the host: %s: it is statically linked\n' \
		"$HERE/static" ./static /mnt/static "$HERE/of-static")"
}

@test "what is not hijacked is in trace and report; RUMPHIJACK= lets it out without a word" {
	static_program "$HERE/static"
	run timeout 60 "$RUMP_COMMAND" run --trace "$HERE/trace" --report -m "$IMG:/mnt" -- \
		bash -c "echo a | $HERE/static; exit" </dev/null
	assert_success
	assert_line "rumphijack: not hijacked, its calls go to the host: $HERE/static: it is statically linked"
	assert_line --regexp "^rumphijack: [0-9]+ not hijacked: $HERE/static: it is statically linked\$"
	run grep "not hijacked" "$HERE/trace"
	assert_output --regexp "^[0-9]+ H \.\.\. not hijacked: \"$HERE/static\": it is statically linked\$"
	run inside bash -c "echo a | RUMPHIJACK= env $HERE/static"
	assert_success
	assert_output a
}

@test "setuid, setgid and 32-bit programs are named, unless nothing is gained" {
	[ "$(id -u)" -eq 0 ] || skip "only root makes setuid programs of others"
	need_reach
	cp /bin/cat "$HERE/suid"
	cp /bin/cat "$HERE/sgid"
	cp /bin/cat "$HERE/caps"
	chown 1:1 "$HERE/suid" "$HERE/sgid"
	chmod 4755 "$HERE/suid"
	chmod 2755 "$HERE/sgid"
	setcap cap_net_raw+ep "$HERE/caps"
	{ printf '\177ELF\1\1\1'; head -c 1000 /dev/zero; } >"$HERE/small"
	chmod +x "$HERE/small"
	run inside bash -c "$HERE/suid </dev/null; $HERE/sgid </dev/null; $HERE/caps </dev/null; $HERE/small
		setpriv --no-new-privs $HERE/suid </dev/null"
	assert_line "rumphijack: not hijacked, its calls go to the host: $HERE/suid: it is setuid"
	assert_line "rumphijack: not hijacked, its calls go to the host: $HERE/sgid: it is setgid"
	assert_line "rumphijack: not hijacked, its calls go to the host: $HERE/small: it is a 32-bit program"
	refute_line --partial caps:
}

@test "a static command that lies in a mount is refused" {
	static_program "$HERE/static"
	run inside cp "$HERE/static" /mnt
	assert_success
	run inside /mnt/static </dev/null
	assert_failure 1
	assert_output "rump: /mnt/static cannot be hijacked: it is statically linked"
	run -127 inside /mnt/absent
	# shellcheck disable=SC2016
	run inside cp /usr/bin/env /mnt
	run inside /mnt/env bash -c 'echo a | /mnt/static; echo "${RUMP_COMMAND-none}"'
	assert_success
	assert_line a
	assert_line none
}

@test "scripts: interpreters of either kernel, with an argument, with each other" {
	run script <<-'END'
		cp /bin/cat /usr/bin/env .
		printf '#!/bin/sh\necho "$0" "$@"\n' >host
		printf '#!/mnt/cat\nself\n' >image
		printf '#! \t/mnt/env -S bash -u \t\necho "$-" $1\n' >argument
		printf '#!/mnt/image\n' >script
		printf '#!/bin/sh\necho "$1"\n' >'with blank'
		chmod +x host image argument script 'with blank'
		./host a 'b c'
		/mnt/host d
		./image
		./argument yes | grep -o 'u.*yes' | grep -o yes
		./script
		./with\ blank blank
	END
	assert_success
	assert_output "$(printf '%s\n' './host a b c' '/mnt/host d' '#!/mnt/cat' self yes '#!/mnt/cat' self \
		'#!/mnt/image' blank)"
}

@test "a compiled program, PIE or not, writes to the image it comes from, and returns its status" {
	run script <<-'END'
		cat >p.c <<-'C'
			#include <stdio.h>
			int main(void) { FILE *f = fopen("out", "w"); fputs("written\n", f); return fclose(f) ? 1 : 42; }
		C
		for kind in -pie -no-pie; do
			gcc $kind -o p p.c
			readelf -h p | grep -oE 'DYN|EXEC'
			./p
			echo $?
			cat out
			rm out
		done
	END
	assert_success
	assert_output "$(printf '%s\n' DYN 42 written EXEC 42 written)"
}

@test "what cannot be executed fails as on the host" {
	cat >"$HERE/tries" <<-'END'
		import errno, os
		os.chdir(os.environ['AT'])
		os.mkdir('dir')
		def make(name, text, mode):
		    with open(name, 'w') as f: f.write(text)
		    os.chmod(name, mode)
		make('plain', 'hello\n', 0o755)
		make('denied', '#!/bin/sh\n', 0o644)
		make('missing', '#!/no/such/interpreter\n', 0o755)
		make('empty', '', 0o755)
		make('nothing', '#!\n', 0o755)
		make('loop', '#!' + os.environ['AT'] + '/loop\n', 0o755)
		os.symlink('round', 'round')
		os.symlink('/bin/true', 'out')
		for name in ('plain', 'denied', 'missing', 'empty', 'nothing', 'loop', 'round', 'dir', 'absent', 'plain/x', '', 'x' * 300):
		    try: os.execv(name, ['x'])
		    except OSError as e: print(name[:20], errno.errorcode[e.errno])
		os.execv('out', ['out'])
	END
	mkdir "$HERE/at"
	run env AT="$HERE/at" python3 "$HERE/tries"
	assert_success
	local expected=$output
	run inside env AT=/mnt python3 "$HERE/tries"
	assert_success
	assert_output "$expected"
}

@test "fexecve, posix_spawn and subprocess, with many arguments and none" {
	run script <<-'END'
		cp /bin/ls /bin/cat .
		printf '#!/bin/sh\necho $# "${0%%[0-9]}"\n' >s
		chmod +x s
		python3 -u - <<-'P'
			import os, subprocess
			print(subprocess.check_output(['/mnt/s'] + ['x'] * 5000).decode(), end='')
			print(subprocess.check_output(['./cat'], cwd='/mnt', input=b'piped').decode())
			for name in ('s', 'ls'):
			    fd = os.open(name, os.O_RDONLY)
			    os.set_inheritable(fd, name == 's')
			    if not os.fork(): os.execve(fd, [name, '.'][:1] + ['-d'] * (name == 'ls'), os.environ)
			    os.wait()
			    os.close(fd)
			pid = os.posix_spawn('/mnt/cat', ['cat', '/proc/self/comm'], os.environ)
			print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		P
	END
	assert_success
	assert_output "$(printf '5000 /mnt/s\npiped\n0 /dev/fd/\n.\ncat\n0')"
}

@test "a program that closes all descriptors at its exec, or marks all that /proc/self/fd has, keeps the kernel" {
	cat >"$HERE/marks.py" <<-'END'
		import fcntl, os, sys
		def attempt(call, *args):
		    try:
		        call(*args)
		    except OSError:
		        pass
		for fd in map(int, os.listdir("/proc/self/fd")):
		    if fd > 2:
		        attempt(fcntl.fcntl, fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
		if sys.argv[1] == "close":
		    os.closerange(3, 4096)
		os.execvp("cat", ["cat", "/mnt/file"])
	END
	inside sh -c 'echo kept >/mnt/file'
	for how in mark close; do
		run inside python3 "$HERE/marks.py" "$how"
		assert_success
		assert_output kept
	done
}

@test "a vfork child is the first of its process to need the kernel: what it does there is its own" {
	cat >"$HERE/first" <<-'END'
		import os, subprocess, sys, threading
		def spawn(name, *actions):
		    pid = os.posix_spawn(name, [name, '/mnt/a'], os.environ, file_actions=actions)
		    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		def attempt(name):
		    try: subprocess.run([name])
		    except OSError as e: return e.strerror
		what = sys.argv[1]
		if what == 'directory':
		    print(subprocess.run(['ls'], cwd='/mnt', capture_output=True).stdout)
		elif what == 'file':
		    print(spawn('/bin/cat', (os.POSIX_SPAWN_OPEN, 0, '/mnt/a', os.O_RDONLY, 0)))
		elif what == 'program':
		    print(spawn('/mnt/cat'))
		elif what == 'failure':
		    print(attempt('/mnt/absent'), attempt('/mnt/a'))
		elif what == 'threads':
		    threads = [threading.Thread(target=subprocess.run, args=(['ls', 'a'],), kwargs={'cwd': '/mnt'})
		               for _ in range(4)]
		    for t in threads: t.start()
		    for t in threads: t.join()
		print(os.getcwd(), os.path.exists('a'), sorted(os.listdir('/mnt')), flush=True)
		with open('/mnt/a') as f:
		    if os.fork() == 0:
		        print(f.read(), end='', flush=True)
		        os._exit(0)
		    os.wait()
	END
	inside sh -c 'cd /mnt && rmdir lost+found && echo text >a && cp /bin/cat .'
	local -A first=([directory]="b'a\ncat\n'" [file]=$'text\n0' [program]=$'text\n0'
		[failure]='No such file or directory Permission denied' [threads]=$'a\na\na\na')
	local what
	for what in "${!first[@]}"; do
		(cd / && inside python3 -u "$HERE/first" "$what") >"$HERE/out"
		run cat "$HERE/out"
		assert_output "${first[$what]}
/ False ['a', 'cat']
text"
	done
}
