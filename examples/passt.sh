#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# passt.sh - the host's network for a stack of one's own, without privileges
#
# passt makes sockets of the host of what the rump kernel sends: so a client reaches what the host
# reaches, and by the gateway's address the host's loopback. A port of the host leads to a server inside.
# passt.sh PORT takes that port of the host and the next, 8080 and 8081 if none is given.
# shellcheck disable=SC2016 # the shells inside expand it

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../build/bin:$here/../../../../bin:$PATH:/usr/sbin:/sbin
port=${1:-8080}
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
fetch() { curl -sf --retry 50 --retry-delay 1 --retry-all-errors "$1"; }
export -f fetch

mkdir "$dir/outside" "$dir/inside"
echo 'a page of the host' >"$dir/outside/page"
echo 'a page of the rump kernel' >"$dir/inside/page"

# A client inside, a server of the host.
python3 -m http.server --bind 127.0.0.1 --directory "$dir/outside" "$port" >/dev/null 2>&1 &
rump run -n passt -- bash -c '
	ip -4 -br addr show dev eth0
	gateway=$(ip -4 route show default | cut -d " " -f 3)
	fetch "http://$gateway:$1/page"' bash "$port"

# A server inside, a client of the host.
rump run -n "passt,tcp=127.0.0.1/$((port + 1)):80" -- \
	python3 -m http.server --directory "$dir/inside" 80 >/dev/null 2>&1 &
fetch "http://127.0.0.1:$((port + 1))/page"
