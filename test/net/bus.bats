#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Kernels on a bus, a file that they share: no privileges, nothing of the host's network.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	end_kernels
}

@test "two kernels ping each other, with either family" {
	need ping
	begin on 10.9.0.1/24,addr=fd09::1/64 bash -c 'echo up >"$READY"; exec sleep 600'
	run on 10.9.0.2/24,addr=fd09::2/64 bash -c '
		ping -c 3 -i 0.1 10.9.0.1 &&
		for ((i = 0; i < 50; i++)); do ping -c 1 -W 1 fd09::1 && break; sleep 0.1; done'
	assert_success
	assert_output --partial '3 packets transmitted, 3 received, 0% packet loss'
	assert_output --partial 'bytes from fd09::1'
}

@test "the host has none of it" {
	need ip
	begin_on 10.9.0.1/24 sleep 600
	run ip -4 addr
	refute_output --partial 10.9.0
}

@test "curl gets files whole from a python server in another kernel" {
	need curl python3
	mkdir web
	head -c 5000000 /dev/urandom >web/big
	begin_serving "bus=$BUS,addr=10.9.0.1/24" 80 python3 -m http.server --directory web 80
	run on 10.9.0.2/24 bash -c '
		for i in 1 2 3 4 5; do curl -s http://10.9.0.1/big | cmp - web/big || exit 1; done
		echo whole'
	assert_success
	assert_output whole
}

@test "iperf3 runs both ways, by TCP and UDP" {
	need iperf3
	begin_serving "bus=$BUS,addr=10.9.0.1/24" 5201 iperf3 -s
	run on 10.9.0.2/24 bash -c '
		iperf3 -c 10.9.0.1 -n 64M && iperf3 -c 10.9.0.1 -R -n 64M && iperf3 -c 10.9.0.1 -u -b 20M -t 1'
	assert_success
	# How many datagrams a busy receiver loses is not the bus's doing; all are lost if that is.
	assert_output --regexp ' [0-9]+/[1-9][0-9]+ \([0-9]{1,2}(\.[0-9]+)?(e-[0-9]+)?%\) +receiver'
}

@test "a frame size of 65,520 bytes" {
	need ping
	begin_on 10.9.0.1/24,mtu=65520 sleep 600
	run on 10.9.0.2/24,mtu=65520 ping -M 'do' -s 65492 -c 2 -i 0.1 10.9.0.1
	assert_success
	assert_output --partial '65500 bytes from'
	assert_output --partial ' 0% packet loss'
}

@test "members that are killed leave their places, and the others go on" {
	need ping
	local command seven=()
	for _ in {1..7}; do seven+=(-n "bus=$BUS"); done
	begin_on 10.9.0.1/24 sleep 600
	# Eight places each time, in all more than there are; each is killed with its server while it sends.
	for _ in {1..5}; do
		begin rump run -n "bus=$BUS,addr=10.9.0.2/24" "${seven[@]}" -- bash -c 'echo $$ >"$READY"; exec ping -q -f 10.9.0.1'
		command=$(cat "$READY")
		run server_of "$BUS,addr=10.9.0.2"
		assert_output --regexp '^[0-9]+$'
		kill -KILL "$output" "$command"
	done
	run on 10.9.0.3/24 ping -c 2 -i 0.1 10.9.0.1
	assert_success
}

@test "the file is cut short: a pulled cable, and the kernels live" {
	need ping
	local other="$BATS_TEST_TMPDIR/other"
	begin_on 10.9.0.1/24 bash -c '
		while ip -br link show eth0 | grep -q LOWER_UP; do ping -q -c 1 -W 1 10.9.0.2 >/dev/null; done
		ip -br link show eth0 >"$0"; exec sleep 600' "$other"
	run on 10.9.0.2/24 bash -c '
		ping -q -c 1 -W 2 10.9.0.1 >/dev/null || echo no answer
		truncate -s 0 "$0"
		ping -q -c 2 -i 0.1 -W 1 10.9.0.1 >/dev/null && echo an answer
		for ((i = 0; i < 100; i++)); do ip -br link show eth0 | grep -q LOWER_UP || break; sleep 0.1; done
		ip -br link show eth0; ping -q -c 1 127.0.0.1 >/dev/null && echo alive' "$BUS"
	assert_success
	assert_line --regexp '^eth0 .*NO-CARRIER'
	assert_line alive
	refute_line 'no answer'
	refute_line 'an answer'
	wait_for "$other"
	assert_file_contains "$other" NO-CARRIER
}

@test "no room for a ring is an error when a member comes" {
	need unshare
	unshare -rm true 2>/dev/null || skip "no user and mount namespaces of one's own may be made here"
	mkdir small
	run unshare -rm bash -c 'mount -t tmpfs -o size=1m small small && exec "$0" run -n "bus=small/bus,addr=10.9.0.1/24" -- true' "$RUMP_COMMAND"
	assert_failure 1
	assert_output --partial 'No space left on device'
}
