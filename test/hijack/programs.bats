#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Real programs under the checker: they do what they do without it, and nothing escapes.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || exit
}

teardown() {
	assert_nothing_escaped
}

@test "bash: pipes, redirections, here-documents, substitution, job control, traps" {
	cat >script <<-'SCRIPT'
		echo one | tr a-z A-Z | cat >out; cat out
		cat <<<"here $(echo sub $(echo nested))"
		exec 7<out; read -r line <&7; exec 7<&-; echo "$line"
		(echo in a subshell; exit 3); echo "status $?"
		diff <(seq 3) <(seq 4)
		trap 'echo trapped' USR1; kill -USR1 $$
		set -m; sleep 10 & kill %1; wait %1; echo "job $?"
		for i in {1..20}; do echo "$i" & done | sort -n | tail -1
		time true 2>/dev/null
	SCRIPT
	run bash script
	local expected=$output
	run checked bash script
	assert_success
	# without what the time keyword says
	diff <(grep -v '^\(real\|user\|sys\)' <<<"$expected") \
		<(grep -v '^\(real\|user\|sys\)' <<<"$output")
}

@test "git: init, commit, branch, merge, log, gc, clone" {
	need git
	cat >script <<-'SCRIPT'
		set -e
		export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=2000-01-01T00:00:00Z GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
		git config --global user.email a@example.org; git config --global user.name A
		git init -q -b main repo; cd repo
		for i in {1..20}; do echo $i >file$i; done
		git add .; git commit -qm one; git checkout -qb other; echo x >>file1
		git commit -qam two; git checkout -q main; echo y >>file2; git commit -qam three
		git merge -q -m merged other; git gc -q; git fsck; cd ..
		git clone -q repo copy; git -C copy log --oneline | wc -l; git -C copy status --short
	SCRIPT
	run checked bash script
	assert_success
	assert_output 4
}

@test "make and gcc: a parallel build" {
	need make gcc
	for i in {1..8}; do
		echo "int f$i(void); int f$i(void) { return $i; }" >"f$i.c"
	done
	echo 'int f8(void); int main(void) { return f8() - 8; }' >main.c
	printf 'main: main.o %s\n\tgcc $^ -o $@\n%%.o: %%.c\n\tgcc -O2 -pipe -c $< -o $@\n' \
		"$(echo f{1..8}.o)" >Makefile
	run checked make -s -j4
	assert_success
	run checked ./main
	assert_success
	run checked make
	assert_output --partial "'main' is up to date"
}

@test "perl: fork, pipes, sockets, files" {
	need perl
	cat >script <<-'SCRIPT'
		use strict; use Socket; use File::Find; use File::Temp;
		socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
		if (!fork) { close $a; syswrite $b, "child\n"; exit 5 }
		close $b; print scalar <$a>; wait; print $? >> 8, "\n";
		open my $p, "-|", "echo", "piped" or die; print <$p>; close $p;
		my $t = File::Temp->new; print $t "x" x 100000; close $t; print -s "$t", "\n";
		find(sub {}, "/etc"); print `echo backtick`; system "exit 4;"; print $? >> 8, "\n";
		local $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; eval { select undef, undef, undef, 9 };
		print $@;
	SCRIPT
	run checked perl script
	assert_success
	assert_output "$(printf '%s\n' child 5 piped 100000 backtick 4 alarm)"
}

