#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Remote clients: system calls performed for other processes.

setup() {
	load setup.bash
	SOCKET=$BATS_TEST_TMPDIR/socket
	URL=unix://$SOCKET
	SERVER=
}

teardown() {
	[ -z "$SERVER" ] || kill -KILL "$SERVER"
}

# stay: start a server at unix://socket in the background, as process $SERVER.
stay() {
	mkfifo out
	"$BUILD/test/rumpuser_sp_life" stay unix://socket >out 3>&- &
	SERVER=$!
	read -r line <out
	assert_equal "$line" serving
}

# stop SIGNAL: end it.
stop() {
	kill "-$1" "$SERVER"
	wait "$SERVER" || true
	SERVER=
}

# What the kernel noted, without the upcalls that only take and leave the CPU.
notes() {
	grep -v schedule <<<"$output"
}

# content_of AREA TEST [ARG...]: a test that has nothing to say.
content_of() {
	run helper "$@"
	assert_success
	refute_output
}

content() {
	content_of sp "$@"
}

@test "a client is greeted with the protocol's version and the kernel's name" {
	run helper sp banner "$URL"
	assert_success
	assert_output 'RUMPSP 1.0 Test_OS 1.2 x86_64'
}

@test "a client becomes a process, its system calls return values and errors, and it ends" {
	run helper sp guest "$URL"
	assert_success
	assert_equal "$(notes)" "$(printf '%s\n' \
		'process 1: "tester", flags 2, from 0' \
		'process 1 ends')"
}

@test "memory of every size is copied in and out whole" {
	content copies "$URL"
}

@test "strings are copied up to their NUL, and are too long or bad if there is none" {
	content strings "$URL"
}

@test "pages are mapped in the client, signals raised there, and bad addresses are EFAULT" {
	content favours "$URL"
}

@test "a copy leaves the CPU, and every other upcall is made on one" {
	run helper sp moments "$URL"
	assert_success
	run sed -n '/^-- system call/,/^backend_schedule/p' <<<"$output"
	assert_output - <<-'LOG'
		-- system call
		hyp_schedule
		hyp_unschedule
		hyp_schedule
		backend_unschedule none
		backend_schedule none
	LOG
}

@test "several clients with many system calls at once are not mixed up" {
	content crowd "$URL"
}

@test "clients that die mid-copyin leave nothing behind and harm nobody" {
	content die_in_copyin "$URL"
}

@test "system calls that sleep end when their client dies" {
	content die_asleep "$URL"
}

@test "a client that execs loses the system calls of its other threads only" {
	run helper sp exec "$URL"
	assert_success
	assert_equal "$(notes)" "$(printf '%s\n' \
		'process 1: "before", flags 2, from 0' \
		'process 1 executes "after"' \
		'process 1 ends')"
}

@test "what the system calls of before an exec want is not asked of the new program" {
	content exec_late "$URL"
}

@test "a key makes one copy of the process that got it" {
	content forking "$URL"
}

@test "a forked client's process is a copy of its parent's" {
	run helper sp fork_log "$URL"
	assert_success
	assert_equal "$(notes)" "$(printf '%s\n' \
		'process 1: "parent", flags 2, from 0' \
		'process 2: "parent", flags 1, from 1' \
		'process 2 ends' \
		'process 1 ends')"
}

@test "requests out of turn or malformed get an error" {
	content_of sp_rules refused "$URL"
}

@test "what the kernel refuses is told, and may be tried again" {
	content_of sp_rules kernel_refuses "$URL"
}

@test "broken frames and banners disconnect their sender and nobody else" {
	content_of sp_rules malformed "$URL"
}

@test "lies in replies are faults of the system call, not of the kernel" {
	content_of sp_rules liar "$URL"
}

@test "as many requests as allowed are served, one more disconnects" {
	content_of sp_rules too_many "$URL" 0
	content_of sp_rules too_many "$URL" 1
}

@test "a client that does not read stops nobody else, and one that is slow is served" {
	content_of sp_rules slow "$URL"
}

@test "the kernel's last word answers who stopped it, closes everything, and no upcall follows" {
	run helper sp_life fini "$URL"
	assert_success
	assert_output "$(blocking)"
	assert_not_exists "$SOCKET"
	run helper sp_life fini "$URL" anonymous
	assert_success
	assert_output "$(blocking)"
}

@test "stopping a server that was not started does nothing" {
	content_of sp_life not_started
}

@test "words of the banner cannot be empty or endless, and blanks do not break it" {
	content_of sp_life bad_words "$URL"
}

@test "a server over TCP serves, and stops" {
	content crowd "$(helper sp_life free_port 127.0.0.1)"
	run helper sp_life fini "$(helper sp_life free_port 127.0.0.1)"
	assert_success
	assert_output "$(blocking)"
}

@test "a server over IPv6 serves" {
	if grep -q '^0\{31\}1 ' /proc/net/if_inet6; then
		content crowd "$(helper sp_life free_port ::1)"
	else
		run helper sp_life bad_url 'tcp://[::1]:7'
		assert_output EADDRNOTAVAIL
	fi
}

@test "where one cannot listen is an error" {
	for bad in '' unix:// http://x:1 tcp:// tcp://:5 tcp://127.0.0.1 tcp://127.0.0.1: \
		tcp://localhost:5 tcp://127.0.0.1:http tcp://127.0.0.1:99999; do
		run helper sp_life bad_url "$bad"
		assert_output EINVAL
	done
	run helper sp_life bad_url "unix:///$(printf 'x%.0s' {1..110})"
	assert_output ENAMETOOLONG
	run helper sp_life bad_url "unix://$BATS_TEST_TMPDIR/missing/socket"
	assert_output ENOENT
}

@test "a socket file is its owner's only, and gone when the server ends without a word" {
	cd "$BATS_TEST_TMPDIR" || return
	stay
	assert_equal "$(stat -c %a socket)" 600
	stop TERM
	run helper sp_life bad_url unix://socket
	assert_output ok
	assert_not_exists socket
}

@test "a dead server's socket file is replaced, a living one's and other files are not" {
	cd "$BATS_TEST_TMPDIR" || return
	stay
	run helper sp_life bad_url unix://socket
	assert_output EADDRINUSE
	stop KILL
	assert_exists socket
	run helper sp_life bad_url unix://socket
	assert_output ok
	echo precious >socket
	run helper sp_life bad_url unix://socket
	assert_output EADDRINUSE
	assert_equal "$(cat socket)" precious
}
