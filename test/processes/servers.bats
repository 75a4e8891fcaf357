#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Servers with workers, in one kernel with their clients: their files are in the image, their sockets
# are the rump kernel's.

setup() {
	load setup.bash
}

teardown() {
	end_clean
}

MORE=() # options of "rump run"

# serve: standard input is a script; run it by bash in /mnt with the rump kernel's network
serve() {
	cat >"$HERE/script"
	# shellcheck disable=SC2016 # the inner shell expands it
	(cd / && timeout -k 2 "$SECONDS_AT_MOST" "${AS[@]}" "$RUMP_COMMAND" run -n none -s all:nolocal -m "$IMG:/mnt" \
		"${MORE[@]}" -- \
		bash -c 'cd /mnt && . "$0"
			until_said() { local i; for ((i = 0; i < 600; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done; }
			. "$1"' /dev/null "$HERE/script" </dev/null)
}

@test "redis: unix and TCP clients, a background save and a rewrite of its log, and what it reads again" {
	need redis-server redis-cli redis-benchmark
	new_image
	run serve <<-'END'
		start() {
			redis-server --port 7777 --bind 127.0.0.1 --unixsocket /mnt/rs --dir /mnt --appendonly yes \
				--daemonize yes --pidfile /mnt/pid --logfile /mnt/log
			until_said redis-cli -s /mnt/rs ping
		}
		idle() { redis-cli -p 7777 info persistence | grep -q "$1_in_progress:0"; }
		# It waits for the save, if that is not done yet.
		rewritten() {
			idle aof_rewrite && [ "$(redis-cli -p 7777 info persistence |
				grep -c -e aof_rewrite_scheduled:0 -e 'aof_rewrites:[1-9]')" = 2 ]
		}
		start
		redis-benchmark -p 7777 -q -n 2000 -c 20 -r 100000 -t set,incr >bench
		redis-benchmark -s /mnt/rs -q -n 2000 -c 20 -P 8 -t lpush >>bench
		redis-cli -p 7777 bgsave
		redis-cli -p 7777 bgrewriteaof >answer
		until_said idle rdb_bgsave
		redis-cli -s /mnt/rs incr counter
		until_said rewritten
		redis-cli -p 7777 info persistence | tr -d '\r' | grep -E 'last_bg.*status'
		before=$(redis-cli -p 7777 dbsize)
		redis-cli -p 7777 shutdown
		until_said test ! -e pid
		start
		[ "$before" -gt 1000 ] && [ "$(redis-cli -p 7777 dbsize)" = "$before" ] && echo same
		redis-cli -p 7777 shutdown
		redis-check-rdb dump.rdb | grep -o 'RDB looks OK'
		redis-check-aof appendonlydir/*.manifest | tail -1
	END
	assert_success
	assert_output "$(printf '%s\n' 'Background saving started' 1 rdb_last_bgsave_status:ok \
		aof_last_bgrewrite_status:ok same 'RDB looks OK' 'All AOF files and manifest are valid')"
}

@test "nginx: a master and four workers, wrk, reload, a killed worker, quit" {
	need nginx wrk curl
	new_image
	run serve <<-'END'
		mkdir www
		head -c 300000 /dev/urandom >www/big
		echo hello >www/index.html
		cat >conf <<-X
			worker_processes 4; user root; pid /mnt/pid; error_log /mnt/err;
			events { worker_connections 256; }
			http { access_log /mnt/acc; client_body_temp_path /mnt/a; proxy_temp_path /mnt/b;
			fastcgi_temp_path /mnt/c; uwsgi_temp_path /mnt/d; scgi_temp_path /mnt/e; sendfile on;
			server { listen 127.0.0.1:8080; root /mnt/www; } }
		X
		nginx -c /mnt/conf
		curl -s 127.0.0.1:8080/big | cmp - www/big && echo same
		wrk -t2 -c16 -d1 http://127.0.0.1:8080/ >w1
		grep -q 'Requests/sec: *[1-9]' w1 && ! grep Non-2xx w1 && echo fast
		master=$(cat pid)
		old=$(pgrep -P "$master" | sort)
		wrk -t2 -c16 -d1 http://127.0.0.1:8080/ >w2 &
		kill -HUP "$master"
		wait $!
		! grep Non-2xx w2 && echo reloaded
		none_old() { ! pgrep -P "$master" | grep -qxF "$old"; }
		until_said none_old
		pgrep -P "$master" | wc -l
		before=$(pgrep -P "$master" | sort)
		victim=$(head -1 <<<"$before")
		kill -KILL "$victim"
		all() { [ "$(pgrep -P "$master" | grep -cvx "$victim")" = 4 ]; }
		until_said all
		pgrep -P "$master" | sort | comm -12 - <(echo "$before") | wc -l
		curl -s 127.0.0.1:8080/
		kill -QUIT "$master"
		until_said test ! -e pid
		curl -s 127.0.0.1:8080/ || echo refused
		[ "$(wc -l <acc)" -gt 100 ] && echo logged
	END
	assert_success
	assert_output "$(printf '%s\n' same fast reloaded 4 3 hello refused logged)"
}

@test "PostgreSQL: initdb, pgbench by unix socket and by TCP, a killed backend, shutdown" {
	need setpriv
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	[ -x "$bin/initdb" ] || skip "PostgreSQL is not installed"
	new_image 400M -E root_owner=65534:65534
	chown 65534:65534 "$IMG" "$HERE"
	chmod a+rx "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	# It refuses to be root.
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups env RUMP_MEMLIMIT=1g USER=nobody PATH="$bin:$PATH"
		HERE="$HERE")
	MORE=(-m proc:/rproc:type=proc)
	# What the host has of the server's sockets, while it runs
	{
		wait_for test -e "$HERE/up"
		find /mnt -name '.s.PGSQL*' >"$HERE/host"
		grep -F /mnt/.s.PGSQL /proc/net/unix >>"$HERE/host" || echo none >>"$HERE/host"
		touch "$HERE/looked"
	} 3>&- &
	run serve <<-'END'
		export PGHOST=/mnt PGDATABASE=b
		initdb -D data -A trust >init && echo made
		pg_ctl -D data -w -t 30 -l log -o '-c unix_socket_directories=/mnt -c listen_addresses=127.0.0.1' start >start && echo started
		grep -o '/mnt/[.]s[.]PGSQL[.]5432$' /rproc/net/unix
		touch "$HERE/up"
		until_said test -e "$HERE/looked"
		createdb b
		pgbench -i -q 2>fill && echo filled
		pgbench -c 4 -j 2 -T 2 >unix 2>&1 && grep 'failed transactions' unix
		pgbench -h 127.0.0.1 -c 4 -j 2 -T 2 >tcp 2>&1 && grep 'failed transactions' tcp
		psql -Atc 'select (select sum(abalance) from pgbench_accounts) = (select sum(tbalance) from pgbench_tellers)'
		# The others are ended by that, and what was committed comes back from the log.
		psql -Atc 'create table t as select generate_series(1, 1000) i'
		kill -KILL "$(psql -Atc 'select pid from pg_stat_activity where backend_type = $$background writer$$')"
		twice() { [ "$(grep -c 'database system is ready to accept' log)" = 2 ]; }
		until_said twice
		psql -Atc 'select count(*) from t'
		grep -o 'database system is ready to accept' log | wc -l
		pg_ctl -D data -w -m fast stop >stop && echo stopped
	END
	assert_success
	assert_output "$(printf '%s\n' made started /mnt/.s.PGSQL.5432 filled 'number of failed transactions: 0 (0.000%)' \
		'number of failed transactions: 0 (0.000%)' t 'SELECT 1000' 1000 2 stopped)"
	assert_equal "$(cat "$HERE/host")" none
}

@test "sshd: a session, its status, a terminal, scp, sftp, a forwarded port" {
	need /usr/sbin/sshd ssh scp sftp
	new_image
	mkdir -p /run/sshd
	run serve <<-'END'
		mkdir -m 700 ssh
		ssh-keygen -q -t ed25519 -N '' -f ssh/host
		ssh-keygen -q -t ed25519 -N '' -f ssh/id
		cat >ssh/conf <<-X
			Port 2222
			ListenAddress 127.0.0.1
			HostKey /mnt/ssh/host
			AuthorizedKeysFile /mnt/ssh/id.pub
			PidFile /mnt/ssh/pid
			UsePAM no
			StrictModes no
			PermitRootLogin yes
			Subsystem sftp /usr/lib/openssh/sftp-server
		X
		cat >ssh/client <<-X
			Host there
			HostName 127.0.0.1
			Port 2222
			StrictHostKeyChecking no
			UserKnownHostsFile /mnt/ssh/known
			IdentityFile /mnt/ssh/id
			BatchMode yes
			LogLevel ERROR
		X
		/usr/sbin/sshd -f /mnt/ssh/conf -E /mnt/ssh/log
		until_said test -s ssh/pid
		ssh -F ssh/client there 'cd /mnt && ls -d ssh; exit 3'
		echo $?
		head -c 1000000 /dev/urandom >big
		ssh -F ssh/client there 'cat >/mnt/piped' <big
		cmp big piped && echo piped
		ssh -F ssh/client -tt there 'tty >/mnt/tty; exit 4'
		echo $?
		grep -c /dev/pts/ tty
		scp -q -F ssh/client big there:/mnt/copied
		cmp big copied && echo copied
		echo 'get /mnt/big /mnt/got' | sftp -F ssh/client -b - there >sftp
		cmp big got && echo got
		ssh -F ssh/client -N -L 127.0.0.1:3333:127.0.0.1:2222 there &
		forwarded() { exec 3<>/dev/tcp/127.0.0.1/3333; }
		until_said eval '(forwarded)'
		forwarded
		head -c 7 <&3
		kill $! "$(cat ssh/pid)"
	END
	assert_success
	assert_output "$(printf '%s\n' ssh 3 piped 4 1 copied got SSH-2.0)"
}

# In mode http it stops at a splice(2) that is refused, on the host as well.
@test "haproxy that is to splice what it forwards does without" {
	need haproxy curl
	new_image
	run serve <<-'END'
		mkdir web
		head -c 5000000 /dev/urandom >web/big
		python3 -m http.server -d web -b 127.0.0.1 9001 >log 2>&1 &
		cat >conf <<-X
			global
			  stats socket /mnt/stats
			defaults
			  timeout connect 5s
			  timeout client 5s
			  timeout server 5s
			  option splice-auto
			  option splice-request
			  option splice-response
			listen t
			  mode tcp
			  bind 127.0.0.1:9000
			  server s 127.0.0.1:9001
		X
		haproxy -D -f conf -p pid 2>err
		until_said curl -sfI 127.0.0.1:9000/big
		curl -s 127.0.0.1:9000/big | cmp - web/big && echo same
		curl -s 127.0.0.1:9000/big | cmp - web/big && echo same
		echo 'show info' | nc -U -N /mnt/stats | grep -c 'PipesFree: [1-9]'
		kill "$(cat pid)" %1
	END
	assert_success
	assert_output "$(printf '%s\n' same same 1)"
}

@test "haproxy before python's http.server; git daemon: clone and push" {
	need haproxy git curl
	new_image
	run serve <<-'END'
		mkdir web
		echo page >web/index.html
		python3 -m http.server -d web -b 127.0.0.1 9001 >log 2>&1 &
		cat >conf <<-X
			global
			  nbthread 2
			  stats socket /mnt/stats
			defaults
			  mode http
			  timeout connect 5s
			  timeout client 5s
			  timeout server 5s
			listen f
			  bind 127.0.0.1:9000
			  server s 127.0.0.1:9001
		X
		haproxy -W -D -f conf -p pid 2>err
		until_said curl -sf 127.0.0.1:9000
		for i in 1 2 3 4 5 6 7 8; do curl -s 127.0.0.1:9000 & done >pages
		wait $(jobs -p | tail -n +2)
		sort pages | uniq -c | tr -s ' '
		kill "$(head -1 pid)" %1

		export HOME=/nonexistent GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
		git init -q r
		cp -r /usr/include/linux/netfilter r
		git -C r add .
		git -C r commit -qm one
		git daemon --export-all --base-path=/mnt --reuseaddr --listen=127.0.0.1 --enable=receive-pack \
			--pid-file=/mnt/git --detach
		until_said git ls-remote git://127.0.0.1/r
		git clone -q git://127.0.0.1/r c
		diff -r r/netfilter c/netfilter && echo cloned
		git -C c checkout -qb new
		git -C c commit -q --allow-empty -m two
		git -C c push -q origin new
		git -C r log --format=%s new
		kill "$(cat git)"
	END
	assert_success
	assert_output "$(printf '%s\n' ' 8 page' cloned two one)"
}
