#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Tools of Linux networks, unchanged, see and change the rump kernel's devices.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip
}

teardown() {
	end_kernels
}

@test "ip changes addresses, size, link and routes of eth0" {
	run rump run -n "bus=$BUS" -- bash -e -c '
		ip addr add 10.0.0.2/24 dev eth0
		ip link set eth0 mtu 1400 address 02:00:00:00:00:07
		ip route add default via 10.0.0.1
		ip -br addr show eth0; ip link show eth0; ip route
		ip link set eth0 down; ip link show eth0'
	assert_success
	assert_line --regexp '^eth0 .* 10\.0\.0\.2/24'
	assert_output --partial 'mtu 1400 '
	assert_output --partial 'link/ether 02:00:00:00:00:07 '
	assert_line --partial 'default via 10.0.0.1 dev eth0'
	assert_output --partial 'state DOWN'
}

@test "ethtool names the driver and its features" {
	need ethtool
	run rump run -n "bus=$BUS" -- bash -c 'ethtool -i eth0; ethtool eth0; ethtool -k eth0'
	assert_line 'driver: rumpnet'
	assert_line --regexp 'Link detected: yes'
	assert_line 'tcp-segmentation-offload: on'
	assert_line 'generic-receive-offload: on'
}

@test "sysctl reads and sets; /proc/net and /sys/class/net are the rump kernel's" {
	need sysctl
	run rump run -n "bus=$BUS,addr=10.0.0.2/24" -- bash -c '
		sysctl -w net.ipv4.ip_default_ttl=77; sysctl net.ipv4.ip_default_ttl
		grep -c eth0: /proc/net/dev; ls /sys/class/net; ping -c 1 10.0.0.2'
	assert_line --index 1 'net.ipv4.ip_default_ttl = 77'
	assert_line --partial eth0
	assert_output --partial 'ttl=77'
	run sysctl -n net.ipv4.ip_default_ttl
	refute_output 77
}

@test "ss shows the connections of the rump kernel" {
	need ss nc
	begin_serving "bus=$BUS,addr=10.9.0.1/24" 80 nc -l 80
	run on 10.9.0.2/24 bash -c 'exec 5<>/dev/tcp/10.9.0.1/80; ss -tnH'
	assert_output --regexp 'ESTAB +0 +0 +10\.9\.0\.2:[0-9]+ +10\.9\.0\.1:80'
}

@test "tcpdump in a third kernel sees what two say, with good checksums" {
	need tcpdump curl python3 ethtool
	[ "$(id -u)" -eq 0 ] || skip "tcpdump wants to change its user"
	head -c 300000 /dev/urandom >file
	begin_on 10.9.0.1/24 bash -c 'ethtool -K eth0 tx off >/dev/null; exec python3 -m http.server 80'
	begin on 10.9.0.3/24 bash -c '
		ethtool -K eth0 gro off; tcpdump -Z root -i eth0 -U -s 0 -w capture tcp 2>capture.err &
		while ! grep -q listening capture.err; do sleep 0.05; done; echo up >"$READY"; wait'
	run on 10.9.0.2/24 bash -c '
		ethtool -K eth0 tx off >/dev/null
		for ((i = 0; i < 100; i++)); do curl -so got http://10.9.0.1/file && break; sleep 0.1; done
		cmp got file && echo whole'
	assert_line whole
	end_kernels
	tcpdump -n -vv -r capture >text 2>/dev/null
	run grep -c 'cksum.*(correct)' text
	assert [ "$output" -gt 20 ]
	run grep -c incorrect text
	assert_output 0
}

