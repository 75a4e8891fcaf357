#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Frames that are nearly right, through the driver and the whole stack. RUMP_FUZZ_FRAMES is how many,
# RUMP_FUZZ_SEED which.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip ping python3 sysctl
}

teardown() {
	end_kernels
}

# counter FILE FIELD: of a file like /proc/net/snmp, whose lines are in pairs
counter() {
	awk -v name="${2%%.*}:" -v field="${2#*.}" '
		$1 == name && !seen++ { for (i = 2; i <= NF; i++) if ($i == field) at = i; next }
		$1 == name { print $at }' "$1"
}

@test "malformed frames by the million: all are taken and counted, the kernel lives and answers" {
	local frames=${RUMP_FUZZ_FRAMES:-1000000} seed=${RUMP_FUZZ_SEED:-$RANDOM} mac=02:00:00:00:00:01 field
	cat >server.py <<-'EOF'
		import os, selectors, socket
		sel = selectors.DefaultSelector()
		listener = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
		listener.setblocking(False)
		u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		u.bind(("::", 80))
		u.setblocking(False)
		for s in (listener, u):
		    sel.register(s, selectors.EVENT_READ)
		with open(os.environ["READY"], "w") as ready:
		    ready.write("up")
		while True:
		    for key, _ in sel.select():
		        s = key.fileobj
		        try:
		            if s is listener:
		                c = s.accept()[0]
		                c.setblocking(False)
		                sel.register(c, selectors.EVENT_READ)
		            elif s is u:
		                u.sendto(*u.recvfrom(65536))
		            else:
		                data = s.recv(65536)
		                if not data:
		                    raise OSError
		                s.send(data)
		        except BlockingIOError:
		            pass
		        except OSError:
		            if s is not u and s is not listener:
		                sel.unregister(s)
		                s.close()
	EOF
	begin rump run --name "unix://$PWD/victim" -n "bus=$BUS,addr=10.9.0.1/24,addr=fd09::1/64,mac=$mac" -- bash -e -c '
		ip neigh add 10.9.0.66 lladdr 02:00:00:00:00:66 dev eth0
		ip neigh add fd09::66 lladdr 02:00:00:00:00:66 dev eth0
		while ip -6 addr show dev eth0 | grep -q tentative; do sleep 0.05; done
		exec python3 server.py'
	run timeout 280 "$BUILD/test/net_fuzz" "$BUS" "$mac" "$frames" "$seed"
	assert_success
	assert_output --regexp "^$frames frames, seed $seed, [0-9]{4,} answers, [0-9]{2,} connections$"
	timeout 60 "$RUMP_COMMAND" attach "unix://$PWD/victim" -- bash -c '
		grep eth0: /proc/net/dev >dev; cat /proc/net/snmp >snmp; cat /proc/net/snmp6 >snmp6; cat /proc/net/netstat >netstat'
	timeout 60 "$RUMP_COMMAND" dmesg "unix://$PWD/victim" >dmesg
	# Those that were received, and those whose header from the bus made no sense.
	run awk -v n="$frames" '{ print ($3 + $4 >= n ? "all" : $3 + $4) }' dev
	assert_output all
	# They came as far as that.
	for field in Ip.InHdrErrors Ip.ReasmOKs Ip.ReasmFails Icmp.InErrors Icmp.InEchos Tcp.PassiveOpens Tcp.InErrs \
		Tcp.EstabResets Udp.InDatagrams Udp.NoPorts Udp.InErrors; do
		assert [ "$(counter snmp "$field")" -gt 0 ]
	done
	for field in TcpExt.TCPOFOQueue TcpExt.TCPDSACKRecv TcpExt.PAWSEstab; do
		assert [ "$(counter netstat "$field")" -gt 0 ]
	done
	for field in Ip6InHdrErrors Ip6ReasmOKs Ip6ReasmFails Icmp6InErrors Icmp6InNeighborSolicits Udp6NoPorts; do
		run awk -v field="$field" '$1 == field { print ($2 > 0 ? "some" : "none") }' snmp6
		assert_output some
	done
	assert_file_contains dmesg 'Linux version'
	run grep -E 'WARNING:|BUG:|Oops|hw csum failure' dmesg
	assert_output ''
	# Advertisements of routers may have said that neighbours have weeks to answer: what waits for
	# those is dropped here, and what ARP was told a moment ago of who is to come.
	timeout 60 "$RUMP_COMMAND" attach "unix://$PWD/victim" -- bash -c '
		sysctl -qw net.ipv6.neigh.eth0.{retrans_time_ms=1000,base_reachable_time_ms=30000}; ip neigh flush dev eth0'
	run on 10.9.0.3/24,addr=fd09::3/64 timeout 60 bash -c '
		ping -c 3 -i 0.1 -W 10 10.9.0.1; until ping -c 1 -W 1 fd09::1; do sleep 0.1; done
		exec 3<>/dev/tcp/10.9.0.1/80; echo heard >&3; read -r line <&3; echo "$line"'
	assert_success
	assert_output --partial '3 received, 0% packet loss'
	assert_output --partial 'bytes from fd09::1'
	assert_line heard
}
