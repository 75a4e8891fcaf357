#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Kernels with a name: rump server, attach, list, halt, dmesg, RUMP_SERVER.
# shellcheck disable=SC2016 # inner shells expand

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
	rump_image ext4
}

@test "a kernel is named by the path of its socket" {
	mkdir sockets
	rump server --name "unix://$PWD/sockets/web" -m "$RUMP_IMG:/mnt"
	run rump attach "unix://$PWD/sockets/web" sh -c 'echo here >/mnt/f; cat /mnt/f'
	assert_success
	assert_output here
	run rump server --name "unix://$PWD/sockets/web"
	assert_failure 1
	assert_output --partial 'already'
	run rump halt "unix://$PWD/sockets/web"
	assert_success
	assert_not_exists sockets/web
	run rump server --name unix://relative/web
	assert_failure 2
}

teardown() {
	local name
	for name in rump/*; do
		[ ! -S "$name" ] || rump halt --force "${name##*/}" || true
	done
	assert_image_clean
}

# serve [ARG...]: a kernel named web, with the image on /mnt
serve() {
	rump server --name web -m "$RUMP_IMG:/mnt" "$@"
}

# until_there FILE
until_there() {
	wait_for test -e "$1"
}

lives() {
	grep -qs '^State:.[^Z]' "/proc/$1/status"
}

# gone PID: it has ended, be it waited for or not, or does soon
gone() {
	wait_for not lives "$1"
}

@test "a kernel is kept, attached to by name and by socket, listed, halted" {
	run serve
	assert_success
	refute_output
	run rump attach web -- sh -c 'echo text >/mnt/f && cat /mnt/f'
	assert_success
	assert_output text
	run rump attach "unix://$PWD/rump/web" cat /mnt/f
	assert_output text
	run rump attach web -- sh -c 'exit 7'
	assert_failure 7
	run rump list
	assert_success
	assert_output --regexp '^web +[0-9]+ +0$'
	local pid
	pid=$(awk '{ print $2 }' <<<"$output")
	run rump halt web
	assert_success
	refute_output
	gone "$pid"
	assert [ ! -e rump/web ]
	run rump list
	assert_success
	refute_output
}

@test "RUMP_SERVER alone attaches, and is enough for what a program executes with a clean environment" {
	serve
	echo text | rump attach web -- tee /mnt/f
	run env LD_PRELOAD="$SHIM" RUMP_SERVER=web cat /mnt/f
	assert_output text
	run env LD_PRELOAD="$SHIM" RUMP_SERVER="unix://$PWD/rump/web" sh -c 'env -i cat /mnt/f; ls /mnt'
	assert_output $'text\nf\nlost+found'
	run env LD_PRELOAD="$SHIM" RUMP_SERVER=web RUMPHIJACK=path=/rump cat /rump/mnt/f
	assert_output text
	run env LD_PRELOAD="$SHIM" RUMP_SERVER=wrong true
	assert_failure 1
	assert_output 'rump: RUMP_SERVER=wrong: there is no such kernel'
	run env LD_PRELOAD="$SHIM" RUMP_SERVER=a/b true
	assert_failure 2
}

@test "processes that have attached are of one kernel: locks exclude, sockets connect" {
	serve -s local
	rump attach web -- sh -c 'flock /mnt/lock sh -c "echo >there; until [ -e tried ]; do sleep 0.05; done; echo done >/mnt/done"' 3>&- &
	until_there there
	run rump attach web -- flock -n /mnt/lock true
	assert_failure 1
	touch tried
	run rump attach web -- flock /mnt/lock cat /mnt/done
	assert_output done
	assert_success
	wait
	rump attach web -- python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.bind("/mnt/socket")
s.listen()
open("listening", "w")
s.accept()[0].sendall(b"hello")' 3>&- &
	until_there listening
	run rump attach web -- python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/mnt/socket")
print(s.recv(9).decode())'
	assert_output hello
	wait
}

@test "halt refuses while processes use the kernel; by force they get EIO and the image is clean" {
	serve
	rump attach web -- python3 -c '
import os, sys
f = os.open("/mnt/f", os.O_CREAT | os.O_RDWR)
os.write(f, b"kept")
os.mkfifo("/mnt/fifo")
fifo = os.open("/mnt/fifo", os.O_RDWR)
open("there", "w")
try:
    os.read(fifo, 1)
except OSError as e:
    open("error", "w").write(str(e.errno))' 3>&- 2>messages &
	until_there there
	run rump halt web
	assert_failure 1
	assert_output 'rump: web is busy (processes that use it: 1); --force halts it all the same'
	run rump halt --force web
	assert_success
	wait
	assert_equal "$(cat error)" 5
	run cat messages
	assert_output --partial 'has lost its kernel, as it was halted'
	assert_image_clean
	run rump_run cat /rump/f
	assert_output kept
}

