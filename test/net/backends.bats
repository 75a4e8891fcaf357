#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# What is behind a device dies, which is like a pulled cable, or does nothing for a while.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip ping python3
}

teardown() {
	[ -z "${PORT-}" ] || pkill -CONT -f "passt.*-t $PORT:9" || true
	end_kernels
}

# A server of the host's that says in the file "received" how much came, and at the end of each
# connection what it was.
sink() {
	cat >sink.py <<-'EOF'
		import hashlib, os, socket
		def say(what):
		    with open("new", "w") as f:
		        print(what, file=f)
		    os.rename("new", "received")
		server = socket.create_server(("127.0.0.1", 8080))
		while True:
		    c = server.accept()[0]
		    hash, n = hashlib.sha256(), 0
		    while data := c.recv(1 << 20):
		        hash.update(data)
		        n += len(data)
		        say(n)
		    say(hash.hexdigest())
	EOF
	begin_host 8080 python3 sink.py
}

# received WHAT
received() {
	grep -qx "$1" received
}

# stays NETWORK: a kernel that stays until the test ends; "inside COMMAND..." runs there
stays() {
	begin rump run --name "unix://$PWD/kernel" -n "$1" "${@:2}" -- bash -c 'echo up >"$READY"; exec sleep 600'
}

inside() {
	timeout -k 2 100 "$RUMP_COMMAND" attach "unix://$PWD/kernel" -- "$@"
}

# the_passt: the process, by a forward that no other has
the_passt() {
	pgrep -f "passt.*-t $PORT:9"
}

# carrier NUMBER: of eth0
carrier() {
	[ "$(inside cat /sys/class/net/eth0/carrier)" = "$1" ]
}

@test "passt is killed: the link goes down, connections fail, the kernel and its files live on" {
	need passt
	own_network
	sink
	PORT=$(free_port)
	stays "passt,tcp=$PORT:9" -m tmpfs:/mnt
	inside bash -c 'echo before >/mnt/file; sysctl -qw net.ipv4.tcp_syn_retries=3'
	cat >client.py <<-'EOF'
		import errno, socket, sys, time
		def attempt(what, call):
		    try:
		        call()
		        print(what, "done", flush=True)
		    except OSError as e:
		        print(what, errno.errorcode[e.errno], flush=True)
		def connect():
		    return socket.create_connection((sys.argv[1], 8080))
		def talk():
		    s.sendall(b"x")
		    s.recv(1)
		s = connect()
		s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
		s.sendall(b"x")
		attempt("connect before", connect)
		sys.stdin.readline()
		attempt("an open connection", talk)
		attempt("connect after", connect)
	EOF
	mkfifo go
	inside python3 client.py "$GATEWAY" <>go >client.out 3>&- &
	KERNELS+=($!)
	local client=$!
	wait_for client.out
	run inside ping -c 1 -W 10 "$OUTSIDE"
	assert_success
	kill -KILL "$(the_passt)"
	answers carrier 0
	run inside ping -c 1 -W 10 "$OUTSIDE"
	assert_failure
	echo now >go
	wait "$client"
	run cat client.out
	assert_line --index 0 'connect before done'
	assert_line --index 1 --regexp '^an open connection (ETIMEDOUT|EHOSTUNREACH)$'
	assert_line --index 2 --regexp '^connect after (ETIMEDOUT|EHOSTUNREACH)$'
	run inside bash -c 'ping -c 1 127.0.0.1 >/dev/null && cat /mnt/file'
	assert_output before
}

@test "passt is stopped during an upload: others go on, and the upload comes whole when passt does" {
	need passt nc
	own_network
	sink
	head -c 24000000 /dev/urandom >big
	PORT=$(free_port)
	stays "passt,tcp=$PORT:9"
	mkfifo rest
	(head -c 1000000 && read -r _ <rest && cat) <big | inside nc -N "$GATEWAY" 8080 3>&- &
	KERNELS+=($!)
	answers received 1000000
	kill -STOP "$(the_passt)"
	echo now >rest
	# More waits than the device and the socket hold.
	answers stuck
	run inside bash -c '
		for ((i = 0; i < 20; i++)); do echo datagram >/dev/udp/"$0"/9; done
		ping -q -c 3 -i 0.1 127.0.0.1
		nc -l 127.0.0.1 90 & until ss -H -ltn "sport = :90" | grep -q .; do sleep 0.05; done
		echo by TCP | nc -N 127.0.0.1 90; wait' "$GATEWAY"
	assert_success
	assert_line --partial ' 0% packet loss'
	assert_line 'by TCP'
	received 1000000
	kill -CONT "$(the_passt)"
	answers received "$(sha256sum <big | cut -d ' ' -f 1)"
}

# stuck: TCP has data that the other side has not acknowledged, and waits
stuck() {
	[ "$(inside ss -H -tn "dport = :8080" | awk '{ print $3 }')" -gt 100000 ]
}

@test "the switch of a VDE is killed: the link goes down, the kernel lives on" {
	need vde_switch vde_plug
	local switch
	begin_switch
	switch=${KERNELS[-1]}
	stays "vde=vde://$PWD/switch,addr=10.5.0.1/24"
	run rump run -n "vde=vde://$PWD/switch,addr=10.5.0.2/24" -- ping -c 1 -W 10 10.5.0.1
	assert_success
	kill -KILL "$switch"
	answers carrier 0
	run inside ping -c 1 -W 10 10.5.0.2
	assert_failure
	run inside ping -c 1 127.0.0.1
	assert_success
}
