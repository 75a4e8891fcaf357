#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# The host's network through passt: addresses by DHCP, the host's servers from inside, forwards to
# servers inside, names.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need passt
	own_network
}

teardown() {
	end_kernels
}

@test "DHCP gives the address, the route, the size and the name servers" {
	run rump run -n passt -- bash -c 'ip addr show eth0; ip route; cat /etc/resolv.conf'
	assert_success
	assert_output --regexp 'eth0: .* mtu 65520 .* state (UP|UNKNOWN)'
	assert_output --partial 'inet 10.78.0.1/24 brd '
	assert_output --partial "default via $GATEWAY dev eth0"
	assert_output --partial "nameserver "
	run rump run -n passt,mtu=1500 -- ip link show eth0
	assert_output --partial ' mtu 1500 '
}

@test "it is what -n default means" {
	run rump run -n default,mtu=1400 -- bash -c 'ip addr show eth0; ip route'
	assert_success
	assert_output --partial ' mtu 1400 '
	assert_output --partial "default via $GATEWAY dev eth0"
}

@test "curl inside gets a file from a server of the host, which is the gateway, with either family" {
	need curl python3
	mkdir web
	head -c 3000000 /dev/urandom >web/big
	begin_host 8080 python3 -m http.server --bind :: --directory web 8080
	run rump run -n passt -- bash -c '
		curl -s "http://$0:8080/big" | cmp - web/big && echo whole
		until ip -6 addr show dev eth0 scope global -tentative | grep -q inet6 && ip -6 route | grep -q ^default; do sleep 0.05; done
		ping -c 1 -W 10 "$2" >/dev/null && ping -c 1 -W 10 "$3" >/dev/null && echo pinged
		curl -gs "http://[$1]:8080/big" | cmp - web/big && echo whole by IPv6' "$GATEWAY" "$GATEWAY6" "$OUTSIDE" "$OUTSIDE6"
	assert_success
	assert_output $'whole\npinged\nwhole by IPv6'
}

@test "an address and a route that are given instead of DHCP's" {
	need curl python3
	echo outside >file
	begin_host 8080 python3 -m http.server 8080
	run rump run -n "passt,addr=10.78.0.1/24,gw=$GATEWAY,mtu=9000" -- bash -c '
		ip -4 -br addr show dev eth0; ip route; curl -sf "http://$0:8080/file"' "$GATEWAY"
	assert_success
	assert_line --regexp '^eth0 .* 10\.78\.0\.1/24 *$'
	assert_line --partial "default via $GATEWAY dev eth0"
	assert_line outside
}

@test "a forward leads from the host to a server inside, and ends with the command" {
	need curl python3
	local port
	port=$(free_port)
	echo inside >file
	begin_serving "passt,tcp=$port:80" 80 python3 -m http.server 80
	run host curl -sf "http://127.0.0.1:$port/file"
	assert_success
	assert_output inside
	run pgrep -f "passt.*-t $port:80"
	assert_success
	end "${KERNELS[-1]}"
	answers refused "$port"
	answers gone "passt.*-t $port:80"
}

# refused PORT
refused() {
	host curl -s --max-time 2 "http://127.0.0.1:$1/file"
	[ $? -eq 7 ]
}

# gone PATTERN: no process has this in its arguments
gone() {
	! pgrep -f "$1"
}

@test "two forwards of TCP and one of UDP, with either family of the host's" {
	need python3
	cat >server.py <<-'EOF'
		import selectors, socket
		sel = selectors.DefaultSelector()
		u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		u.bind(("::", 53))
		for port in (80, 81):
		    sel.register(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True), 1, port)
		sel.register(u, 1, "udp")
		while True:
		    for key, _ in sel.select():
		        if key.data == "udp":
		            data, peer = u.recvfrom(2048)
		            u.sendto(b"udp " + data, peer)
		        else:
		            c = key.fileobj.accept()[0]
		            c.sendall(b"%d " % key.data + c.recv(2048))
		            c.close()
	EOF
	cat >client.py <<-'EOF'
		import socket, sys
		for address in sys.argv[1:]:
		    for port in (8080, 8081):
		        with socket.create_connection((address, port), 20) as s:
		            s.sendall(b"hello " + address.encode())
		            print(s.recv(2048).decode())
		    u = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
		    u.settimeout(20)
		    u.sendto(b"hello " + address.encode(), (address, 8053))
		    print(u.recv(2048).decode())
	EOF
	# passt learns the IPv6 address of who is behind it from what that sends.
	begin rump run -n passt,tcp=8080:80,tcp=8081:81,udp=8053:53 -- bash -c '
		python3 server.py &
		until ip -6 addr show dev eth0 scope global -tentative | grep -q inet6; do sleep 0.05; done
		ping -c 1 -W 10 "$0" >/dev/null || exit
		until [ "$(ss -H -ltun | grep -c ":80 \|:81 \|:53 ")" = 3 ]; do sleep 0.05; done
		echo up >"$READY"; wait' "$OUTSIDE6"
	run host python3 client.py 127.0.0.1 ::1
	assert_success
	assert_output "$(printf '%s\n' '80 hello 127.0.0.1' '81 hello 127.0.0.1' 'udp hello 127.0.0.1' \
		'80 hello ::1' '81 hello ::1' 'udp hello ::1')"
}

