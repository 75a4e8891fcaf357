#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Descriptors of the rump kernel in messages of the host's unix sockets: the same as on the host.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

# alike CASE: it prints the same in /mnt, with the network of the rump kernel, and in a directory of the host
alike() {
	local expected helper=$RUMP_TOP/test/helpers/processes_rights.py
	mkdir "$HERE/at"
	expected=$(timeout -k 2 60 python3 "$helper" "$HERE/at" "$1" 2>&1)
	run timeout -k 2 60 "$RUMP_COMMAND" run -n none -m "$IMG:/mnt" -- python3 "$helper" /mnt "$1"
	assert_success
	assert_output "$expected"
	assert [ -n "$output" ]
}

@test "files, sockets and descriptors of the host go in one message, next to credentials" {
	alike kinds
}

@test "a message is looked at before it is received; too little room for descriptors" {
	alike twice
}

@test "a message that is never read keeps the file as long as its socket is there" {
	alike unread
}

@test "the sender is killed, then the receiver" {
	alike killed
}

@test "a thousand descriptors leave nothing behind" {
	alike many
}

# reverse CASE: files of the host in messages of the rump kernel's sockets: the same as on the host
reverse() {
	local expected helper=$RUMP_TOP/test/helpers/processes_rights.py
	mkdir -p "$HERE/at" "$HERE/reverse"
	expected=$(timeout -k 2 60 python3 "$helper" "$HERE/at" "$1" 2>&1)
	run timeout -k 2 60 "$RUMP_COMMAND" run -s all -m "$IMG:/mnt" -- python3 "$helper" "$HERE/reverse" "$1"
	assert_success
	assert_output "$expected"
	assert [ -n "$output" ]
}

@test "sockets of the rump kernel: files of the host and its own in one message, next to credentials" {
	reverse kinds
}

@test "sockets of the rump kernel: a message is looked at before it is received; too little room" {
	reverse twice
}

@test "sockets of the rump kernel: a message that is never read keeps the host's file, and no longer" {
	reverse unread
}

@test "sockets of the rump kernel: the sender of the host's file is killed, then the receiver" {
	reverse killed
}

@test "sockets of the rump kernel: a thousand of the host's files leave nothing behind" {
	reverse many
}

@test "node's cluster: two workers get a listening socket" {
	need node
	run timeout -k 2 60 "$RUMP_COMMAND" run -n none -m "$IMG:/mnt" -- node "$RUMP_TOP/test/helpers/processes_cluster.js"
	assert_success
	assert_output '8 answers, 2 workers'
}

@test "python's multiprocessing hands sockets and files to processes of every kind" {
	local helper=$RUMP_TOP/test/helpers/processes_handles.py
	run timeout -k 2 60 "$RUMP_COMMAND" run -n none -m "$IMG:/mnt" -- python3 "$helper" /mnt
	assert_success
	assert_output "$(python3 "$helper" "$BATS_TEST_TMPDIR")"
	assert_line "forkserver b'served' text"
}

@test "python's multiprocessing with its own sockets in the image" {
	local helper=$RUMP_TOP/test/helpers/processes_handles.py
	run timeout -k 2 60 "$RUMP_COMMAND" run -n none -m "$IMG:/mnt" -- env TMPDIR=/mnt python3 "$helper" /mnt
	assert_success
	assert_output "$(python3 "$helper" "$BATS_TEST_TMPDIR")"
	assert_line "forkserver b'served' text"
}

@test "tmux: its socket in the image" {
	need tmux
	run script <<-'END'
		export TMUX_TMPDIR=/mnt
		tmux -f /dev/null new-session -d 'pwd >out; echo a >>out; exec sleep 60'
		for ((i = 0; i < 300; i++)); do [ "$(tail -n 1 out 2>/dev/null)" = a ] && break; sleep 0.1; done
		cat out
		tmux list-sessions -F '#{session_windows}'
		tmux kill-server
		find . -type s
	END
	assert_success
	assert_output --regexp "^/mnt
a
1
./tmux-[0-9]+/default\$"
}

@test "tmux: a session in a directory of the image" {
	need tmux
	run script <<-'END'
		tmux -L "rump$$" -f /dev/null new-session -d 'pwd >out; echo a >>out; exec sleep 60'
		for ((i = 0; i < 300; i++)); do [ "$(tail -n 1 out 2>/dev/null)" = a ] && break; sleep 0.1; done
		cat out
		tmux -L "rump$$" kill-server
	END
	assert_success
	assert_output "$(printf '/mnt\na')"
}
