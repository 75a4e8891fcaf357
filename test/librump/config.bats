#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2030,SC2031 # every test is a subshell, and figure() belongs to its test
# The environment variables of rump(3) have their effect.

load setup

@test "without any: the host's name, one processor, 256 MiB, nothing printed" {
	run --separate-stderr helper run config 192
	assert_success
	assert_line --partial "$(hostname)"
	assert_line 'cpus 1'
	assert_line 'online 0'
	assert_line 'sysname Linux'
	assert_line "machine $(uname -m)"
	assert_equal "${stderr:-}" ''
	assert_line 'written 192 MiB'
}

@test "RUMP_HOSTNAME is what uname says" {
	export RUMP_HOSTNAME=a-name.example
	run helper run config 192
	assert_success
	assert_line 'hostname a-name.example'
	RUMP_HOSTNAME=$(printf 'x%.0s' {1..64}) run helper run config 192
	assert_success
	assert_line "hostname $(printf 'x%.0s' {1..64})"
}

# figure NAME: of the last run.
figure() {
	printf '%s\n' "${lines[@]}" | sed -n "s/^$1 \(.*\) MiB/\1/p"
}

@test "RUMP_MEMLIMIT is how much memory there is" {
	local mib
	for mib in 64 256 1024; do
		# Three quarters can be used for files.
		RUMP_MEMLIMIT=${mib}m run helper run config $((mib * 3 / 4))
		assert_success
		echo "$mib: total $(figure total), written $(figure written)"
		assert_equal "$(figure written)" $((mib * 3 / 4))
		assert [ "$(figure total)" -gt $((mib * 3 / 4)) ]
		assert [ "$(figure total)" -le $((mib + 16)) ]
		# But no more than there is.
		RUMP_MEMLIMIT=$((mib * 1024))k run helper run config $((mib * 2))
		assert_success
		echo "$mib: total $(figure total), written $(figure written)"
		assert [ "$(figure written)" -ge $((mib * 3 / 4)) ]
		assert [ "$(figure written)" -le "$mib" ]
		assert [ "$(figure total)" -le $((mib + 16)) ]
	done
	RUMP_MEMLIMIT=1g run helper run config 1
	assert_success
}

# blocked: a process that is blocked in the kernel; sets JOB, to kill it by, and PID.
blocked() {
	timeout -k 2 60 "$BUILD/test/librump_run" blocked >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	JOB=$!
	until grep -q ready "$BATS_TEST_TMPDIR/out"; do
		kill -0 "$JOB"
		sleep 0.01
	done
	PID=$(pgrep -P "$JOB")
}

@test "a gigabyte that is not used costs no memory" {
	local kib
	for size in 64m 4g; do
		export RUMP_MEMLIMIT=$size
		blocked
		kib=$(awk '/^Pss_Shmem|^Pss_Anon/ { s += $2 } END { print s }' "/proc/$PID/smaps_rollup")
		kill "$JOB"
		echo "$size: $kib KiB"
		assert [ "$kib" -gt 1000 ]
		assert [ "$kib" -lt 16384 ]
	done
}

@test "RUMP_NCPU is how many processors there are" {
	local n
	for n in 1 2 4 16; do
		RUMP_NCPU=$n run helper run config 192
		assert_success
		assert_line "cpus $n"
		[ "$n" -eq 1 ] || assert_line "online 0-$((n - 1))"
	done
}

@test "RUMP_VERBOSE prints what the kernel says while it boots" {
	RUMP_VERBOSE=1 run helper ipc uts_ipc
	assert_success
	assert_output --partial 'Linux version 6.12'
	assert_output --partial 'NET: Registered PF_INET'
	RUMP_VERBOSE=0 run helper ipc uts_ipc
	assert_success
	assert_output ''
	run helper ipc uts_ipc
	assert_success
	assert_output ''
}

# names: of the host threads of a process blocked in the kernel.
names() {
	blocked
	run cat "/proc/$PID/task"/*/comm
	kill "$JOB"
	assert_success
}

@test "RUMP_THREADS=bound: every kernel thread is a host thread of its name" {
	export RUMP_THREADS=bound
	names
	assert_line kthreadd
	assert_line --regexp '^kworker/0'
	assert_line --regexp '^ksoftirqd/0|^rcu_'
	assert_line --regexp '^kswapd0$'
}

@test "otherwise no kernel thread is a host thread" {
	names
	refute_line kthreadd
	refute_line --regexp '^kworker'
	assert [ "${#lines[@]}" -le 8 ]
}

@test "RUMP_BLKFAIL and its seed: the same requests fail in each run" {
	local i
	image ext4 64M
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	"$EXAMPLES/imgput" "$IMG" data <"$BATS_TEST_TMPDIR/data"
	for i in 1 2; do
		RUMP_BLKFAIL=10 RUMP_BLKFAIL_SEED=11 timeout -k 2 20 "$EXAMPLES/imgcat" "$IMG" data \
			>"$BATS_TEST_TMPDIR/got$i" 2>"$BATS_TEST_TMPDIR/err$i" || true
	done
	cmp "$BATS_TEST_TMPDIR/got1" "$BATS_TEST_TMPDIR/got2"
	cmp "$BATS_TEST_TMPDIR/err1" "$BATS_TEST_TMPDIR/err2"
	grep -q 'error' "$BATS_TEST_TMPDIR/err1"
	RUMP_BLKFAIL=0 timeout -k 2 20 "$EXAMPLES/imgcat" "$IMG" data | cmp - "$BATS_TEST_TMPDIR/data"
}
