#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Real programs under the checker: no system call of theirs misses the shim.

setup() {
	load setup.bash
	new_image
	REPORT=$BATS_TEST_TMPDIR/report
	export RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT=$REPORT
}

# script: standard input is a script; bash runs it in /mnt, with a network
script() {
	cat >"$BATS_TEST_TMPDIR/script"
	# shellcheck disable=SC2016 # the inner shell expands it
	run timeout -k 2 100 "$RUMP_COMMAND" run -n none -s all:nolocal -m "$IMG:/mnt" -- \
		bash -eu -c 'cd /mnt; . "$0"' "$BATS_TEST_TMPDIR/script" </dev/null
	assert_success
}

# Of all processes, nothing escaped, nothing failed.
assert_nothing_escaped() {
	run grep -E 'escape: |not rewritten|escaped=[^0]|failed=[^0]' "$REPORT"
	assert_output ""
	run grep -cE ' exit host=[0-9]+ rump=[1-9]' "$REPORT"
	assert [ "$output" -ge "$1" ]
	assert_image_clean "$IMG"
}

@test "nothing escapes: coreutils, find, xargs, tar, gzip, sed, grep, diff, sort, dd, rsync, busybox" {
	need rsync busybox
	script <<-'END'
		cp -a /usr/include/linux/can .; ls -l can; find can -type f | xargs sha256sum >sums
		tar cf t.tar can; gzip t.tar; mkdir o; tar xzf t.tar.gz -C o; diff -r can o/can
		sed -i s/x/y/ can/bcm.h; grep -r can can | sort -o sorted; rsync -a can/ can2/
		dd if=/dev/zero of=d bs=4k count=10 oflag=direct status=none; df .; du -s .
		busybox wc -l sums; mv d e; ln e f; chmod 600 f; touch g; rm -r o
	END
	assert_nothing_escaped 25
}

@test "nothing escapes: git, gcc, make, sqlite3, vim" {
	need git gcc make sqlite3 vim
	script <<-'END'
		export HOME=/mnt
		git config --global user.email a@b; git config --global user.name n
		git init -q r; (cd r; echo a >a; git add .; git commit -qm a; git gc -q); git clone -q r c; git -C c fsck
		printf 'int main(void) { return 0; }\n' >x.c; make -s x; ./x
		sqlite3 db 'pragma journal_mode=wal; create table t(a); insert into t values(1)'
		vim -u NONE -es -c 'normal ihello' -c 'wq! v'; cat v
	END
	assert_nothing_escaped 15
}

@test "nothing escapes: python with threads and children, perl, node, curl" {
	need python3 perl node curl
	script <<-'END'
		/usr/bin/python3 -m http.server 8000 >log 2>&1 & server=$!
		until curl -s -o index http://127.0.0.1:8000/; do sleep 0.1; done
		kill $server
		/usr/bin/python3 -c 'import json, mmap, subprocess, threading, multiprocessing
		t = threading.Thread(target=lambda: open("t", "w").write("x")); t.start(); t.join()
		print(subprocess.check_output(["ls"]), multiprocessing.Pool(2).map(len, ["a", "bc"]))'
		perl -e 'open F, ">p"; print F "x"; close F; print -s "p", `cat p`'
		node -e 'const fs = require("fs"); fs.writeFileSync("n", "1"); fs.promises.readFile("n").then(x => console.log(x.length))'
	END
	assert_nothing_escaped 6
}

@test "nothing escapes: nginx and wrk, haproxy, redis and its benchmark" {
	need nginx wrk haproxy redis-server redis-cli redis-benchmark curl
	script <<-'END'
		cat >nginx <<-X
			worker_processes 2; user root; pid /mnt/pid; error_log /mnt/err;
			events { worker_connections 64; }
			http { access_log /mnt/acc; sendfile on; client_body_temp_path /mnt/a;
			proxy_temp_path /mnt/b; fastcgi_temp_path /mnt/c; uwsgi_temp_path /mnt/d;
			scgi_temp_path /mnt/e;
			server { listen 127.0.0.1:8080; root /mnt; } }
		X
		echo hello >index.html; head -c 1000000 /dev/zero >big
		nginx -c /mnt/nginx
		printf '%s\n' defaults 'mode http' 'timeout connect 5s' 'timeout client 5s' \
			'timeout server 5s' 'listen f' 'bind 127.0.0.1:9000' \
			'server s 127.0.0.1:8080' >haproxy
		/usr/sbin/haproxy -W -D -f haproxy -p hpid
		until curl -sf -o got 127.0.0.1:9000/big; do sleep 0.1; done; cmp got big
		wrk -t2 -c8 -d1 http://127.0.0.1:8080/ >wrk; grep 'Requests/sec: *[1-9]' wrk
		kill "$(head -1 hpid)"; nginx -c /mnt/nginx -s quit
		redis-server --port 7777 --dir /mnt --appendonly yes --daemonize yes \
			--pidfile /mnt/rpid --logfile /mnt/log
		until redis-cli -p 7777 ping; do sleep 0.1; done
		redis-benchmark -p 7777 -q -n 1000 -c 10 -t set,get,lpush >bench
		redis-cli -p 7777 save; redis-cli -p 7777 shutdown
		while [ -e pid ] || [ -e rpid ]; do sleep 0.1; done
	END
	assert_nothing_escaped 8
}

