#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# With -s inet:inet6 those sockets are the rump kernel's and all others the host's, in one program.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip python3
}

teardown() {
	end_kernels
}

# echoes FAMILY ADDRESS PORT-OR-NOTHING: python that listens and echoes in capitals
echoes() {
	cat <<-'EOF'
		import os, socket, sys
		family, address = sys.argv[1:3]
		s = socket.socket(getattr(socket, family))
		s.bind(address if family == "AF_UNIX" else (address, 80))
		s.listen()
		with open(os.environ["READY"], "w") as ready:
		    ready.write("up")
		c = s.accept()[0]
		while data := c.recv(4096):
		    c.sendall(data.upper())
	EOF
}

@test "one epoll waits for a unix socket of the host and TCP of the rump kernel" {
	echoes >echoes.py
	begin python3 echoes.py AF_UNIX "$PWD/socket"
	begin on 10.9.0.1/24 python3 echoes.py AF_INET 10.9.0.1
	cat >both.py <<-'EOF'
		import os, selectors, socket
		sel = selectors.EpollSelector()
		heard = {"host": 0, "rump": 0}
		def client(name, family, address):
		    s = socket.socket(family)
		    s.connect(address)
		    s.setblocking(False)
		    sel.register(s, selectors.EVENT_READ, name)
		    return s
		clients = {"host": client("host", socket.AF_UNIX, "socket"), "rump": client("rump", socket.AF_INET, ("10.9.0.1", 80))}
		# Both have something at once, then one of them in turns.
		def expect(names, text):
		    for name in names:
		        clients[name].sendall(b"%s %s" % (name.encode(), text))
		    waiting = set(names)
		    while waiting:
		        ready = sel.select(20)
		        assert ready, "nothing more, but no answer of %s" % waiting
		        for key, events in ready:
		            assert key.data in waiting and key.fileobj.recv(4096) == (b"%s %s" % (key.data.encode(), text)).upper()
		            waiting.remove(key.data)
		            heard[key.data] += 1
		for turn in range(200):
		    expect(("host", "rump"), b"both %d" % turn)
		    expect((("host", "rump")[turn % 2],), b"one %d" % turn)
		assert not sel.select(0)
		print(heard)
		for s in clients.values():
		    s.shutdown(socket.SHUT_WR)
		while sel.get_map():
		    for key, events in sel.select(20):
		        print(key.data, "ends" if key.fileobj.recv(1) == b"" else "goes on")
		        sel.unregister(key.fileobj)
	EOF
	run rump run -s inet:inet6 -n "bus=$BUS,addr=10.9.0.2/24" -- timeout 60 python3 both.py
	assert_success
	assert_line --index 0 "{'host': 300, 'rump': 300}"
	assert_line 'host ends'
	assert_line 'rump ends'
}

@test "X11: a client shows on the host's display by its unix socket, or over the rump kernel's network" {
	need Xvfb xdpyinfo
	own_network
	own_tap
	host Xvfb -displayfd 5 -screen 0 640x480x24 -listen tcp -ac 5>display >Xvfb.out 2>&1 3>&- &
	KERNELS+=($!)
	wait_for display
	read -r number <display
	run rump run -s inet:inet6 -n tap=t0,addr=10.77.0.2/24 -- bash -c '
		for display in :$0 10.77.0.1:$0; do
			DISPLAY=$display xdpyinfo | grep "^name of\|dimensions"
		done' "$number"
	assert_success
	assert_line --index 0 "name of display:    :$number"
	assert_line --index 1 --partial '640x480 pixels'
	assert_line --index 2 "name of display:    10.77.0.1:$number"
	assert_line --index 3 --partial '640x480 pixels'
	# It is the tap that the second way leads over, though the host has the address itself.
	host ip link set t0 down
	run rump run -s inet:inet6 -n tap=t0,addr=10.77.0.2/24 -- bash -c '
		DISPLAY=10.77.0.1:$0 timeout 3 xdpyinfo >/dev/null 2>&1 || echo silent
		DISPLAY=:$0 xdpyinfo | grep dimensions' "$number"
	assert_line --index 0 silent
	assert_line --index 1 --partial '640x480 pixels'
}
