#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016,SC2034,SC2329 # inner shells expand what is in single quotes; reach() uses the rest
# Servers in a rump kernel and clients of the host: each over a tap, and through a port that passt
# forwards.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need passt
	own_network
	own_tap
	head -c 2000000 /dev/urandom >big
}

teardown() {
	end_kernels
}

# reach EXPECTED: each way has a kernel where SERVE runs, in a directory of its name, and listens on
# port 8080; ask ADDRESS, on the host, is to say what is expected.
reach() {
	local way
	local -A network=([tap]='tap=t0,addr=10.77.0.2/24' [passt]='passt,tcp=8080:8080')
	local -A address=([tap]=10.77.0.2 [passt]=127.0.0.1)
	for way in tap passt; do
		mkdir -p "$way"
		begin_serving "${network[$way]}" 8080 env -C "$way" "${SERVE[@]}"
		run ask "${address[$way]}"
		assert_success
		assert_output "$1"
	done
}

@test "nginx: eight files at once, each whole" {
	need nginx curl
	cat >conf <<-EOF
		daemon off; user root; worker_processes 2; pid nginx.pid; error_log stderr error;
		events { }
		http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
			uwsgi_temp_path t4; scgi_temp_path t5; sendfile on;
			server { listen 8080; root $BATS_TEST_TMPDIR; } }
	EOF
	SERVE=(bash -c 'exec nginx -e stderr -p "$PWD" -c ../conf')
	ask() {
		host curl -sf --no-progress-meter --parallel -o 'got#1' "http://$1:8080/big?[1-8]" || return
		sha256sum got? | cut -d ' ' -f 1 | uniq -c
	}
	reach "      8 $(sha256sum <big | cut -d ' ' -f 1)"
}

@test "haproxy before python's http.server" {
	need haproxy curl python3
	cat >conf <<-'EOF'
		defaults
		  mode http
		  timeout connect 20s
		  timeout client 20s
		  timeout server 20s
		listen f
		  bind :8080
		  http-response set-header Passed-By haproxy
		  server s 127.0.0.1:9001
	EOF
	SERVE=(bash -c '
		python3 -m http.server -d .. -b 127.0.0.1 9001 >log 2>&1 &
		until ss -H -ltn "sport = :9001" | grep -q .; do sleep 0.05; done
		exec haproxy -f ../conf')
	ask() {
		host curl -sf -D headers -o got "http://$1:8080/big" && cmp got big && grep -i passed headers | tr -d '\r'
	}
	reach 'passed-by: haproxy'
}

@test "redis: fifty clients with pipelines, and a value of two megabytes" {
	need redis-server redis-cli redis-benchmark
	SERVE=(redis-server --port 8080 --protected-mode no --save '')
	ask() {
		host redis-benchmark -h "$1" -p 8080 -q -n 5000 -c 50 -P 4 -t incr >/dev/null || return
		host redis-cli -h "$1" -p 8080 get counter:__rand_int__
		host redis-cli -h "$1" -p 8080 -x set big <big
		host redis-cli -h "$1" -p 8080 get big | head -c 2000000 | cmp - big
	}
	reach $'5000\nOK'
}

@test "iperf3: to the rump kernel and from it" {
	need iperf3 python3
	SERVE=(iperf3 -s -p 8080)
	# What is under way when the sender has sent all is not counted.
	received() {
		host iperf3 -J -c "$1" -p 8080 "${@:2}" |
			python3 -c 'import json, sys; e = json.load(sys.stdin)["end"]; print(e["sum_received"]["bytes"] > 16 << 20)'
	}
	ask() {
		received "$1" -n 32M
		received "$1" -n 32M -R
	}
	reach $'True\nTrue'
}

@test "node's http takes what is posted" {
	need node curl
	cat >server.js <<-'EOF'
		const crypto = require('crypto');
		require('http').createServer((request, response) => {
			const hash = crypto.createHash('sha256');
			request.on('data', data => hash.update(data));
			request.on('end', () => response.end(hash.digest('hex')));
		}).listen(8080);
	EOF
	SERVE=(node ../server.js)
	ask() { host curl -sf --data-binary @big "http://$1:8080/"; }
	reach "$(sha256sum <big | cut -d ' ' -f 1)"
}

# An echo; "count" is answered by how many are connected.
echo_server() {
	cat >server.py <<-'EOF'
		import asyncio
		connected = 0
		async def serve(r, w):
		    global connected
		    connected += 1
		    while line := await r.readline():
		        w.write(b"%d\n" % connected if line == b"count\n" else line)
		        await w.drain()
		    connected -= 1
		    w.close()
		async def main():
		    server = await asyncio.start_server(serve, "0.0.0.0", 8080, backlog=1024)
		    await server.serve_forever()
		asyncio.run(main())
	EOF
	cat >client.py <<-'EOF'
		import asyncio, sys
		address, number = sys.argv[1], int(sys.argv[2])
		async def talk(n, here, all_here):
		    r, w = await asyncio.open_connection(address, 8080)
		    good = 0
		    async def say(text):
		        w.write(text)
		        return await r.readline()
		    for turn in range(3):
		        text = b"%d of %d\n" % (turn, n)
		        good += await say(text) == text
		        if turn == 0:
		            here.append(n)
		            if len(here) == number:
		                print("connected", (await say(b"count\n")).decode().strip())
		                all_here.set()
		            await all_here.wait()
		    w.close()
		    return good
		async def main():
		    here, all_here = [], asyncio.Event()
		    print("good", sum(await asyncio.gather(*(talk(n, here, all_here) for n in range(number)))))
		asyncio.run(main())
	EOF
	SERVE=(python3 ../server.py)
}

@test "python's asyncio: twenty connections that talk in turns" {
	need python3
	echo_server
	ask() { host timeout 50 python3 client.py "$1" 20; }
	reach $'connected 20\ngood 60'
}

@test "a thousand connections at once, all held and all heard" {
	need python3
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 2100 ] || skip "no process may have 2,000 descriptors"
	ulimit -Sn "$(ulimit -Hn)"
	echo_server
	ask() { host timeout 50 python3 client.py "$1" 1000; }
	reach $'connected 1000\ngood 3000'
}
