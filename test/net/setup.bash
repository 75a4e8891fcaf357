# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the suites of networks share. Loaded by setup(). Kernels that run beside the test are ended by
# end_kernels() in teardown().

load ../lib/common

unset RUMP_MOUNT RUMPHIJACK RUMP_NET RUMP_HOSTNAME RUMP_MEMLIMIT RUMP_VERBOSE LD_PRELOAD
BUS=$BATS_TEST_TMPDIR/bus
KERNELS=()

# rump ARG...
rump() {
	timeout -k 2 300 "$RUMP_COMMAND" "$@"
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

end_kernels() {
	local pid
	for pid in "${KERNELS[@]}"; do
		pkill -P "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${KERNELS[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	KERNELS=()
}
