# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034 # the suites use the variables
# What the suites of networks share. Loaded by setup(). What runs beside the test is ended by
# end_kernels() in teardown().

load ../lib/common

unset RUMP_MOUNT RUMPHIJACK RUMP_NET RUMP_HOSTNAME RUMP_MEMLIMIT RUMP_VERBOSE LD_PRELOAD
BUS=$BATS_TEST_TMPDIR/bus
KERNELS=()
HOST=() # what leads into the test's own network
GATEWAY=10.78.0.2 GATEWAY6=fd78::2 OUTSIDE=10.79.0.1 OUTSIDE6=fd79::1

# rump ARG...
rump() {
	timeout -k 2 300 "${HOST[@]}" "$RUMP_COMMAND" "$@"
}

# need_namespace: $UNSHARE leads into a network namespace of its own; skip where none can be made
need_namespace() {
	UNSHARE=(unshare -n)
	[ "$(id -u)" -eq 0 ] || UNSHARE=(unshare -Urn)
	"${UNSHARE[@]}" true 2>/dev/null || skip "no network namespace of one's own may be made here"
}

# need_taps: the same for taps in it
need_taps() {
	[ -w /dev/net/tun ] || skip "/dev/net/tun may not be opened"
	need_namespace
}

# own_network: a network namespace of the test's own, which is the host from then on, so that all
# ports are free and the machine's network stays as it is. It has a default route, for passt to take
# its addresses from: to what runs behind passt, $GATEWAY is the host's loopback. $OUTSIDE is one more
# address of the host's, which can be pinged.
own_network() {
	need ip ss unshare nsenter
	local enter=(nsenter -n)
	[ "$(id -u)" -eq 0 ] || enter=(nsenter --preserve-credentials -U -n)
	need_namespace
	"${UNSHARE[@]}" bash -c '
		ip link set lo up && ip addr add 10.79.0.1/32 dev lo && ip addr add fd79::1/128 dev lo nodad &&
		ip link add v0 type veth peer name v1 &&
		ip addr add 10.78.0.1/24 dev v0 && ip addr add fd78::1/64 dev v0 nodad &&
		ip link set v0 up && ip link set v1 up &&
		ip route add default via 10.78.0.2 && ip -6 route add default via fd78::2 || exit
		# passt may ping.
		sysctl -qw "net.ipv4.ping_group_range=0 2147483647" || sysctl -qw "net.ipv4.ping_group_range=0 0"
		exec sleep 3600' 2>"$BATS_TEST_TMPDIR/own.out" 3>&- &
	KERNELS+=($!)
	answers grep -qx sleep "/proc/$!/comm"
	HOST=("${enter[@]}" -t "$!")
}

# own_tap: in it, a tap t0, whose host's side is 10.77.0.1 and fd77::1
own_tap() {
	[ -w /dev/net/tun ] || skip "/dev/net/tun may not be opened"
	host ip tuntap add dev t0 mode tap
	host ip addr add 10.77.0.1/24 dev t0
	host ip addr add fd77::1/64 dev t0 nodad
	host ip link set t0 up
}

# nginx_place DIRECTORY BYTES: what nginx -p DIRECTORY -c conf serves on port 8080: a file "big"
nginx_place() {
	mkdir -p "$1/logs"
	head -c "$2" /dev/urandom >"$1/big"
	cat >"$1/conf" <<-EOF
		daemon off; user root; worker_processes 2; pid nginx.pid; error_log stderr error;
		events { }
		http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
			uwsgi_temp_path t4; scgi_temp_path t5;
			server { listen 8080; root $1; } }
	EOF
}

# host COMMAND...: run it in the test's own network
host() {
	"${HOST[@]}" "$@"
}

# on ADDRESS COMMAND...: run it in a kernel on the bus
on() {
	rump run -n "bus=$BUS,addr=$1" -- "${@:2}"
}

# wait_for FILE: until there is something in it, 20 seconds at most
wait_for() {
	local i
	for ((i = 0; i < 400; i++)); do
		[ ! -s "$1" ] || return 0
		sleep 0.05
	done
	echo "nothing came into $1" >&2
	return 1
}

# begin COMMAND...: run one of the functions above beside the test, and wait until what it runs has said
# something in the file $READY, which is new.
begin() {
	READY=$BATS_TEST_TMPDIR/ready-${#KERNELS[@]}
	export READY
	rm -f "$READY"
	"$@" 3>&- >"$READY.out" 2>&1 &
	KERNELS+=($!)
	wait_for "$READY" || {
		cat "$READY.out" >&2
		return 1
	}
}

# begin_on ADDRESS COMMAND...: a kernel on the bus that runs a server
begin_on() {
	# shellcheck disable=SC2016 # the inner shell expands it
	begin on "$1" bash -c 'echo up >"$READY"; exec "$@"' bash "${@:2}"
}

# begin_serving NETWORK PORT COMMAND...: a kernel with a server, which listens when this returns
begin_serving() {
	# shellcheck disable=SC2016 # the inner shell expands it
	begin rump run -n "$1" -- bash -c '
		"$@" & until ss -H -ltun "sport = :$0" | grep -q .; do sleep 0.05; done; echo up >"$READY"; wait' "${@:2}"
}

# begin_host PORT COMMAND...: a server in the test's own network, which listens when this returns
begin_host() {
	host "${@:2}" >"$BATS_TEST_TMPDIR/host-$1.out" 2>&1 3>&- &
	KERNELS+=($!)
	answers listens "$1" || {
		cat "$BATS_TEST_TMPDIR/host-$1.out" >&2
		return 1
	}
}

# listens PORT
listens() {
	[ -n "$(host ss -H -ltun "sport = :$1")" ]
}

# free_port: a port that nobody listens on, and that no other test's passt has among its arguments
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'
}

# begin_switch: a VDE switch in ./switch, the newest of $KERNELS. It ends with its standard input.
begin_switch() {
	mkfifo switch.in
	vde_switch -s "$PWD/switch" <>switch.in >/dev/null 2>&1 3>&- &
	KERNELS+=($!)
	answers test -S switch/ctl
}

# server_of TEXT: the process that keeps the kernel whose RUMP_NET has it
server_of() {
	local file
	for file in /proc/[0-9]*/environ; do
		if grep -qsz '^RUMP_SERVE=' "$file" && grep -qsFz "$1" "$file"; then
			cut -d/ -f3 <<<"$file"
		fi
	done
}

# answers COMMAND...: make it until it succeeds, a twentieth of a second between
answers() {
	local i
	for ((i = 0; i < 200; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	echo "never succeeded: $*" >&2
	return 1
}

# end PID...: of what runs beside the test, with its children
end() {
	local pid
	for pid; do
		pkill -P "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done
	for pid; do
		wait "$pid" 2>/dev/null || true
	done
}

end_kernels() {
	end "${KERNELS[@]}"
	KERNELS=()
}