@test "nothing escapes: iperf3, nc, sshd and ssh" {
	need iperf3 nc /usr/sbin/sshd ssh
	mkdir -p /run/sshd
	script <<-'END'
		iperf3 -s -1 -p 5201 --forceflush >server 2>&1 & server=$!
		until grep -q listening server; do sleep 0.1; done
		iperf3 -c 127.0.0.1 -p 5201 -n 4M >client; wait $server
		nc -N -l 127.0.0.1 7000 >got & server=$!
		until nc -N 127.0.0.1 7000 <client 2>/dev/null; do sleep 0.1; done
		wait $server; cmp got client
		mkdir -m 700 ssh
		ssh-keygen -q -t ed25519 -N '' -f ssh/host; ssh-keygen -q -t ed25519 -N '' -f ssh/id
		printf '%s\n' 'Port 2222' 'ListenAddress 127.0.0.1' 'HostKey /mnt/ssh/host' \
			'AuthorizedKeysFile /mnt/ssh/id.pub' 'PidFile /mnt/ssh/pid' 'UsePAM no' \
			'StrictModes no' 'PermitRootLogin yes' >ssh/conf
		/usr/sbin/sshd -f /mnt/ssh/conf -E /mnt/ssh/log
		until [ -s ssh/pid ]; do sleep 0.1; done
		ssh -F /dev/null -i ssh/id -p 2222 -o StrictHostKeyChecking=no -o BatchMode=yes \
			-o UserKnownHostsFile=/mnt/ssh/known 127.0.0.1 'cat >/mnt/piped' <client
		cmp piped client; kill "$(cat ssh/pid)"
	END
	assert_nothing_escaped 12
}

@test "nothing escapes: tail -f, tee, stat, perl -i, chown, cut, head, split" {
	need perl
	script <<-'END'
		seq 1000 >f; stat f . >s; stat -f f; perl -pi -e 's/^1$/one/' f; head -1 f
		echo more | tee -a f t >u; chown 1:1 t; cut -c1 f | uniq -c >c
		split -l 100 f part.; cat part.* | cmp - f
		tail -n 1 -f f >tailed & tail=$!
		until grep -q more tailed; do sleep 0.1; done
		echo last >>f
		until grep -q last tailed; do sleep 0.1; done
		kill $tail; wait $tail || [ $? = 143 ]
	END
	assert_nothing_escaped 15
}

@test "nothing escapes: PostgreSQL and pgbench" {
	need setpriv
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	[ -x "$bin/initdb" ] || skip "PostgreSQL is not installed"
	image ext4 400M -b 4096 -E root_owner=65534:65534
	: >"$REPORT"
	chown 65534:65534 "$IMG" "$REPORT" "$BATS_TEST_TMPDIR"
	chmod a+rx "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		export PGHOST=/mnt PGDATABASE=b
		initdb -D data -A trust >init
		pg_ctl -D data -w -t 30 -l log start >start \
			-o '-c unix_socket_directories=/mnt -c listen_addresses=127.0.0.1'
		createdb b; pgbench -i -q 2>fill; pgbench -h 127.0.0.1 -c 4 -j 2 -T 1 >tcp 2>&1
		pg_ctl -D data -w -m fast stop >stop
	END
	# It refuses to be root.
	# shellcheck disable=SC2016 # the inner shell expands it
	run timeout -k 2 100 setpriv --reuid=65534 --regid=65534 --clear-groups \
		env RUMP_MEMLIMIT=1g USER=nobody PATH="$bin:$PATH" "$RUMP_COMMAND" run -n none \
		-s all:nolocal -m "$IMG:/mnt" -- \
		bash -eu -c 'cd /mnt; . "$0"' "$BATS_TEST_TMPDIR/script" </dev/null
	assert_success
	assert_nothing_escaped 20
}
