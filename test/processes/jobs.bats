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
		def until(is_so, what):
		    global seen
		    end = time.monotonic() + 60
		    while not is_so():
		        if time.monotonic() > end: sys.exit(f'no {what}, in front {front()}, in {seen}')
		        if select.select([fd], [], [], 0.02)[0]: seen += os.read(fd, 4096)
		def says(text, start):
		    until(lambda: text in seen[start:], text)
		def say(keys, text):
		    start = len(seen)
		    os.write(fd, keys)
		    says(text, start)
		# The processes in the terminal's foreground, by number, with their names.
		def front():
		    group, found = os.tcgetpgrp(fd), {}
		    for process in filter(str.isdigit, os.listdir('/proc')):
		        try:
		            with open(f'/proc/{process}/stat') as f: name, rest = f.read().split('(', 1)[1].rsplit(')', 1)
		        except OSError: continue
		        if int(rest.split()[2]) == group and rest.split()[0] != 'Z': found[int(process)] = name
		    return found
		# What is typed begins a job, which is then who gets the keys; or the shell does.
		def job(*names):
		    until(lambda: sorted(front().values()) == sorted(names), names)
		    return front()
		def shell():
		    until(lambda: list(front()) == [pid], 'shell')
		# It is the job that is ended by ctrl-C, as only that is in the foreground.
		def interrupt(*names):
		    processes, start = job(*names), len(seen)
		    os.write(fd, b'\x03')
		    shell()
		    says(b'# ', start)
		    for process in processes:
		        if os.path.exists(f'/proc/{process}'): sys.exit(f'{process} is still there: {seen}')
		    say(b'echo th"er"e=$?\n', b'there=130')
		def stop(*names):
		    job(*names)
		    say(b'\x1a', b'Stopped')
		    shell()
		says(b'# ', 0)
		say(b'cd /mnt; mkfifo f; set -b; echo rea"d"y\n', b'ready')
		os.write(fd, b'cat f\n')
		interrupt('cat')
		os.write(fd, b'sleep 100 >x\n')
		stop('sleep')
		say(b'bg; jobs\n', b'Running')
		os.write(fd, b'fg\n')
		interrupt('sleep')
		os.write(fd, b'cat f | cat >g\n')
		stop('cat', 'cat')
		say(b'ls -d /mnt/f; echo wh"ile"\n', b'while')
		# When the shell tells of a job that was stopped and is killed depends on which process ends first.
		say(b'kill %1; while kill -0 %1 2>/dev/null; do sleep 0.05; done; echo go"n"e\n', b'gone')
		shell()
		for i in range(5):
		    say(b"""perl -e 'open F, q(>big); syswrite STDERR, q(bus) . qq(y\\n); while (1) {
		        sysseek F, 0, 0; syswrite F, q(x) x 65536 }'\n""".replace(b'\n        ', b''), b'busy')
		    time.sleep(i / 100) # some moment
		    stop('perl')
		    say(b'ls -d /mnt/big; echo wh"ile"\n', b'while')
		    os.write(fd, b'fg\n')
		    interrupt('perl')
		os.write(fd, b'cat >h\n')
		job('cat')
		os.write(fd, b'a line\n\x04')
		shell()
		say(b'wc -c h; ec"h"o end\n', b'7 h')
		os.write(fd, b'exit 4\n')
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	run timeout -k 2 120 python3 "$HERE/terminal.py" "$RUMP_COMMAND" "$IMG"
	assert_failure 4
}
