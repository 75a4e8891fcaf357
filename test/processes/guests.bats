#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Processes that share with their parent: memory, while that waits or while it goes on; descriptors, directory,
# parent. And those that share too little.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "children by clone with CLONE_VM beside their parent leave its files and signals alone" {
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound; do
		run env "$mode" bash -c 'timeout -k 2 40 "$@"' - "$RUMP_COMMAND" run -m "$IMG:/mnt" -- \
			"$BUILD/test/processes_guest" beside /mnt/f 10
		assert_success
	done
}

@test "vfork, CLONE_VM, posix_spawn and fork, 500 in any order, and the process ends" {
	run inside "$BUILD/test/processes_guest" mix /mnt/f 500 1
	assert_success
}

@test "stress-ng --dup, whose children share descriptors and memory" {
	need stress-ng
	run inside bash -c 'cd /mnt && stress-ng --dup 2 --dup-ops 200'
	assert_success
	assert_output --partial "successful run completed"
}

@test "CLONE_FILES and CLONE_FS with vfork: what the child opens, closes and enters is its parent's, or is not" {
	run inside "$BUILD/test/processes_guest" files /mnt/f 20
	assert_success
	run inside "$BUILD/test/processes_guest" fs /mnt/f 20
	assert_success
}

@test "chroot in a vfork child, on the host or into the image, is not its parent's, but with CLONE_FS" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	run timeout -k 2 100 env RUMPHIJACK=path=/mnt "RUMP_MOUNT=$IMG:/" "LD_PRELOAD=$BUILD/lib/librumphijack.so" \
		"$BUILD/test/processes_guest" roots /mnt/f 5
	assert_success
	refute_output
}

@test "posix_spawn in several threads at once" {
	run inside "$BUILD/test/processes_guest" spawns /mnt/f 1
	assert_success
}

@test "a child's chdir on borrowed time is not seen by its parent's threads" {
	run inside python3 -c 'if True:
		import os, subprocess, threading
		open("/mnt/only", "w").close()
		os.chdir("/")
		done, wrong = [], []
		def look():
		    while not done:
		        if os.path.exists("only") or not os.path.exists("etc"): wrong.append(1)
		threads = [threading.Thread(target=look) for _ in range(2)]
		for t in threads: t.start()
		for _ in range(100): subprocess.run(["/bin/true"], cwd="/mnt")
		done.append(1)
		for t in threads: t.join()
		print(len(wrong))'
	assert_success
	assert_output 0
}

@test "CLONE_PARENT: a sibling of its parent uses the kernel" {
	run inside "$BUILD/test/processes_guest" sibling /mnt/f 50
	assert_success
}

@test "as many processes as fit have the kernel, and there is no further one" {
	run inside "$BUILD/test/processes_guest" full /mnt/f 1
	assert_success
	assert_output --regexp '^[0-9]+ processes$'
}

@test "a process in a pid namespace of its own has no kernel, and says so" {
	[ "$(id -u)" = 0 ] || skip "needs root, to make a namespace"
	need unshare
	local message='cannot use the kernel, as it is in another pid namespace'
	run inside unshare --pid --fork ls /mnt
	assert_failure 1
	assert_output --partial "$message"
	# A child of a process that uses it, made in each way.
	run inside python3 -c 'if True:
		import ctypes, os, subprocess
		libc = ctypes.CDLL(None)
		fd = os.open("/mnt/f", os.O_CREAT | os.O_RDWR)
		os.write(fd, b"text")
		def attempt(what, *args):
		    try: return what(*args)
		    except OSError as e: return e.strerror
		def look():
		    print(os.getpid(), attempt(os.listdir, "/mnt"), attempt(os.pread, fd, 4, 0), os.path.exists("/etc"), flush=True)
		def child():
		    pid = os.fork()
		    if pid == 0:
		        look()
		        os._exit(subprocess.run(["true"]).returncode)
		    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		pid = libc.syscall(56, 0x20000000 | 17, 0, 0, 0, 0)
		if pid == 0:
		    look()
		    os._exit(0)
		print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		if os.fork() == 0:
		    libc.unshare(0x20000000)
		    child()
		    os._exit(0)
		os.wait()
		if os.fork() == 0:
		    libc.unshare(0x20000000)
		    print(subprocess.run(["true"]).returncode, subprocess.run(["ls", "/mnt"]).returncode, flush=True)
		    print(attempt(os.listdir, "/mnt")[-1:], flush=True)
		    os._exit(0)
		os.wait()
		print(os.pread(fd, 4, 0))' 2>&1
	assert_success
	assert_line --partial "$message"
	assert_line "1 No such device or address Bad file descriptor True"
	assert_line "b'text'"
}