@test "rump run --name: others attach while it lives, and it lives as long as they do" {
	rump run --name app -m "$RUMP_IMG:/mnt" -- sh -c 'echo text >/mnt/f; echo >there; until [ -e go ]; do sleep 0.05; done' 3>&- &
	until_there there
	run rump run --name app -m tmpfs -- true
	assert_failure 1
	assert_output 'rump: there is a kernel named app already'
	rump attach app -- sh -c 'read -r x </mnt/f; echo >second; until [ -e end ]; do sleep 0.05; done; cat /mnt/f >last' 3>&- &
	local second=$!
	until_there second
	touch go
	wait %1
	run rump attach app cat /mnt/f
	assert_output text
	touch end
	wait "$second"
	assert_equal "$(cat last)" text
	wait_for test ! -e rump/app
	run rump list
	refute_output
}

@test "what a killed server has left is no kernel: it is not listed, and its name is free" {
	serve
	local pid
	pid=$(rump list | awk '{ print $2 }')
	kill -9 "$pid"
	gone "$pid"
	assert [ -S rump/web ]
	run rump attach web true
	assert_failure 1
	assert_output --regexp 'there is no kernel named web|the kernel web has just ended'
	run serve
	assert_success
	rump halt web
	serve
	pid=$(rump list | awk '{ print $2 }')
	kill -9 "$pid"
	gone "$pid"
	run rump list
	assert_success
	refute_output
	assert [ ! -e rump/web ]
	# Its journal is replayed.
	rump run -m "$RUMP_IMG:/mnt" -- true
}

@test "SIGTERM makes a kernel clean, in the foreground and behind" {
	serve
	rump attach web -- sh -c 'echo text >/mnt/f'
	local pid
	pid=$(rump list | awk '{ print $2 }')
	kill "$pid"
	gone "$pid"
	assert_image_clean
	"$RUMP" server --name fore --foreground -m "$RUMP_IMG:/mnt" 3>&- &
	until_there rump/fore
	run rump attach fore cat /mnt/f
	assert_output text
	kill %1
	wait %1
	assert [ ! -e rump/fore ]
	assert_image_clean
}

@test "a kernel that cannot start leaves no name" {
	run rump server --name web -m "$RUMP_IMG:/mnt:no_such_option"
	assert_failure 1
	assert_output --partial no_such_option
	assert [ ! -e rump/web ]
	run rump list
	refute_output
}

@test "processes of another user are refused, whoever has made the socket" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can be two users'
	need_reach
	local dir
	dir=$(mktemp -d)
	chown 65534 "$dir"
	run env XDG_RUNTIME_DIR="$dir" setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$RUMP" server --name theirs -m tmpfs:/mnt
	assert_success
	run rump attach "unix://$dir/rump/theirs" true
	assert_failure 1
	assert_output "rump: the kernel unix://$dir/rump/theirs belongs to another user"
	run env LD_PRELOAD="$SHIM" RUMP_SERVER="unix://$dir/rump/theirs" true
	assert_failure 1
	assert_output --partial 'belongs to another user'
	# The server's own check: struct request, and the answer's result.
	run python3 - "$dir/rump/theirs" <<-'END'
		import array, socket, struct, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		for request in range(10):
		    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.sendmsg([struct.pack("IiQ", request, 1, 1)],
		              [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [b.fileno()]))])
		    b.close()
		    print(struct.unpack("q", a.recv(4096)[:8])[0])
	END
	assert_output "$(printf '%d\n' -1 -1 -1 -1 -1 -1 -1 -1 -1 -1)"
	env XDG_RUNTIME_DIR="$dir" setpriv --reuid=65534 --regid=65534 --clear-groups "$RUMP" halt theirs
	rm -r "$dir"
}

@test "a directory that others can use is refused" {
	mkdir -m 755 rump
	run serve
	assert_failure 1
	assert_output "rump: $PWD/rump is not a directory that only you can use"
	rmdir rump
}

@test "rump dmesg: of a kernel with a name, and of the own one" {
	serve
	run rump dmesg web
	assert_success
	assert_line --index 0 --partial 'Linux version'
	assert_line --partial 'EXT4-fs (rump0): mounted filesystem'
	rump halt web
	run rump run -m "$RUMP_IMG:/mnt" -- "$RUMP" dmesg
	assert_success
	assert_line --partial 'EXT4-fs (rump0): mounted filesystem'
	run rump dmesg
	assert_failure 2
}

@test "wrong uses are messages and status 2" {
	local use
	for use in 'server' 'server --name a true' 'server --name a/b' 'attach' 'attach web' 'list web' \
		'halt' 'halt a b' 'dmesg a b' 'halt --wrong a' 'attach unix://relative true' 'help nonsense'; do
		# shellcheck disable=SC2086 # several words
		run rump $use
		assert_failure 2
	done
	for use in server attach list halt dmesg; do
		run rump help "$use"
		assert_success
		assert_line --index 0 --partial "usage: rump $use"
		local help=$output
		run rump "$use" --help
		assert_output "$help"
	done
	run rump halt web
	assert_failure 1
	assert_output --partial 'there is no kernel named web'
}