@test "python3: threads, subprocesses, sockets, mmap, asyncio, multiprocessing" {
	need python3
	cat >script.py <<-'SCRIPT'
		import asyncio, ctypes, mmap, multiprocessing, os, signal, socket, subprocess, tempfile, threading
		def square(x): return x * x
		async def main():
		    p = await asyncio.create_subprocess_exec("echo", "aio", stdout=-1)
		    print((await p.communicate())[0].decode().strip())
		    await asyncio.gather(*[asyncio.sleep(0.001) for _ in range(100)])
		if __name__ == "__main__":
		    print(subprocess.check_output(["echo", "sub"]).decode().strip())
		    ts = [threading.Thread(target=os.getppid) for _ in range(50)]
		    [t.start() for t in ts]; [t.join() for t in ts]
		    with tempfile.TemporaryFile() as f:
		        f.truncate(8192); m = mmap.mmap(f.fileno(), 8192); m[:3] = b"abc"; m.flush()
		        f.seek(0); print(f.read(3).decode())
		    s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname())
		    a, _ = s.accept(); c.sendall(b"tcp"); print(a.recv(3).decode())
		    asyncio.run(main())
		    with multiprocessing.get_context("fork").Pool(3) as pool: print(sum(pool.map(square, range(100))))
		    with multiprocessing.get_context("spawn").Pool(2) as pool: print(sum(pool.map(square, range(10))))
		    pid = os.fork()
		    if pid == 0: os._exit(7)
		    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		    print(os.spawnlp(os.P_WAIT, "true", "true"), ctypes.CDLL(None).getppid() == os.getppid())
	SCRIPT
	run checked python3 script.py
	assert_success
	assert_output "$(printf '%s\n' sub abc tcp aio 328350 285 7 '0 True')"
}

@test "node: timers, files, workers, children, http" {
	need node
	cat >script.js <<-'SCRIPT'
		const { Worker, isMainThread, parentPort } = require("worker_threads");
		if (!isMainThread) parentPort.postMessage("worker");
		else (async () => {
		  console.log((await require("util").promisify(require("child_process").exec)("echo child")).stdout.trim());
		  await require("fs/promises").writeFile("node.txt", "text");
		  console.log(require("fs").readFileSync("node.txt", "utf8"));
		  console.log(await new Promise(r => new Worker(__filename).on("message", r)));
		  const server = require("http").createServer((q, s) => s.end("http")).listen(0, "127.0.0.1", async () => {
		    console.log(await (await fetch("http://127.0.0.1:" + server.address().port)).text());
		    server.close(); server.closeAllConnections();
		  });
		})();
	SCRIPT
	run checked node script.js
	assert_success
	assert_output "$(printf '%s\n' child text worker http)"
}

@test "sqlite3: a database in WAL mode, with two writers" {
	need sqlite3
	run checked sqlite3 db 'pragma journal_mode=wal; create table t(a); pragma busy_timeout=20000;'
	assert_success
	for i in 1 2; do
		checked sqlite3 -cmd '.timeout 20000' db "with recursive n(i) as (select 1 union all select
			i+1 from n where i<2000) insert into t select i from n;" &
	done
	wait
	run checked sqlite3 db 'select count(*) from t; pragma integrity_check;'
	assert_success
	assert_output "$(printf '4000\nok')"
}

@test "tar, find, sort, cp, gzip: a tree there and back" {
	mkdir tree
	for i in {1..100}; do
		mkdir -p "tree/$((i % 7))"
		seq "$i" >"tree/$((i % 7))/$i"
	done
	ln -s 1 tree/link
	run checked bash -c 'tar czf tree.tgz tree && mkdir back && tar xzf tree.tgz -C back &&
		cp -a tree copy && diff -r tree back/tree && diff -r tree copy &&
		find tree -type f -newer /etc/hostname | sort -R | xargs -P3 -n9 cat | sort -n |
		sort -u --parallel=2 -S 1M | wc -l && rm -r copy'
	assert_success
	assert_output 100
}

@test "curl and a python http.server" {
	need curl python3
	seq 100000 >file
	cat >serve.py <<-'SCRIPT'
		import http.server, sys
		s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
		print(s.server_port, file=open("port.new", "w"), flush=True)
		import os; os.rename("port.new", "port"); s.serve_forever()
	SCRIPT
	checked python3 serve.py 2>/dev/null 3>&- &
	local server=$!
	until [ -s port ]; do
		kill -0 "$server"
		sleep 0.05
	done
	run checked curl -s --parallel -o a -o b "http://localhost:$(<port)/file" \
		"http://127.0.0.1:$(<port)/file"
	kill "$server"
	wait "$server" || true
	assert_success
	cmp file a
	cmp file b
}
