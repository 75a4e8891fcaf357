#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Processes that are made in unusual moments and ways.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "children that are forked while another thread boots or joins the kernel have it, and no signal blocked" {
	cat >"$HERE/late.py" <<-'P'
		import ctypes, os, signal, sys, threading, time
		def child():
		    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
		    try:
		        os.listdir('/mnt')
		        os._exit(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
		    except OSError as e:
		        os._exit(e.errno)
		def status(pid):
		    while time.monotonic() < deadline:
		        done, how = os.waitpid(pid, os.WNOHANG)
		        if done:
		            return os.waitstatus_to_exitcode(how)
		        time.sleep(0.002)
		    return 'stuck'
		def first():
		    os.listdir('/mnt')
		    joined.append(True)
		deadline = time.monotonic() + 20
		joined, pids = [], []
		threading.Thread(target=first, daemon=True).start()
		while not joined and len(pids) < 200:
		    pids.append(os.fork() or child())
		wrong = {s for s in map(status, pids) if s} | signal.pthread_sigmask(signal.SIG_BLOCK, [])
		print(len(pids), file=open(sys.argv[1], 'a'))
		print(wrong, flush=True)
		os._exit(bool(wrong))
	P
	# The first one boots the kernel, the others join it; the shell has nothing to do with it.
	run inside bash -c 'for i in {1..15}; do python3 "$0" "$1" || exit; done' "$HERE/late.py" "$HERE/forked"
	assert_success
	assert_output "$(printf 'set()\n%.0s' {1..15})"
	assert [ "$(($(paste -sd+ "$HERE/forked")))" -ge 15 ]
}

@test "a child that is forked while other threads open and close files has the numbers that it is said to have" {
	run inside python3 - <<-'P'
		import os, threading
		def work(name):
		    while not stop:
		        fds = os.open(name, os.O_CREAT | os.O_RDWR), *os.pipe()
		        for fd in fds:
		            os.close(fd)
		def child():
		    rump = [os.open('/mnt', os.O_RDONLY) for _ in range(6)]
		    host = [os.open('/', os.O_RDONLY) for _ in range(3)]
		    for fds, name in (rump, '/mnt'), (host, '/'):
		        for fd in fds:
		            assert os.path.samestat(os.fstat(fd), os.stat(name))
		            os.close(fd)
		stop = False
		threads = [threading.Thread(target=work, args=('/mnt/%d' % n,)) for n in range(2)]
		os.listdir('/mnt')
		for thread in threads:
		    thread.start()
		wrong = {}
		for _ in range(300):
		    pid = os.fork()
		    if not pid:
		        try:
		            child()
		            os._exit(0)
		        except OSError as e:
		            os._exit(e.errno)
		        except AssertionError:
		            os._exit(99)
		    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		    if status:
		        wrong[status] = wrong.get(status, 0) + 1
		stop = True
		for thread in threads:
		    thread.join()
		print(wrong)
	P
	assert_success
	assert_output '{}'
}

@test "a child with its parent's descriptors and memory of its own is refused, with one message, and nothing is lost" {
	cat >"$HERE/share.py" <<-'P'
		import ctypes, errno, os, signal, struct, sys
		CLONE, CLONE3, FILES, VFORK, FS = 56, 435, 0x400, 0x4000, 0x200
		libc = ctypes.CDLL(None, use_errno=True)
		def clone(flags):
		    pid = libc.syscall(CLONE, flags | signal.SIGCHLD, 0, 0, 0, 0)
		    if pid == 0:
		        os.open('/', os.O_RDONLY)
		        os._exit(0)
		    return os.waitpid(pid, 0)[1] if pid > 0 else errno.errorcode[ctypes.get_errno()]
		def clone3(flags):
		    args = struct.pack('11Q', flags, 0, 0, 0, signal.SIGCHLD, *[0] * 6)
		    pid = libc.syscall(CLONE3, args, len(args))
		    if pid == 0:
		        os._exit(0)
		    return os.waitpid(pid, 0)[1] if pid > 0 else errno.errorcode[ctypes.get_errno()]
		if len(sys.argv) > 1:
		    print('before', clone(FILES))
		# A number that is parked, as its file is closed, and one above it.
		first = os.open('/mnt/file', os.O_CREAT | os.O_RDWR)
		second = os.open('/mnt/file', os.O_RDWR)
		os.close(first)
		print(clone(FILES), clone(FILES | VFORK), clone3(FILES), clone(0), clone(FS), clone3(0))
		assert os.open('/mnt/file', os.O_RDWR) == first
		host = os.open('/', os.O_RDONLY)
		for fd, name in (first, '/mnt/file'), (second, '/mnt/file'), (host, '/'):
		    assert os.path.samestat(os.fstat(fd), os.stat(name))
	P
	local message='rumphijack: clone(2) with CLONE_FILES needs CLONE_VM, or a program without the rump kernel: error 22'
	run inside python3 "$HERE/share.py"
	assert_success
	assert_output "$(printf '%s\n' "$message" 'EINVAL EINVAL EINVAL 0 0 0')"
	# Also before the kernel is up, and not for a program that has none.
	run inside python3 "$HERE/share.py" before
	assert_success
	assert_output "$(printf '%s\n' "$message" 'before EINVAL' 'EINVAL EINVAL EINVAL 0 0 0')"
	sed '/^# A number/,$d' "$HERE/share.py" >"$HERE/none.py"
	run inside env RUMPHIJACK= python3 "$HERE/none.py" before
	assert_success
	assert_output 'before 0'
}
