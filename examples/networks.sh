#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# networks.sh - three kernels on two networks, without privileges: a client, a slow router, a server
#
# The networks are files that the kernels share. The router's kernel forwards between its two
# devices, and lets each packet wait 20 ms on its way to the client. The host sees none of it.
# shellcheck disable=SC2016 # the shells inside expand it

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../build/bin:$here/../../../../bin:$PATH:/usr/sbin:/sbin
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT

echo 'a page from far away' >"$dir/page"
mkfifo "$dir/router" "$dir/server"

rump run -n "bus=$dir/left,addr=10.1.0.1/24" -n "bus=$dir/right,addr=10.2.0.1/24" -- sh -e -c '
	sysctl -qw net.ipv4.ip_forward=1
	tc qdisc add dev eth0 root netem delay 20ms
	echo up >"$1/router"; exec sleep 600' sh "$dir" &
rump run -n "bus=$dir/right,addr=10.2.0.2/24,gw=10.2.0.1" -- sh -c '
	(while ! curl -so /dev/null http://10.2.0.2/; do sleep 0.1; done; echo up >"$1/server") &
	exec python3 -m http.server --directory "$1" 80' sh "$dir" >/dev/null 2>&1 &
read -r _ <"$dir/router"
read -r _ <"$dir/server"

rump run -n "bus=$dir/left,addr=10.1.0.2/24,gw=10.1.0.1" -- sh -c '
	curl -s http://10.2.0.2/page
	ping -c 4 -i 0.1 10.2.0.2 | sed -n "s/^rtt[^=]*= \([0-9]*\).*/the way there and back takes \1 ms/p"'
