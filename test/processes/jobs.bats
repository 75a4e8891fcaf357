#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Job control in "rump shell" on a terminal.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "ctrl-C, ctrl-Z, jobs, fg, bg and the end of input" {
	cat >"$HERE/terminal.py" <<-'END'
		import os, pty, select, sys, time
		pid, fd = pty.fork()
		if not pid:
		    os.environ.update(SHELL='/bin/bash', HOME='/nonexistent', TERM='dumb')
		    os.execv(sys.argv[1], ['rump', 'shell', '-m', sys.argv[2] + ':/mnt'])
		seen = b''
		def until(text, start):
		    global seen
		    end = time.time() + 20
		    while text not in seen[start:]:
		        if time.time() > end: sys.exit(f'no {text} in {seen[start:]}')
		        if select.select([fd], [], [], 0.1)[0]: seen += os.read(fd, 4096)
		def say(keys, text):
		    start = len(seen)
		    os.write(fd, keys)
		    until(text, start)
		until(b'# ', 0)
		say(b'cd /mnt; mkfifo f; set -b; echo rea"d"y\n', b'ready')
		os.write(fd, b'cat f\n'); time.sleep(0.5)
		say(b'\x03', b'# ')
		say(b'echo "st"=$?\n', b'st=130')
		os.write(fd, b'sleep 100 >x\n'); time.sleep(0.5)
		say(b'\x1a', b'Stopped')
		say(b'bg; jobs\n', b'Running')
		os.write(fd, b'fg\n'); time.sleep(0.3)
		say(b'\x03', b'# ')
		os.write(fd, b'cat f | cat >g\n'); time.sleep(0.5)
		say(b'\x1a', b'Stopped')
		say(b'ls -d /mnt/f; echo wh"ile"\n', b'while')
		say(b'kill %1; wait\n', b'Terminated')
		for i in range(5):
		    os.write(fd, b'dd if=/dev/zero of=big bs=64k count=1000 conv=notrunc oflag=append 2>e; seq 300000 >big\n'); time.sleep(0.02 + i / 100)
		    say(b'\x1a', b'Stopped')
		    say(b'ls -d /mnt/big; echo wh"ile"\n', b'while')
		    os.write(fd, b'fg\n'); time.sleep(0.05)
		    say(b'\x03', b'# ')
		os.write(fd, b'cat >h\n'); time.sleep(0.3)
		os.write(fd, b'a line\n\x04'); time.sleep(0.3)
		say(b'wc -c h; ec"h"o end\n', b'7 h')
		os.write(fd, b'exit 4\n')
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	run timeout -k 2 60 python3 "$HERE/terminal.py" "$RUMP_COMMAND" "$IMG"
	assert_failure 4
}
