#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tap.sh - a rump kernel on a tap of the host
#
# The "host" is a network namespace that the script makes, so that no interface of the machine's is
# touched; who may open /dev/net/tun can run it. Outside of one, root prepares the tap for a user, and
# that user runs the kernel:
#
#	# ip tuntap add dev tap0 mode tap user alice
#	# ip addr add 10.77.0.1/24 dev tap0 && ip link set tap0 up
# shellcheck disable=SC2016 # the shells inside expand it

set -euo pipefail
if [ $# -eq 0 ]; then
	if [ "$(id -u)" -eq 0 ]; then exec unshare -n "$0" inside; else exec unshare -Urn "$0" inside; fi
fi
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../build/bin:$here/../../../../bin:$PATH:/usr/sbin:/sbin
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
fetch() { curl -sf --retry 50 --retry-delay 1 --retry-all-errors "$1"; }

ip tuntap add dev tap0 mode tap
ip addr add 10.77.0.1/24 dev tap0
ip link set tap0 up

echo 'a page of the rump kernel' >"$dir/page"
rump run -n tap=tap0,addr=10.77.0.2/24,gw=10.77.0.1 -- \
	python3 -m http.server --directory "$dir" 80 >/dev/null 2>&1 &
fetch http://10.77.0.2/page

# It was the rump kernel's stack that answered.
[ -n "$(ss -H -ltn 'sport = :80')" ] || echo 'the host listens on no port 80'
ip -br link show dev tap0
