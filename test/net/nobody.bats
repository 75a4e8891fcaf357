#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Networks of a user without any privilege, who may do in the rump kernel what root may.

setup() {
	load setup.bash
	need_reach
	need ip ping
	# Where this user may make files.
	PLACE=$(mktemp -d /tmp/rump-XXXXXX)
	chmod 777 "$PLACE"
	cd "$PLACE" || return
	BUS=$PLACE/bus
	unset XDG_RUNTIME_DIR
}

teardown() {
	end_kernels
	cd /
	rm -r "$PLACE"
}

# user ARG...: the rump command of that user
user() {
	as_nobody timeout -k 2 60 "$RUMP_COMMAND" "$@"
}

# shared_bus: there is another kernel, 10.9.0.1, on a bus that all may write
shared_bus() {
	begin_on 10.9.0.1/24 sleep 600
	chmod 666 "$BUS"
}

@test "ping and netem on a bus, as the command and as a child of a shell" {
	need tc
	shared_bus
	run user run -n "bus=$BUS,addr=10.9.0.2/24" -- ping -c 2 -i 0.2 10.9.0.1
	assert_success
	assert_output --partial ' 0% packet loss'
	run user run -n "bus=$BUS,addr=10.9.0.2/24" -- bash -c '
		tc qdisc add dev eth0 root netem delay 40ms
		ping -c 3 -i 0.2 10.9.0.1 | sed -n "s/^rtt[^=]*= \([0-9]*\).*/least \1/p"
		ping -q -i 0.2 10.9.0.1 >/dev/null &
		for ((i = 0; i < 200; i++)); do grep -x ping /proc/$!/comm && break; sleep 0.05; done
		kill $!; id -u'
	assert_success
	assert_line --regexp '^least [4-9][0-9]$'
	# It is known by its own name.
	assert_line ping
	refute_line 0
}

@test "nft drops what it is told to" {
	need nft
	shared_bus
	run user run -n "bus=$BUS,addr=10.9.0.2/24" -- bash -e -c '
		ping -q -c 1 10.9.0.1 >/dev/null && echo open
		nft add table ip t
		nft "add chain ip t o { type filter hook output priority 0 ; }"
		nft add rule ip t o ip daddr 10.9.0.1 counter drop
		ping -q -c 1 -W 1 10.9.0.1 >/dev/null 2>&1 || echo shut
		nft list chain ip t o'
	assert_success
	assert_line open
	assert_line shut
	assert_output --regexp 'counter packets [1-9]'
}

@test "passt: the host's servers from inside, and a forward to a server inside" {
	need passt curl python3
	local gateway ports
	gateway=$(ip -4 route show default | sed -n 's/^default via \([0-9.]*\).*/\1/p')
	[ -n "$gateway" ] || skip "the host has no default route, which passt takes its addresses from"
	mapfile -t ports < <(python3 -c 'import socket
for s in [socket.socket() for _ in range(2)]: s.bind(("", 0)); print(s.getsockname()[1])')
	echo outside >outside
	python3 -m http.server --bind 127.0.0.1 "${ports[0]}" >/dev/null 2>&1 3>&- &
	KERNELS+=($!)
	user run -n "passt,tcp=${ports[1]}:80" -- bash -c '
		until curl -sfo got "http://$1:$2/outside"; do sleep 0.1; done
		mkdir web && echo inside >web/file && exec python3 -m http.server --directory web 80' bash \
		"$gateway" "${ports[0]}" >/dev/null 2>&1 3>&- &
	KERNELS+=($!)
	answers curl -sfo forwarded "http://127.0.0.1:${ports[1]}/file"
	assert_equal "$(cat got forwarded)" $'outside\ninside'
}

@test "setuid programs that a shell starts gain nothing, and are the rump kernel's" {
	[ "$(id -u)" -eq 0 ] || skip "only root can make one of another owner"
	cp "$(command -v id)" "$(command -v cat)" .
	chmod u+s id cat
	run as_nobody ./id -u
	[ "$output" = 0 ] || run as_nobody sh -c './id | grep -q euid=0 && echo 0'
	[ "$output" = 0 ] || skip "this file system ignores setuid"
	run user run -n "bus=$BUS,mac=02:00:00:00:00:07" -- sh -c './id; ./cat /sys/class/net/eth0/address'
	assert_success
	refute_output --partial euid=
	assert_line 02:00:00:00:00:07
	# Where no socket is the rump kernel's they are what they are.
	run user run -m tmpfs:/mnt -- sh -c './id'
	assert_output --partial 'euid=0'
}

@test "programs with file capabilities are copies: what they are called, their arguments, their end" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give capabilities"
	cp "$(command -v bash)" tool
	setcap cap_net_raw+ep tool || skip "this file system has no capabilities"
	run user run -n "bus=$BUS,mac=02:00:00:00:00:07" -- ./tool -c \
		'cat </sys/class/net/eth0/address; (exec ./tool -c "echo \"\$0 \$1\"; exit 3" a "b  c")'
	assert_failure 3
	assert_line 02:00:00:00:00:07
	assert_line 'a b  c'
	run user run -n "bus=$BUS" -- sh -c 'exec ./tool -c "exec 3</sys/class/net/eth0/mtu; ls -l /proc/self/fd; exit 4"'
	assert_failure 4
	assert_line --partial mtu
	refute_output --partial tool
	chmod a-x tool
	run user run -n "bus=$BUS" -- sh -c './tool'
	assert_failure 126
}

@test "attached, ping reaches what the kernel was started for" {
	shared_bus
	user server --name nobody-$$ -n "bus=$BUS,addr=10.9.0.2/24"
	run user attach nobody-$$ -- sh -c 'ping -c 1 10.9.0.1'
	user halt nobody-$$
	assert_success
	assert_output --partial 'bytes from 10.9.0.1'
}
