# SPDX-License-Identifier: BSD-2-Clause
# Common to the suites of network programs. Loaded by setup().

load ../hijack/setup.bash

# in_rump COMMAND...: run it with a network of its own, the rump kernel's.
in_rump() {
	RUMPHIJACK_REPORT=$REPORT timeout -k 2 60 "$RUMP_COMMAND" run -s all:nolocal -- "$@"
}

# remember_host: note the host's network; assert_host_unchanged: it is as it was.
remember_host() {
	host_network >"$BATS_TEST_TMPDIR/network"
}

host_network() {
	ip link
	ip addr
	tc qdisc
	nft list ruleset 2>&1
	cat /proc/sys/net/ipv4/ip_forward
}

assert_host_unchanged() {
	# The time that an address is still valid goes down.
	run diff <(grep -v valid_lft "$BATS_TEST_TMPDIR/network") <(host_network | grep -v valid_lft)
	assert_success
}