@test "a DHCP server and the shim's client; udhcpc as well" {
	need dnsmasq busybox
	begin_on 10.9.0.1/24 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=eth0 --user=root \
		--dhcp-range=10.9.0.50,10.9.0.59,1h --dhcp-option=6,10.9.0.9 --dhcp-option=26,1300 --domain=plain.test \
		--dhcp-mac=set:list,02:00:00:00:00:06 \
		--dhcp-option=tag:list,option:domain-search,long.first.test,second.first.test,x-1.test \
		--dhcp-leasefile="$BATS_TEST_TMPDIR/leases" --pid-file=
	run rump run -n "bus=$BUS,dhcp,mac=02:00:00:00:00:05" -- bash -c 'ip addr show eth0; ip route; cat /etc/resolv.conf'
	assert_success
	assert_output --regexp 'inet 10\.9\.0\.5[0-9]/24 brd 10\.9\.0\.255'
	assert_output --partial 'mtu 1300'
	assert_output --partial 'default via 10.9.0.1'
	assert_line 'nameserver 10.9.0.9'
	assert_line 'search plain.test'
	assert_file_contains leases 02:00:00:00:00:05
	run rump run -n "bus=$BUS,dhcp,mac=02:00:00:00:00:06" -- cat /etc/resolv.conf
	assert_output $'search long.first.test second.first.test x-1.test\nnameserver 10.9.0.9'
	printf '%s\n' '#!/bin/sh' '[ "$1" = bound ] && echo "bound $ip"' >script
	chmod +x script
	run on 10.9.0.2/24 busybox udhcpc -i eth0 -n -q -f -s ./script
	assert_line --regexp '^bound 10\.9\.0\.5[0-9]$'
}

@test "a DHCP client's script sets eth0 up and writes resolv.conf: the rump kernel's, not the host's" {
	need dnsmasq busybox getent
	[ "$(id -u)" -eq 0 ] || skip "only root may write the host's /etc/resolv.conf"
	begin_on 10.9.0.1/24 dnsmasq --no-daemon --conf-file=/dev/null --interface=eth0 --user=root --no-resolv --no-hosts \
		--dhcp-range=10.9.0.50,10.9.0.59,1h --dhcp-option=6,10.9.0.1 --address=/from.the.test/203.0.113.7 \
		--dhcp-leasefile="$BATS_TEST_TMPDIR/leases" --pid-file=
	cat >script <<-'EOF'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr add "$ip/$mask" dev "$interface" && ip route add default via "$router"
		echo "nameserver $dns" >/etc/resolv.conf
	EOF
	chmod +x script
	# The host's file as this test sees it, should it be written after all.
	echo 'nameserver 192.0.2.1' >host
	run unshare -m bash -e -c '
		mount --bind host /etc/resolv.conf
		timeout 60 "$0" run -n "bus=$1" -- bash -e -c "
			cat /etc/resolv.conf; busybox udhcpc -i eth0 -n -q -f -s ./script 2>/dev/null >&2
			cat /etc/resolv.conf; ip -4 -br addr show eth0; getent ahosts from.the.test"' "$RUMP_COMMAND" "$BUS"
	assert_success
	assert_line --index 0 'nameserver 192.0.2.1'
	assert_line --index 1 'nameserver 10.9.0.1'
	assert_line --regexp '^eth0 .* 10\.9\.0\.5[0-9]/24'
	assert_line --regexp '^203\.0\.113\.7 .*from\.the\.test'
	assert_equal "$(cat host)" 'nameserver 192.0.2.1'
}

@test "a router's advertisement gives an address and a default route" {
	need dnsmasq ping
	begin_on 10.9.0.1/24,addr=fd09::1/64 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=eth0 --user=root \
		--enable-ra --dhcp-range=fd09::,ra-only,64 --dhcp-leasefile="$BATS_TEST_TMPDIR/leases" --pid-file=
	run rump run -n "bus=$BUS,mac=02:00:00:00:00:05" -- bash -c '
		for ((i = 0; i < 300; i++)); do
			ip -6 addr show eth0 scope global dynamic -tentative | grep -q fd09: && break
			sleep 0.1
		done
		ip -6 addr show eth0 scope global dynamic; ip -6 route show default; ping -c 2 -i 0.1 fd09::1'
	assert_success
	assert_line --regexp 'inet6 fd09::ff:fe00:5/64 scope global dynamic '
	assert_line --regexp '^default via fe80::[0-9a-f:]+ dev eth0 proto ra '
	assert_output --partial ' 0% packet loss'
}

@test "vde: two kernels on a switch" {
	need vde_switch vde_plug ping
	begin_switch
	begin rump run -n "vde=vde://$BATS_TEST_TMPDIR/switch,addr=10.5.0.1/24" -- bash -c 'echo up >"$READY"; exec sleep 600'
	run rump run -n "vde=vde://$BATS_TEST_TMPDIR/switch,addr=10.5.0.2/24" -- ping -c 3 -i 0.1 10.5.0.1
	assert_success
	assert_output --partial ' 0% packet loss'
}
