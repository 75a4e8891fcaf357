#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# A tap: in a network namespace of the test's own, so that the host's network stays as it is.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip unshare
	need_taps
}

# apart COMMAND...: with a tap t0 of its own, the host's side of which is 10.77.0.1
apart() {
	timeout -k 2 60 "${UNSHARE[@]}" bash -c '
		ip link set lo up
		ip tuntap add dev t0 mode tap && ip addr add 10.77.0.1/24 dev t0 && ip link set t0 up || exit 1
		RUMP=$1 NET=tap=t0,addr=10.77.0.2/24
		eval "$2"' bash "$RUMP_COMMAND" "$1"
}

@test "host and kernel ping each other" {
	need ping
	run apart '
		$RUMP run -n $NET -- bash -c "ping -c 2 -i 0.1 -W 10 10.77.0.1 && touch up && until [ -e done ]; do sleep 0.05; done" &
		until [ -e up ]; do sleep 0.05; done
		ping -c 2 -i 0.1 -W 10 10.77.0.2
		touch done
		wait'
	assert_success
	refute_output --partial ' 100% packet loss'
	assert_equal "$(grep -c ' 0% packet loss' <<<"$output")" 2
}

@test "curl inside gets a file from nginx on the host, curl on the host from nginx inside" {
	need nginx curl
	nginx_place "$BATS_TEST_TMPDIR/host" 2000000
	nginx_place "$BATS_TEST_TMPDIR/rump" 2000000
	run apart '
		cd '"$BATS_TEST_TMPDIR"'
		get() { for ((i = 0; i < 100; i++)); do curl -sfo got$1 http://$2:8080/big && break; sleep 0.05; done; cmp got$1 $1/big; }
		export -f get
		nginx -e stderr -p host -c conf & host=$!
		$RUMP run -n $NET -- bash -c "get host 10.77.0.1 && exec nginx -e stderr -p rump -c conf" & rump=$!
		get rump 10.77.0.2 && cmp gothost host/big && echo both
		kill $host $(pgrep -P $rump) $rump; wait'
	assert_line both
}

@test "large segments go through whole, and tcpdump on the host sees them with good checksums" {
	need iperf3 tcpdump ethtool
	[ "$(id -u)" -eq 0 ] || skip "tcpdump wants to change its user"
	run apart '
		cd '"$BATS_TEST_TMPDIR"'
		ethtool -K t0 tx off >/dev/null
		tcpdump -Z root -i t0 -s 0 -w capture -c 200 tcp and src 10.77.0.2 2>dump & dump=$!
		iperf3 -s -1 >/dev/null &
		until grep -q "listening on" dump && ss -H -ltn "sport = :5201" | grep -q .; do sleep 0.05; done
		$RUMP run -n $NET -- bash -c "ethtool -K eth0 tx off; iperf3 -c 10.77.0.1 -n 2M" >/dev/null
		wait $dump
		tcpdump -vv -r capture 2>/dev/null | grep -c "cksum.*(correct)"
		tcpdump -vv -r capture 2>/dev/null | grep -c "cksum.*incorrect"'
	assert_line --index 0 200
	assert_line --index 1 0
}

@test "the host deletes the tap: the link goes down" {
	run apart '
		$RUMP run -n $NET -- bash -c "touch up
			for ((i = 0; i < 400; i++)); do
				read -r c </sys/class/net/eth0/carrier; [ \$c = 1 ] || break; sleep 0.05
			done; echo carrier \$c; ping -c 1 127.0.0.1 >/dev/null && echo alive" &
		until [ -e up ]; do sleep 0.05; done
		ip link del t0
		wait'
	assert_line 'carrier 0'
	assert_line alive
}

@test "examples/tap.sh: a server that the host reaches" {
	need curl python3
	run timeout 100 "$RUMP_TOP/examples/tap.sh"
	assert_success
	assert_line 'a page of the rump kernel'
	assert_line 'the host listens on no port 80'
	assert_line --regexp '^tap0 +UP '
}
