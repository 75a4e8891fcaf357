#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# A tap with several queues, and a kernel with as many virtual CPUs: in a network namespace of the
# test's own, so that the host's network stays as it is.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip unshare ethtool python3
	need_taps
	cat >echo.py <<-'EOS'
		# Datagrams come back. The file whose name is the argument is there when they will.
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 7))
		open(sys.argv[1], "w").close()
		while True:
		    s.sendto(*s.recvfrom(65536))
	EOS
	cat >flows.py <<-'EOS'
		# Send one datagram of so many bytes, unfragmented, by each of 64 flows; say how many come back.
		import os, socket, sys
		answers = 0
		for _ in range(64):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
		    s.settimeout(5)
		    s.connect(("10.77.0.2", 7))
		    sent = os.urandom(int(sys.argv[1]))
		    s.send(sent)
		    try:
		        answers += s.recv(65536) == sent
		    except TimeoutError:
		        pass
		print("answers", answers)
	EOS
}

# apart COMMAND...: with a tap t0 of two queues and more, and one t1 of one, the host's sides of which
# are 10.77.0.1 and 10.78.0.1; up FILE waits for a file
apart() {
	timeout -k 2 100 "${UNSHARE[@]}" bash -c '
		ip link set lo up
		ip tuntap add dev t0 mode tap multi_queue && ip tuntap add dev t1 mode tap || exit 1
		ip addr add 10.77.0.1/24 dev t0 && ip link set t0 up || exit 1
		ip addr add 10.78.0.1/24 dev t1 && ip link set t1 up || exit 1
		RUMP=$1 NET=tap=t0,addr=10.77.0.2/24
		up() { until [ -e "$1" ]; do sleep 0.05; done; }
		export -f up
		eval "$2"' bash "$RUMP_COMMAND" "$1"
}

# counter NAME: of ethtool -S, in $output
counter() {
	sed -n "s/^ *$1: //p" <<<"$output"
}

@test "as many queues as virtual CPUs, one where the tap has one, or as queues= says" {
	run apart '
		count() { $RUMP run --ncpu $1 -n tap=$2 -- bash -c "echo $1 $2 \$(ls -d /sys/class/net/eth0/queues/tx-* | wc -l) \
			\$(ethtool -l eth0 | grep Combined:)"; }
		count 1 t0; count 2 t0; count 3 t0; count 3 t0,queues=2; count 2 t0,queues=1; count 2 t0,queues=2
		count 2 t1; count 2 t1,queues=1; count 2 t2; count 2 t2,queues=2; ip link show t2 || echo gone'
	assert_success
	assert_line '1 t0 1 Combined: 1 Combined: 1'
	assert_line '2 t0 2 Combined: 2 Combined: 2'
	assert_line '3 t0 3 Combined: 3 Combined: 3'
	assert_line '3 t0,queues=2 2 Combined: 2 Combined: 2'
	assert_line '2 t0,queues=1 1 Combined: 1 Combined: 1'
	assert_line '2 t0,queues=2 2 Combined: 2 Combined: 2'
	assert_line '2 t1 1 Combined: 1 Combined: 1'
	assert_line '2 t1,queues=1 1 Combined: 1 Combined: 1'
	# One that is not there is made, and goes with the kernel.
	assert_line '2 t2 1 Combined: 1 Combined: 1'
	assert_line '2 t2,queues=2 2 Combined: 2 Combined: 2'
	assert_line gone
}

@test "each virtual CPU sends by a queue of its own" {
	run apart '
		cpus() { $RUMP run --ncpu $1 -n tap=$2 -- bash -c "cd /sys/class/net/eth0/queues; cat tx-*/xps_cpus" | paste -sd " "; }
		cpus 2 t0; cpus 3 t0,queues=2'
	assert_success
	assert_line --index 0 '1 2'
	assert_line --index 1 '5 2'
}

@test "what cannot be is refused, with a reason" {
	local bad
	for bad in '' 0 17 99999999999 -1 2x two; do
		run rump run --ncpu 2 -n "tap=t0,queues=$bad" -- touch ran
		assert_failure 2
		assert_output "rump: -n tap=t0,queues=$bad: '$bad' is no number of queues from 1 to 16"
	done
	for bad in bus=f passt vde=v none; do
		run rump run --ncpu 2 -n "$bad,queues=1" -- touch ran
		assert_failure 2
		assert_output "rump: -n $bad,queues=1: 'queues' is an option of 'tap', not of '${bad%=*}'"
	done
	run rump run --ncpu 1 -n tap=t0,queues=2 -- touch ran
	assert_failure 2
	assert_output "rump: RUMP_NET='tap=t0,queues=2': 2 queues want as many virtual CPUs, and RUMP_NCPU is 1"
	run apart '
		$RUMP run --ncpu 2 -n tap=t1,queues=2 -- touch ran; echo status $?
		$RUMP run --ncpu 2 -n tap=no/name,queues=2 -- touch ran; echo status $?
		# The tap is as free as it was.
		$RUMP run --ncpu 2 -n tap=t1,addr=10.78.0.2/24 -- bash -c "</dev/tcp/10.78.0.1/1" 2>&1 | grep -o refused'
	assert_line --index 0 --partial "rump: RUMP_NET='tap=t1,queues=2': the tap is for one queue, as it was not made with multi_queue: "
	assert_line --index 1 'status 1'
	assert_line --index 2 "rump: RUMP_NET='tap=no/name,queues=2': the tap cannot be opened: Invalid argument"
	assert_line --index 3 'status 1'
	assert_line --index 4 refused
	assert [ ! -e ran ]
	assert [ ! -e f ]
}