@test "what passt takes for ports, -n takes; what it does not, -n does not" {
	local port=8080 spec
	for spec in "$port" "$port:80" "$port-$((port + 3))" "$port-$((port + 3)):80-83" "127.0.0.1/$port" "127.0.0.1%lo/$port:80" \
		"::1/$port" "~1-32700" "127.0.0.1/~1-60000" "$port,tcp=$((port + 1))" none; do
		run rump run -n "passt,tcp=$spec" -- true
		assert_success
		refute_output
	done
	for spec in 65536 80x -80 80- 80: 81-80 80-85:90 0x50 auto /80 127.0.0.1/ 127.0.0.256/80 %lo/80 localhost/80 '[::1]/80' \
		127.0.0.1/all '~' '~80:90'; do
		run host timeout 10 passt -f -q -t "$spec" -s "$BATS_TEST_TMPDIR/socket"
		assert_failure 1
		run rump run -n "passt,tcp=$spec" -- true
		assert_failure 2
	done
}

@test "a port of the host that is in use: a message, status 1" {
	need python3
	local spec
	begin_host 8080 python3 -m http.server --bind 127.0.0.1 8080
	# With an address there is no other reason to wait for passt.
	for spec in "tcp=127.0.0.1/8080:80" "addr=10.0.0.2/24,tcp=127.0.0.1/8080:80"; do
		run rump run -n "passt,$spec" -- touch ran
		assert_failure 1
		assert_line "Failed to bind any port for '-t 127.0.0.1/8080:80', exiting"
		assert_line "rump: RUMP_NET='passt,$spec': passt has ended"
		assert [ ! -e ran ]
	done
}

@test "it is started where few descriptors are allowed, and vde_plug beside it" {
	need vde_plug
	local limit
	for limit in 16 24 64 700; do
		run host bash -c 'ulimit -n "$1"; exec timeout 60 "$2" run -n passt -n vde=null://,addr=10.0.1.2/24 -- ip -br -4 addr' \
			bash "$limit" "$RUMP_COMMAND"
		assert_success
		assert_line --regexp '^eth0 .* [0-9.]+/[0-9]+'
		assert_line --regexp '^eth1 .* 10\.0\.1\.2/24'
	done
}

@test "names are asked for through the rump kernel's stack" {
	need dnsmasq getent
	begin_host 53 dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file= \
		--address=/from.the.test/203.0.113.7 --address=/from.the.test/2001:db8::7
	run rump run -n "passt,dns=$GATEWAY" -- bash -c '
		cat /etc/resolv.conf; getent hosts from.the.test; getent ahostsv4 from.the.test; getent ahosts from.the.test'
	assert_success
	assert_line "nameserver $GATEWAY"
	assert_line --regexp '^2001:db8::7 +from\.the\.test'
	assert_line --regexp '^203\.0\.113\.7 +STREAM +from\.the\.test'
	assert_line --regexp '^2001:db8::7 +STREAM'
}

@test "a kernel with passt and a bus is the others' way out" {
	need nft curl python3
	echo outside >file
	begin_host 8080 python3 -m http.server 8080
	begin rump run -n passt -n "bus=$BUS,addr=10.9.0.1/24" -- bash -e -c '
		sysctl -qw net.ipv4.ip_forward=1
		nft add table ip t
		nft "add chain ip t n { type nat hook postrouting priority 100 ; }"
		nft add rule ip t n oifname eth0 masquerade
		echo up >"$READY"; exec sleep 600'
	run rump run -n "bus=$BUS,addr=10.9.0.2/24,gw=10.9.0.1" -- bash -c '
		curl -sf "http://$0:8080/file"; traceroute -n -q 1 -w 20 -m 1 "$0"' "$GATEWAY"
	assert_success
	assert_line outside
	assert_line --regexp '^ 1 +10\.9\.0\.1 '
}

@test "examples/passt.sh: a client and a server, without privileges" {
	need curl python3
	run host timeout 100 "$RUMP_TOP/examples/passt.sh" 8080
	assert_success
	assert_line --regexp '^eth0 .* 10\.78\.0\.1/24'
	assert_line 'a page of the host'
	assert_line 'a page of the rump kernel'
}
