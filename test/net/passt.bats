#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016,SC2030,SC2031 # inner shells expand what is in single quotes
# The host's network through passt: addresses by DHCP, the host's servers from inside, forwards to
# servers inside, names.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need passt ip
	GATEWAY=$(ip -4 route show default | sed -n 's/^default via \([0-9.]*\).*/\1/p')
	[ -n "$GATEWAY" ] || skip "the host has no default route, which passt takes its addresses from"
}

teardown() {
	end_kernels
}

# free_port: a port that nobody listens on
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'
}

@test "DHCP gives the address, the route, the size and the name servers" {
	run rump run -n passt -- bash -c 'ip addr show eth0; ip route; cat /etc/resolv.conf'
	assert_success
	assert_output --regexp 'eth0: .* mtu 65520 .* state (UP|UNKNOWN)'
	assert_output --regexp 'inet [0-9.]+/[0-9]+ brd '
	assert_output --partial "default via $GATEWAY dev eth0"
	assert_output --partial "nameserver "
	run rump run -n passt,mtu=1500 -- ip link show eth0
	assert_output --partial ' mtu 1500 '
}

@test "curl inside gets a file from a server of the host, which is the gateway" {
	need curl python3
	local port
	port=$(free_port)
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	python3 -m http.server --bind 127.0.0.1 --directory "$BATS_TEST_TMPDIR" "$port" >/dev/null 2>&1 3>&- &
	KERNELS+=($!)
	answers curl -so "$BATS_TEST_TMPDIR/direct" "http://127.0.0.1:$port/big"
	run rump run -n passt -- bash -c 'curl -s "$1" | cmp - "$2" && echo whole' bash \
		"http://$GATEWAY:$port/big" "$BATS_TEST_TMPDIR/big"
	assert_success
	assert_output whole
}

@test "a forward leads from the host to a server inside, and ends with the command" {
	need curl python3
	local port
	port=$(free_port)
	echo inside >"$BATS_TEST_TMPDIR/file"
	begin rump run -n "passt,tcp=$port:80" -- bash -c 'echo up >"$READY"; exec "$@"' bash \
		python3 -m http.server --directory "$BATS_TEST_TMPDIR" 80
	run answers curl -sf "http://127.0.0.1:$port/file"
	assert_success
	assert_output inside
	end_kernels
	run curl -s --max-time 2 "http://127.0.0.1:$port/file"
	assert_failure 7
	run pgrep -f "passt.*-t $port:80"
	assert_failure
}

@test "names are asked for through the rump kernel's stack" {
	need dnsmasq getent
	dnsmasq --no-daemon --conf-file=/dev/null --port=53535 --listen-address=127.0.0.1 --bind-interfaces --no-resolv \
		--no-hosts --user="$(id -un)" --pid-file= --address=/from.the.test/203.0.113.7 >/dev/null 2>&1 3>&- &
	KERNELS+=($!)
	# The stub resolver of libc knows no other port than 53: the rump kernel's nft changes it.
	run rump run -n "passt,dns=$GATEWAY" -- bash -c '
		nft add table ip t
		nft add chain ip t o "{ type nat hook output priority -100 ; }"
		nft add rule ip t o udp dport 53 dnat to "$1":53535
		cat /etc/resolv.conf; getent hosts from.the.test' bash "$GATEWAY"
	assert_success
	assert_line "nameserver $GATEWAY"
	assert_line --regexp '^203\.0\.113\.7 +from\.the\.test'
}

@test "passt is killed: the link goes down, connections fail, the kernel and its files live on" {
	need python3
	run rump run -n passt,tcp="$(free_port)" -m tmpfs:/mnt -- bash -c '
		echo before >/mnt/file
		kill -KILL "$(pgrep -nf "passt.*-m 65520")"
		for ((i = 0; i < 100; i++)); do
			read -r carrier </sys/class/net/eth0/carrier && [ "$carrier" = 0 ] && break
			sleep 0.05
		done
		echo "carrier $carrier"
		ping -c 1 -W 1 192.0.2.77 >/dev/null 2>&1 || echo "no ping"
		ping -c 1 127.0.0.1 >/dev/null && cat /mnt/file'
	assert_success
	assert_line 'carrier 0'
	assert_line 'no ping'
	assert_line before
}
