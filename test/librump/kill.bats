#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The end of a process under load: SIGKILL, SIGTERM, SIGINT, exit(), return from main.

load setup

RUNS=${KILL_RUNS:-50}

setup() {
	IMG=$BATS_TEST_TMPDIR/img
	LOG=$BATS_TEST_TMPDIR/log
	OUT=$BATS_TEST_TMPDIR/out
	mkfs.ext4 -q -F "$BATS_TEST_TMPDIR/fresh" 128M
}

# fresh: an empty image, an empty log.
fresh() {
	cp --sparse=always "$BATS_TEST_TMPDIR/fresh" "$IMG"
	rm -f "$LOG"
	: >"$OUT"
}

# started TEST [ARG...]: run the load in the background, until its first record is logged.
started() {
	timeout -k 2 60 "$BUILD/test/librump_kill" "$1" "$IMG" "$LOG" "${@:2}" >"$OUT" 2>&1 3>&- &
	JOB=$!
	until grep -q started "$OUT"; do
		kill -0 "$JOB"
		sleep 0.01
	done
	PID=$(pgrep -P "$JOB")
}

# recovered: what was fsynced is there, and e2fsck is content.
recovered() {
	run helper kill check "$IMG" "$LOG"
	assert_success
	run e2fsck -fn "$IMG"
	assert_success
}

# clean: without any recovery.
clean() {
	run dumpe2fs -h "$IMG"
	assert_success
	refute_output --partial needs_recovery
	assert_output --regexp 'Filesystem state: +clean'
	run e2fsck -fn "$IMG"
	assert_success
	recovered
}

@test "SIGKILL at random moments loses nothing that was fsynced" {
	local run ms seed=${KILL_SEED:-$((RANDOM * 32768 + RANDOM))} replayed=0
	echo "KILL_SEED=$seed"
	RANDOM=$seed
	for ((run = 1; run <= RUNS; run++)); do
		fresh
		ms=$((RANDOM % 120))
		case $((run % 5)) in
		3) export RUMP_NCPU=2 ;;
		4) export RUMP_THREADS=bound ;;
		*) unset RUMP_NCPU RUMP_THREADS ;;
		esac
		echo "run $run: killed after $ms ms, RUMP_NCPU=${RUMP_NCPU-} RUMP_THREADS=${RUMP_THREADS-}"
		started load
		sleep "$(printf 0.%03d $ms)"
		kill -KILL "$PID"
		wait "$JOB" || true
		! dumpe2fs -h "$IMG" 2>/dev/null | grep -q needs_recovery || replayed=$((replayed + 1))
		recovered
	done
	# Else nothing was tested.
	echo "$replayed journals were replayed"
	assert [ "$replayed" -ge $((RUNS * 9 / 10)) ]
}

# ended SIGNAL TEST: by its default action, and the image is clean.
ended() {
	local status=0
	fresh
	started "$2"
	sleep 0.1
	kill "-$1" "$PID"
	wait "$JOB" || status=$?
	assert_equal "$status" $((128 + $(kill -l "$1")))
	clean
}

@test "SIGTERM leaves a clean image" {
	local i
	for i in 1 2 3; do ended TERM load; done
}

@test "SIGTERM to a main thread inside the kernel leaves a clean image" {
	local i
	for i in 1 2 3; do ended TERM load_inside; done
}

@test "SIGINT leaves a clean image" {
	local i
	for i in 1 2 3; do ended INT load; done
	ended INT load_inside
}

@test "SIGHUP, SIGQUIT, SIGUSR1 and SIGALRM leave a clean image" {
	ended HUP load
	ended QUIT load
	ended USR1 load_inside
	ended ALRM load
}

# left HOW STATUS: the load ends itself.
left() {
	local status=0 i
	for i in 0 50 150; do
		fresh
		status=0
		timeout -k 2 20 "$BUILD/test/librump_kill" "$1" "$IMG" "$LOG" "$i" >"$OUT" 2>&1 || status=$?
		echo "after $i ms: status $status: $(cat "$OUT")"
		assert_equal "$status" "$2"
		clean
		run debugfs -R 'cat open' "$IMG"
		assert_output --partial written
	done
}

@test "exit() with open files and threads inside calls leaves a clean image" {
	left exit 3
}

@test "return from main with open files and threads inside calls leaves a clean image" {
	left return 0
}

@test "exit() by a thread that never made a call leaves a clean image" {
	left thread_exit 3
}

@test "abort() leaves a clean image" {
	left abort 134
}

@test "the same with two virtual CPUs, and with bound threads" {
	local setting
	for setting in RUMP_NCPU=2 RUMP_THREADS=bound; do
		echo "$setting"
		export "${setting?}"
		ended TERM load
		ended INT load_inside
		left exit 3
		left return 0
		unset "${setting%%=*}"
	done
}