@test "files go both ways at once, whole, by both queues" {
	need nginx curl
	nginx_place "$PWD/host" 8000000
	nginx_place "$PWD/rump" 8000000
	run apart '
		# get WHOSE ADDRESS: its file, by eight connections at once
		get() {
			until curl -sfo /dev/null http://$2:8080/conf; do sleep 0.05; done
			for i in {1..8}; do curl -sfo got-$1-$i http://$2:8080/big & done
			wait
			for i in {1..8}; do cmp got-$1-$i $1/big && echo $1; done
		}
		export -f get
		nginx -e stderr -p host -c conf & host=$!
		$RUMP run --ncpu 2 -n $NET,queues=2 -- bash -c "nginx -e stderr -p rump -c conf &
			touch begun; (get host 10.77.0.1); touch got; up done; ethtool -S eth0; kill %1; wait" & rump=$!
		up begun; (get rump 10.77.0.2); up got; touch done
		wait $rump; kill $host; wait'
	assert_success
	assert_equal "$(grep -cx host <<<"$output")" 8
	assert_equal "$(grep -cx rump <<<"$output")" 8
	for place in tx0 tx1 rx0 rx1; do
		assert [ "$(counter "${place}_packets")" -gt 0 ]
		assert [ "$(counter "${place}_bytes")" -gt 0 ]
		assert_equal "$(counter "${place}_errors")" 0
	done
}

@test "size, statistics, and a link that goes down and up again are those of all queues" {
	run apart '
		ip link set t0 mtu 9000
		$RUMP run --ncpu 2 -n $NET,mtu=9000 -- bash -c "python3 echo.py ready & up done1
			cd /sys/class/net/eth0; for s in {rx,tx}_{packets,bytes}; do echo sum_\$s: \$(<statistics/\$s); done; ethtool -S eth0
			cd - >/dev/null; ip link set eth0 down; ip -br link show eth0; touch down; up done2
			ip link set eth0 up; touch again; up done3; kill %1" &
		up ready; python3 flows.py 8900; touch done1; up down
		ping -q -c 2 -i 0.1 -W 1 10.77.0.2 | grep -o " 100% packet loss"; touch done2; up again
		ip neigh flush dev t0; python3 flows.py 8900; touch done3; wait'
	assert_success
	assert_equal "$(grep -cx 'answers 64' <<<"$output")" 2
	assert_line --regexp '^eth0 +DOWN '
	assert_line ' 100% packet loss'
	# The host spreads flows that it has not seen by their hash.
	for place in rx0 rx1; do
		assert [ "$(counter "${place}_packets")" -gt 1 ]
		assert [ "$(counter "${place}_bytes")" -gt 8900 ]
	done
	for place in rx tx; do
		for what in packets bytes; do
			# A router solicitation may come between.
			sum=$(($(counter "${place}0_$what") + $(counter "${place}1_$what")))
			assert [ "$sum" -ge "$(counter "sum_${place}_$what")" ]
			assert [ "$sum" -le "$(($(counter "sum_${place}_$what") + 1000))" ]
		done
		assert [ "$(counter "sum_${place}_bytes")" -gt $((64 * 8900)) ]
	done
}

@test "the host deletes the tap while both queues are busy: the link goes down, the kernel lives" {
	need iperf3
	run apart '
		iperf3 -s -p 5201 >/dev/null & one=$!
		iperf3 -s -p 5202 >/dev/null & other=$!
		for port in 5201 5202; do until ss -H -ltn "sport = :$port" | grep -q .; do sleep 0.05; done; done
		$RUMP run --ncpu 2 -n $NET,queues=2 -- bash -c "
			iperf3 -c 10.77.0.1 -p 5201 -t 60 -P 2 >/dev/null 2>&1 &
			iperf3 -c 10.77.0.1 -p 5202 -t 60 -P 2 -R >/dev/null 2>&1 &
			busy() { for c in tx0 tx1 rx0 rx1; do
				[ \$(ethtool -S eth0 | sed -n \"s/^ *\${c}_packets: //p\") -gt 100 ] || return; done; }
			until busy; do sleep 0.05; done; touch busy
			for ((i = 0; i < 400; i++)); do
				read -r c </sys/class/net/eth0/carrier; [ \$c = 1 ] || break; sleep 0.05
			done; echo carrier \$c; ip -br link show eth0; ethtool -S eth0 | grep -c :; kill %1 %2; wait
			ping -c 1 127.0.0.1 >/dev/null && echo alive" &
		rump=$!
		up busy; ip link del t0; wait $rump; echo status $?
		kill $one $other; wait'
	assert_line 'carrier 0'
	assert_line --regexp '^eth0 .*NO-CARRIER'
	assert_line 15
	assert_line alive
	assert_line 'status 0'
}

@test "a program that links the library sends by the queues itself" {
	need nc
	run apart '
		echo hello | nc -l -q 0 10.77.0.1 80 &
		until ss -H -ltn "sport = :80" | grep -q .; do sleep 0.05; done
		RUMP_NCPU=2 RUMP_NET=$NET,queues=2 timeout 20 '"$BUILD"'/examples/netcat 10.77.0.1 80
		RUMP_NCPU=1 RUMP_NET=$NET,queues=2 timeout 20 '"$BUILD"'/examples/netcat 10.77.0.1 80; echo status $?'
	assert_line --index 0 hello
	assert_line --partial '2 queues want as many virtual CPUs, and RUMP_NCPU is 1'
	assert_line 'status 1'
}
