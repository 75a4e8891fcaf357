#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Debuggers and profilers see the kernel.

load setup

teardown() {
	[ -z "${JOB:-}" ] || kill "$JOB" 2>/dev/null || true
}

# blocked: a process whose threads wait in the kernel.
blocked() {
	local i
	timeout -k 2 60 "$BUILD/test/librump_run" blocked >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	JOB=$!
	for ((i = 0; i < 300; i++)); do
		! grep -q ready "$BATS_TEST_TMPDIR/out" || break
		sleep 0.01
	done
	grep -q ready "$BATS_TEST_TMPDIR/out"
	PID=$(pgrep -P "$JOB")
}

# debugger ARG...: gdb, without what a user has configured.
debugger() {
	timeout -k 2 60 gdb -nx -q -batch -ex 'set confirm off' -ex 'set pagination off' \
		-ex 'set breakpoint pending on' -ex 'set debuginfod enabled off' "$@" 2>&1
}

@test "gdb that attaches names the kernel's functions in the stacks of all threads" {
	blocked
	run debugger -p "$PID" -ex 'thread apply all bt'
	assert_success
	# The main thread and the other one, each from main() or its start to inside the kernel.
	assert_output --regexp '0x00003[0-9a-f]{11} in rump_host_loop \(\)'
	assert_output --regexp 'rump_sys_nanosleep .*'
	assert_output --regexp 'rump_sys_read .*'
	assert_output --regexp 'in rump_serve \(\)'
	assert_output --regexp 'main \(argc=2'
	assert_equal "$(grep -c '^Thread ' <<<"$output")" "$(find "/proc/$PID/task" -mindepth 1 -maxdepth 1 | wc -l)"
	# And lets go of it again.
	kill -0 "$PID"
}

@test "gdb knows the kernel's functions and data by name" {
	blocked
	run debugger -p "$PID" -ex 'info symbol schedule' -ex 'info address vfs_read' \
		-ex 'p &init_task' -ex 'x/2i schedule' -ex 'p (char*)&linux_banner'
	assert_success
	assert_line --partial 'schedule in section .text'
	assert_line --partial '"vfs_read" is at 0x3'
	assert_line --partial '<init_task>'
	assert_line --partial '<schedule'
	assert_line --partial 'Linux version 6.12'
}

# stop: at a kernel function, set as a breakpoint before the kernel is there.
stop() {
	run debugger -ex 'handle SIGSEGV nostop noprint pass' -ex 'break shmem_file_read_iter' \
		-ex 'run busy 0.1' -ex 'bt' -ex 'delete' -ex 'continue' --args "$BUILD/test/librump_run"
	assert_success
	assert_line --regexp 'Breakpoint .* in shmem_file_read_iter \(\)'
}

@test "gdb stops at a kernel function, shows its callers, and goes on" {
	stop
	assert_line --regexp '#[0-9]+ .* in vfs_read \(\)'
	assert_line --regexp '#[0-9]+ .* in sys_pread64 \(\)'
	assert_line --partial 'exited normally'
}

@test "the stack of a kernel function leads back to main" {
	stop
	assert_line --regexp '#[0-9]+ .* in vfs_read \(\)'
	assert_line --regexp '#[0-9]+ .* main \(argc='
}

# contexts: the shipped script lists tasks, and shows their stacks though nobody carries them.
contexts() {
	blocked
	run debugger -p "$PID" -ex "source $BUILD/lib/rump/rump-gdb.py" -ex 'rump ps' -ex 'rump bt' \
		-ex 'info registers rip'
	assert_success
	refute_output --partial 'Traceback'
	assert_line --regexp 'kthreadd'
	assert_line --regexp 'kswapd0'
	assert_line --regexp 'kworker'
	assert_line --regexp 'in _*schedule \(\)'
	assert_line --regexp 'in kthreadd \(\)'
	assert_line --regexp 'in worker_thread \(\)'
	assert_line --regexp 'in (do_nanosleep|hrtimer_nanosleep) \(\)'
	assert_line --regexp 'in (anon_)?pipe_read \(\)'
	# The registers of the current thread are its own again.
	assert_line --regexp '^rip .*<rumpuser_ext_park'
	kill -0 "$PID"
}

@test "the shipped script shows the stacks of kernel threads and of blocked calls" {
	contexts
}

@test "the same with bound threads, which gdb lists by their names" {
	export RUMP_THREADS=bound
	contexts
	run debugger -p "$PID" -ex 'info threads'
	assert_line --partial '"kthreadd"'
	assert_line --partial '"kswapd0"'
}

@test "perf names the kernel's functions" {
	if ! timeout -k 2 10 perf stat -e cpu-clock true >/dev/null 2>&1; then
		skip "perf does not run on this machine"
	fi
	timeout -k 2 30 perf record -q -e cpu-clock -o "$BATS_TEST_TMPDIR/perf" \
		"$BUILD/test/librump_run" busy 1 >/dev/null 2>&1
	run timeout -k 2 60 perf report -i "$BATS_TEST_TMPDIR/perf" --stdio --no-children
	assert_success
	assert_line --regexp ' kernel +\[\.\] vfs_read'
	assert_line --regexp ' kernel +\[\.\] shmem_file_read_iter'
	# Little of it has no name.
	assert_equal "$(grep -cE '^ +[0-9.]+% .* kernel +\[\.\] 0x0000' <<<"$output")" 0
}
