#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Servers and their clients in one process: threads or coroutines of it talk over the loopback of the
# rump kernel.

setup() {
	load net.bash
}

# The sockets were the rump kernel's.
assert_went_there() {
	run grep -c -E ' exit host=[0-9]+ rump=[1-9]' "$REPORT"
	refute_output 0
}

@test "python asyncio: twenty clients of a server" {
	need python3
	run in_rump python3 - <<-'EOF'
		import asyncio

		async def serve(r, w):
		    while data := await r.readline():
		        w.write(data.upper())
		        await w.drain()
		    w.close()

		async def client(port, n):
		    r, w = await asyncio.open_connection("127.0.0.1", port)
		    good = 0
		    for i in range(50):
		        w.write(b"line %d %d\n" % (n, i))
		        good += (await r.readline()) == b"LINE %d %d\n" % (n, i)
		    w.close()
		    return good

		async def main():
		    server = await asyncio.start_server(serve, "127.0.0.1", 0)
		    port = server.sockets[0].getsockname()[1]
		    print(sum(await asyncio.gather(*(client(port, n) for n in range(20)))))
		    server.close()

		asyncio.run(main())
	EOF
	assert_success
	assert_output 1000
	assert_went_there
}

@test "python http.server in a thread, urllib in another" {
	need python3
	mkdir "$BATS_TEST_TMPDIR/web"
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/web/big"
	cd "$BATS_TEST_TMPDIR/web"
	run in_rump python3 - <<-'EOF'
		import http.server, threading, urllib.request

		class Handler(http.server.SimpleHTTPRequestHandler):
		    def log_message(self, *args):
		        pass

		s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		threading.Thread(target=s.serve_forever, daemon=True).start()
		base = "http://localhost:%d/" % s.server_port
		print(urllib.request.urlopen(base + "big").read() == open("big", "rb").read())
		try:
		    urllib.request.urlopen(base + "none")
		except urllib.error.HTTPError as e:
		    print(e.code)
		s.shutdown()
	EOF
	assert_success
	assert_line True
	assert_line 404
	assert_went_there
}

@test "python selectors and a host pipe in one loop; sendfile; socketpair with threads" {
	need python3
	run in_rump python3 - <<-'EOF'
		import os, selectors, socket, threading

		for kind in (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector):
		    sel = kind()
		    server = socket.create_server(("127.0.0.1", 0))
		    r, w = os.pipe()
		    sel.register(server, selectors.EVENT_READ, "server")
		    sel.register(r, selectors.EVENT_READ, "pipe")
		    def act():
		        os.write(w, b"x")
		        c = socket.create_connection(server.getsockname())
		        with open(os.__file__, "rb") as f:
		            c.sendfile(f)
		        c.close()
		    t = threading.Thread(target=act)
		    t.start()
		    seen = set()
		    while len(seen) < 2:
		        for key, _ in sel.select(10):
		            seen.add(key.data)
		            if key.data == "pipe":
		                os.read(r, 1)
		            else:
		                c = server.accept()[0]
		                data = b""
		                while part := c.recv(65536):
		                    data += part
		    t.join()
		    print(sorted(seen), data == open(os.__file__, "rb").read())
	EOF
	assert_success
	assert_equal "${#lines[@]}" 3
	assert_equal "$(sort -u <<<"$output")" "['pipe', 'server'] True"
	assert_went_there
}

@test "node: an http server and twenty requests at once" {
	need node
	cat >"$BATS_TEST_TMPDIR/program.js" <<-'EOF'
		const http = require('http');
		const server = http.createServer((request, response) => {
			let n = 0;
			request.on('data', data => n += data.length);
			request.on('end', () => response.end('got ' + n));
		});
		server.listen(0, '127.0.0.1', () => {
			let done = 0;
			for (let i = 0; i < 20; i++) {
				const options = {port: server.address().port, host: '127.0.0.1', method: 'POST'};
				http.request(options, response => {
					let text = '';
					response.on('data', data => text += data);
					response.on('end', () => {
						if (text !== 'got 100000')
							throw text;
						if (++done === 20) {
							console.log('done', done);
							server.close();
						}
					});
				}).end(Buffer.alloc(100000));
			}
		});
	EOF
	run in_rump node "$BATS_TEST_TMPDIR/program.js"
	assert_success
	assert_output 'done 20'
	assert_went_there
}

# shellcheck disable=SC2016 # perl's variables
@test "perl: IO::Socket and IO::Select with standard input in the set" {
	need perl
	run in_rump perl -e '
		use strict; use IO::Socket::INET; use IO::Select;
		my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
		my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport) or die;
		my $s = $l->accept;
		my $set = IO::Select->new($l, $s, \*STDIN);
		print $c "hello\n";
		$c->flush;
		my @ready = $set->can_read(10);
		print scalar(grep { $_ == $s } @ready), " ", scalar <$s>;
		close $c;
		print eof($s) ? "eof\n" : "more\n"' < <(sleep 5)
	assert_success
	assert_line '1 hello'
	assert_line eof
	assert_went_there
}

@test "nc and bash are refused where nobody listens, on the host somebody may" {
	need nc bash python3
	run in_rump nc -z 127.0.0.1 9
	assert_failure
	run in_rump bash -c 'exec 3<>/dev/tcp/127.0.0.1/9'
	assert_failure
	assert_output --partial 'Connection refused'
	assert_went_there
}
