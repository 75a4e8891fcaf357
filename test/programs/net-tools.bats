#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# ip, ss, tc, nft, ping, ethtool, sysctl: they see and change the rump kernel's network; the
# host's stays as it was.

setup() {
	load net.bash
	need ip tc nft
	remember_host
}

teardown() {
	assert_host_unchanged
}

@test "ip addr shows the loopback interface with its addresses, and nothing else" {
	run in_rump ip -brief addr
	assert_success
	assert_output --regexp '^lo +UNKNOWN +127\.0\.0\.1/8 ::1/128 *$'
}

@test "ip makes veth, bridge, dummy and vlan interfaces" {
	cat >"$BATS_TEST_TMPDIR/batch" <<-'EOF'
		link add v0 type veth peer name v1
		link add br0 type bridge
		link set v0 master br0
		link set v0 up
		link set v1 up
		link set br0 up
		addr add 10.1.1.1/24 dev br0
		link add d0 type dummy
		link add link d0 name d0.5 type vlan id 5
		link add d0 type dummy
	EOF
	run in_rump ip -force -batch "$BATS_TEST_TMPDIR/batch"
	assert_failure 1
	assert_output --partial 'File exists'
	sed -i '$d' "$BATS_TEST_TMPDIR/batch"
	printf '%s\n' 'link show' 'route' >>"$BATS_TEST_TMPDIR/batch"
	run in_rump ip -brief -batch "$BATS_TEST_TMPDIR/batch"
	assert_success
	assert_line --regexp '^v1@v0 +UP '
	assert_line --regexp '^br0 +UP '
	assert_line --regexp '^d0\.5@d0 +DOWN '
	assert_line --regexp '^10\.1\.1\.0/24 dev br0 .* src 10\.1\.1\.1'
}

@test "ip -s link counts packets" {
	run in_rump ip -s link show lo
	assert_success
	assert_output --partial 'RX:  bytes packets errors dropped'
}

@test "a listening socket of the rump kernel is none of the host's, nor the other way round for ss" {
	need ss python3
	run in_rump python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 8123))
inet = open("/proc/net/tcp").read()
print("host has it:", ":1FBB " in inet)'
	assert_success
	assert_output 'host has it: False'
	run in_rump ss -tlnH
	assert_success
	assert_output ''
}

@test "tc adds a netem queue" {
	printf '%s\n' 'qdisc add dev lo root netem delay 20ms' 'qdisc show dev lo' >"$BATS_TEST_TMPDIR/batch"
	run in_rump tc -batch "$BATS_TEST_TMPDIR/batch"
	assert_success
	assert_output --regexp 'qdisc netem .* delay 20ms'
}

@test "netem delays packets as it says" {
	need python3
	run in_rump python3 - <<-'EOF'
		import socket, struct, time

		def attribute(kind, data):
		    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)

		# tc_netem_qopt: latency in ticks of 64 ns, limit of packets
		options = struct.pack("=IIIIII", 20000000 >> 6, 1000, 0, 0, 0, 0)
		body = struct.pack("=BxxxiIII", 0, 1, 0, 0xffffffff, 0)
		body += attribute(1, b"netem\0") + attribute(2, options)
		n = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
		# RTM_NEWQDISC; REQUEST, ACK, CREATE, EXCL
		n.send(struct.pack("=IHHII", 16 + len(body), 36, 0x605, 1, 0) + body)
		error = struct.unpack_from("=i", n.recv(4096), 16)[0]
		assert error == 0, error
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.bind(("127.0.0.1", 0))
		best = 1
		for i in range(5):
		    begin = time.monotonic()
		    u.sendto(b"x", u.getsockname())
		    u.recv(1)
		    best = min(best, time.monotonic() - begin)
		print("delayed:", 0.0195 < best < 0.2)
	EOF
	assert_success
	assert_output 'delayed: True'
}

@test "nft adds tables, chains and rules" {
	run in_rump nft -i <<-'EOF'
		add table inet t
		add chain inet t c { type filter hook input priority 0 ; }
		add rule inet t c tcp dport 80 drop
		list ruleset
	EOF
	assert_success
	assert_line --partial 'chain c {'
	assert_line --partial 'tcp dport 80 drop'
}

@test "ping reaches 127.0.0.1 and ::1" {
	need ping
	run in_rump ping -c 3 -i 0.1 127.0.0.1
	assert_success
	assert_output --partial '3 packets transmitted, 3 received, 0% packet loss'
	run in_rump ping -c 1 ::1
	assert_success
	run in_rump ping -c 1 -W 1 192.0.2.1
	assert_failure
	assert_output --partial 'Network is unreachable'
}

@test "ethtool asks the driver of lo, which has no more to say than the host's" {
	need ethtool
	run ethtool -k lo
	local host=$status
	run in_rump ethtool -k lo
	assert_equal "$status" "$host"
	assert_line 'Features for lo:'
	assert_line --partial 'tcp-segmentation-offload: on'
}

# shellcheck disable=SC2016 # the inner shell expands it
@test "settings under /rump/proc/sys are the rump kernel's" {
	need sysctl
	RUMPHIJACK=path=/rump run hijacked bash -c '
		echo 1 >/rump/proc/sys/net/ipv4/ip_forward
		read -r now </rump/proc/sys/net/ipv4/ip_forward
		echo "rump $now"'
	assert_success
	assert_output 'rump 1'
}
