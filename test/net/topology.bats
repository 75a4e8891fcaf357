#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Networks of several kernels: a router, a firewall, a bridge, a tunnel, a slow line.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip ping
}

teardown() {
	end_kernels
}

# settle: the bus has taken the commands of begin(); ARP needs no more
# kernel NETWORK... -- SCRIPT: a kernel that runs a script, says that it is up, and waits
kernel() {
	local networks=()
	for (( ; $# > 1; )); do
		[ "$1" = -- ] || networks+=(-n "$1")
		shift
	done
	begin rump run "${networks[@]}" -- bash -e -c "$1; echo up >\"\$READY\"; exec sleep 600"
}

@test "five kernels on one bus, with two networks and a router among them" {
	local other
	kernel bus=a,addr=10.1.0.1/24,addr=10.2.0.1/24 -- '
		# Both ends of a way are on the one wire, which the router would point out.
		sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0'
	for other in 1.0.2 1.0.3 2.0.2; do
		kernel "bus=a,addr=10.$other/24,gw=10.${other%%.*}.0.1" -- true
	done
	run rump run -n bus=a,addr=10.2.0.3/24,gw=10.2.0.1 -- bash -c '
		for to in 10.1.0.2 10.1.0.3 10.2.0.2 10.2.0.1; do ping -c 2 -i 0.1 -W 10 $to; done
		ip neigh'
	assert_equal "$(grep -c ' 0% packet loss' <<<"$output")" 4
	assert_output --partial 'bytes from 10.1.0.2: icmp_seq=2 ttl=63'
	assert_output --partial 'bytes from 10.1.0.3: icmp_seq=2 ttl=63'
	assert_output --partial 'bytes from 10.2.0.2: icmp_seq=2 ttl=64'
	# What is on the other network was never asked for by ARP.
	assert_line --regexp '^10\.2\.0\.2 dev eth0'
	refute_line --regexp '^10\.1\.'
}

@test "a router between two buses, four kernels around it" {
	need traceroute
	kernel bus=a,addr=10.1.0.1/24 bus=b,addr=10.2.0.1/24 -- 'sysctl -qw net.ipv4.ip_forward=1'
	kernel bus=a,addr=10.1.0.2/24,gw=10.1.0.1 -- true
	kernel bus=b,addr=10.2.0.2/24,gw=10.2.0.1 -- true
	kernel bus=b,addr=10.2.0.3/24,gw=10.2.0.1 -- true
	run rump run -n bus=a,addr=10.1.0.3/24,gw=10.1.0.1 -- bash -c '
		for to in 10.2.0.2 10.2.0.3 10.1.0.2; do ping -c 2 -i 0.1 -W 10 $to; done
		ping -c 1 -t 1 -W 10 10.2.0.3; traceroute -n -q 1 -w 20 10.2.0.2'
	assert_equal "$(grep -c ' 0% packet loss' <<<"$output")" 3
	assert_output --partial 'bytes from 10.2.0.2: icmp_seq=2 ttl=63'
	assert_output --partial 'From 10.1.0.1 icmp_seq=1 Time to live exceeded'
	assert_line --regexp '^ 1 +10\.1\.0\.1 '
	assert_line --regexp '^ 2 +10\.2\.0\.2 '
}

@test "nft on the router lets through what it shall, and translates addresses" {
	need nft nc
	kernel bus=a,addr=10.1.0.1/24 bus=b,addr=10.2.0.1/24 -- '
		sysctl -qw net.ipv4.ip_forward=1
		nft add table ip t
		nft "add chain ip t f { type filter hook forward priority 0 ; policy drop ; }"
		nft "add chain ip t n { type nat hook postrouting priority 100 ; }"
		nft add rule ip t f ct state established,related accept
		nft add rule ip t f iifname eth0 tcp dport 80 accept
		nft add rule ip t n oifname eth1 masquerade'
	# It has no route back, so it answers only to the router's address.
	kernel bus=b,addr=10.2.0.2/24 -- '
		for p in 80 81; do (while nc -n -N -v -l $p <<<"port $p" 2>>asked; do :; done) & done'
	run rump run -n bus=a,addr=10.1.0.2/24,gw=10.1.0.1 -- bash -c '
		for ((i = 0; i < 100; i++)); do nc -w 1 10.2.0.2 80 </dev/null | grep . && break; sleep 0.1; done
		nc -w 1 10.2.0.2 81 </dev/null || echo closed; ping -c 1 -W 1 10.2.0.2 >/dev/null || echo silent'
	assert_line 'port 80'
	refute_line 'port 81'
	assert_line closed
	assert_line silent
	run grep -c 'from 10.1.0.2' asked
	assert_output 0
	run grep -c '10\.2\.0\.1' asked
	refute_output 0
}

@test "a bridge joins two buses: bridge shows its links, whom it has learned, and keeps VLANs apart" {
	need bridge
	begin rump run -n bus=a -n bus=b -- bash -e -c '
		ip link add br0 type bridge vlan_filtering 1
		ip link set eth0 master br0; ip link set eth1 master br0; ip link set br0 up
		echo up >"$READY"
		while ! [ -e joined ]; do sleep 0.05; done
		bridge link show; bridge fdb show br br0; bridge vlan show
		bridge vlan add dev eth1 vid 5 pvid untagged; bridge vlan del dev eth1 vid 1
		bridge vlan show dev eth1 >apart
		while ! [ -e seen ]; do sleep 0.05; done
		bridge vlan add dev eth0 vid 5 pvid untagged
		bridge vlan show dev eth0 >together
		exec sleep 600'
	kernel bus=a,addr=10.3.0.1/24,mac=02:00:00:00:00:0a -- true
	run rump run -n bus=b,addr=10.3.0.2/24,mac=02:00:00:00:00:0b -- bash -c '
		answers() { for ((i = 0; i < 20; i++)); do ping -c 1 -W 1 10.3.0.1 && return; done; }
		answers; ip neigh; touch joined
		while ! [ -s apart ]; do sleep 0.05; done
		ping -c 2 -i 0.2 -W 1 10.3.0.1 >/dev/null || echo kept apart
		touch seen
		while ! [ -s together ]; do sleep 0.05; done
		answers >/dev/null && echo together again'
	assert_output --partial 'bytes from 10.3.0.1'
	assert_output --partial '10.3.0.1 dev eth0 lladdr 02:00:00:00:00:0a '
	assert_line 'kept apart'
	assert_line 'together again'
	run cat ready-0.out apart
	assert_line --regexp '^[0-9]+: eth0: .* master br0 state forwarding '
	assert_line --regexp '^[0-9]+: eth1: .* master br0 state forwarding '
	assert_line --regexp '^02:00:00:00:00:0a dev eth0 (vlan 1 )?master br0'
	assert_line --regexp '^02:00:00:00:00:0b dev eth1 (vlan 1 )?master br0'
	assert_line --regexp '^eth0 +1 PVID Egress Untagged'
	assert_line --regexp '^eth1 +5 PVID Egress Untagged'
}

@test "WireGuard between two kernels" {
	need wg
	local key other
	wg genkey >key1
	wg genkey >key2
	key=$(wg pubkey <key1)
	other=$(wg pubkey <key2)
	kernel bus=a,addr=10.1.0.1/24 -- '
		ip link add wg0 type wireguard
		wg set wg0 listen-port 51820 private-key key1 peer '"$other"' allowed-ips 10.4.0.2/32
		ip addr add 10.4.0.1/24 dev wg0; ip link set wg0 up'
	run rump run -n bus=a,addr=10.1.0.2/24 -- bash -c '
		ip link add wg0 type wireguard
		wg set wg0 private-key key2 peer '"$key"' allowed-ips 10.4.0.0/24 endpoint 10.1.0.1:51820
		ip addr add 10.4.0.2/24 dev wg0; ip link set wg0 up
		ping -c 3 -i 0.1 -W 20 10.4.0.1; wg show wg0 latest-handshakes'
	assert_output --partial ' 0% packet loss'
	assert_line --partial "$key"
	refute_line "$key"$'\t0'
}

@test "netem: delay as it says, frames lost and reordered" {
	need tc
	kernel bus=a,addr=10.1.0.1/24 -- true
	run rump run -n bus=a,addr=10.1.0.2/24 -- bash -c '
		ping -c 1 10.1.0.1 >/dev/null
		tc qdisc add dev eth0 root netem delay 40ms
		ping -c 10 -i 0.05 -W 10 10.1.0.1 | sed -n "s/^rtt[^=]*= \([0-9]*\).*/least \1/p"
		tc qdisc change dev eth0 root netem loss 100%
		ping -c 3 -i 0.05 -W 1 10.1.0.1 | grep -o "[0-9]* received"
		tc qdisc change dev eth0 root netem loss 30%
		ping -q -c 200 -i 0.002 -W 2 10.1.0.1 | sed -n "s/.*, \([0-9]*\) received.*/some \1/p"
		tc qdisc change dev eth0 root netem delay 20ms reorder 50%
		ping -c 60 -i 0.005 -W 1 10.1.0.1 | sed -n "s/.*icmp_seq=\([0-9]*\).*/\1/p" | sort -nc 2>/dev/null || echo reordered'
	# Not less than that; how much more, a busy host decides.
	assert_line --regexp '^least ([4-9][0-9]|1[0-9][0-9])$'
	assert_line '0 received'
	assert_line --regexp '^some ([5-9][0-9]|1[0-8][0-9])$'
	assert_line reordered
}

@test "examples/networks.sh: three kernels, two networks" {
	need tc curl python3
	run timeout 100 "$RUMP_TOP/examples/networks.sh"
	assert_success
	assert_line 'a page from far away'
	assert_line --regexp '^the way there and back takes [2-9][0-9] ms$'
}
