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
		    os.environ.update(SHELL='/bin/bash', HOME=os.path.dirname(sys.argv[2]), TERM='dumb')
		    os.execv(sys.argv[1], ['rump', 'shell', '-m', sys.argv[2] + ':/mnt'])
		seen = b''
		def comes(text, start, seconds):
		    global seen
		    end = time.time() + seconds
		    while text not in seen[start:] and time.time() < end:
		        if select.select([fd], [], [], 0.1)[0]: seen += os.read(fd, 4096)
		    return text in seen[start:]
		def until(text, start):
		    if not comes(text, start, 20): sys.exit(f'no {text} in {seen[start:]}')
		def say(keys, text):
		    start = len(seen)
		    os.write(fd, keys)
		    until(text, start)
		# The shell may take ctrl-C for its own line, if the job has just ended, and drop what is typed next.
		def interrupt():
		    say(b'\x03', b'# ')
		    start = len(seen)
		    for i in range(10):
		        os.write(fd, b'echo th"er"e=$?\n')
		        if comes(b'there=', start, 2): return seen[start:]
		    sys.exit('no prompt after ctrl-C')
		until(b'# ', 0)
		say(b'cd /mnt; mkfifo f; set -b; echo rea"d"y\n', b'ready')
		os.write(fd, b'cat f\n'); time.sleep(0.5)
		if b'there=130' not in interrupt(): sys.exit(f'not 130: {seen}')
		os.write(fd, b'sleep 100 >x\n'); time.sleep(0.5)
		say(b'\x1a', b'Stopped')
		say(b'bg; jobs\n', b'Running')
		os.write(fd, b'fg\n'); time.sleep(0.3)
		interrupt()
		os.write(fd, b'cat f | cat >g\n'); time.sleep(0.5)
		say(b'\x1a', b'Stopped')
		say(b'ls -d /mnt/f; echo wh"ile"\n', b'while')
		say(b'kill %1; wait\n', b'Terminated')
		for i in range(5):
		    os.write(fd, b"perl -e 'open F, q(>big); while (1) { sysseek F, 0, 0; syswrite F, q(x) x 65536 }'\n"); time.sleep(0.02 + i / 100)
		    say(b'\x1a', b'Stopped')
		    say(b'ls -d /mnt/big; echo wh"ile"\n', b'while')
		    os.write(fd, b'fg\n'); time.sleep(0.05)
		    interrupt()
		os.write(fd, b'cat >h\n'); time.sleep(0.3)
		os.write(fd, b'a line\n\x04'); time.sleep(0.3)
		say(b'wc -c h; ec"h"o end\n', b'7 h')
		os.write(fd, b'exit 4\n')
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	run timeout -k 2 120 python3 "$HERE/terminal.py" "$RUMP_COMMAND" "$IMG"
	assert_failure 4
}
