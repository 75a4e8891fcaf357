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
			    for name in names: print(os.readlink(name, **how))
			show(f"/proc/{pid}/exe", "/proc/thread-self/exe", f"/proc/self/task/{pid}/exe", "/proc/../proc/self/exe")
			thread = threading.Thread(target=show, args=("/proc/thread-self/exe",))
			thread.start(); thread.join()
			fd = os.open(f"/proc/{pid}", os.O_RDONLY)
			show("exe", dir_fd=fd)
			room = ctypes.create_string_buffer(4)
			print(ctypes.CDLL(None).readlink(b"/proc/self/exe", room, 4), room.raw)
			subprocess.run(["/bin/readlink", f"/proc/{pid}/exe"])
			print(os.path.realpath("/proc/self/exe"))
		P
	END
	assert_success
	assert_output "$(for ((i = 0; i < 6; i++)); do echo /mnt/python; done
		echo "4 b'/mnt'"; echo /mnt/python; echo /mnt/python)"
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

@test "a compiled program writes to the image it comes from, and returns its status" {
	run script <<-'END'
		cat >p.c <<-'C'
			#include <stdio.h>
			int main(void) { FILE *f = fopen("out", "w"); fputs("written\n", f); return fclose(f) ? 1 : 42; }
		C
		gcc -o p p.c
		./p
		echo $?
		cat out
	END
	assert_success
	assert_output "$(printf '42\nwritten')"
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
