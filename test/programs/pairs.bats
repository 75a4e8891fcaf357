#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Programs that are two or more: copiers with a process at each end, clients and servers over the rump
# kernel's loopback.

setup() {
	load setup.bash
	new_image
}

teardown() {
	assert_image_clean "$IMG"
}

# script: standard input is a script; bash runs it in /mnt, with a network
script() {
	cat >"$BATS_TEST_TMPDIR/script"
	# shellcheck disable=SC2016 # the inner shell expands it
	run timeout -k 2 100 "$RUMP_COMMAND" run -n none -s all:nolocal -m "$IMG:/mnt" -- \
		bash -eu -c 'cd /mnt; . "$0"' "$BATS_TEST_TMPDIR/script" </dev/null
	assert_success
}

@test "rsync -a: from the host, inside the image, --delete, --checksum, and back" {
	need rsync
	mkdir "$HERE/from"
	cp -a "$TREE"/[a-f]* "$HERE/from"
	ln -s absent "$HERE/from/dangling"
	ln "$HERE/from/audit.h" "$HERE/from/hard"
	mkfifo "$HERE/from/fifo"
	touch -d 2001-02-03T04:05:06 "$HERE/from/audit.h"
	script <<-END
		rsync -aHAX "$HERE/from/" one/
		rsync -aHAXin "$HERE/from/" one/
		rsync -a one/ two/
		rm -r two/[b-c]*; touch two/more; echo x >>two/audit.h
		rsync -ai --delete --checksum one/ two/ | grep -E 'deleting|audit.h'
		rsync -aH two/ "$HERE/to/"
		stat -c '%h %Y' one/audit.h
	END
	assert_output "$(printf '%s\n' '*deleting   more' '>fcst...... audit.h' '2 981173106')"
	diff -r --no-dereference "$HERE/from" "$HERE/to" -x fifo
}

@test "rsync to a daemon, by TCP" {
	need rsync
	cp -a "$TREE/netfilter" "$HERE/from"
	script <<-END
		printf 'use chroot = no\nuid = 0\ngid = 0\n[m]\npath = /mnt/store\nread only = no\n' >conf
		mkdir store
		rsync --daemon --no-detach --config=conf --port=8730 & server=\$!
		until rsync rsync://127.0.0.1:8730/ >list 2>/dev/null; do sleep 0.1; done
		cat list
		rsync -a "$HERE/from/" rsync://127.0.0.1:8730/m/
		rsync -a rsync://127.0.0.1:8730/m/ back/
		kill \$server
		diff -r back "$HERE/from" && echo same
	END
	assert_output --regexp $'^m[ \t]+\nsame$'
}

@test "git: clone, gc, fsck, rebase, stash, worktree, bundle" {
	need git
	script <<-'END'
		export HOME=/mnt GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=2001-02-03T04:05:06Z GIT_COMMITTER_DATE=2001-02-03T04:05:06Z
		git config --global user.email a@b; git config --global user.name n
		git config --global init.defaultBranch main; git config --global advice.detachedHead false
		git init -q r; cd r
		cp -r /usr/include/linux/n* .; git add .; git commit -qm one
		git checkout -qb side; echo side >s; git add s; git commit -qm side
		git checkout -q main; echo main >m; git add m; git commit -qm main
		git rebase -q main side; git log --format=%s side
		echo changed >>m; git stash -q; git stash pop -q; git diff --stat | cat
		git checkout -qf main; git worktree add -q ../w side; cat ../w/s
		cd ..; git clone -q r c; cd c; git gc -q --prune=now; git fsck 2>&1
		git bundle create -q ../b --all; cd ..; git clone -q b d -b main; diff -r -x .git c d
	END
	assert_output "$(printf '%s\n' side main one ' m | 1 +' ' 1 file changed, 1 insertion(+)' side)"
}

@test "iperf3 to itself: TCP both ways, several streams, UDP" {
	need iperf3
	script <<-'END'
		try() {
			iperf3 -s -1 -p 5201 --forceflush >server 2>&1 & local server=$!
			until grep -q listening server; do sleep 0.05; done
			iperf3 -c 127.0.0.1 -p 5201 -J "$@" >"$1"
			wait $server
			python3 -c 'import json, sys; e = json.load(open(sys.argv[1]))["end"]
		print(sys.argv[1], (e.get("sum_received") or e["sum"])["bytes"] > 1000000 or e)' "./$1"
		}
		try -n8M; try -R -n 8M; try -P4 -n 8M; try -u -b 20M -n 2M # which nobody loses
	END
	assert_output "$(printf '%s True\n' ./-n8M ./-R ./-P4 ./-u)"
}

@test "curl and wget from python3 -m http.server, in parallel" {
	need curl wget
	head -c 3000000 /dev/urandom >"$HERE/big"
	script <<-END
		mkdir web; cp "$HERE/big" web/; cp -r $TREE/can web/
		python3 -m http.server -d web 8000 >log 2>&1 & server=\$!
		until curl -s -o index http://127.0.0.1:8000/; do sleep 0.1; done
		grep -c big index
		curl -s --parallel --parallel-immediate 2>/dev/null -o a -o b -o c \
			http://127.0.0.1:8000/{big,big,big}
		cmp a web/big; cmp b web/big; cmp c web/big
		curl -s http://127.0.0.1:8000/can/bcm.h | cmp - web/can/bcm.h
		curl -s -o /dev/null -w '%{http_code}\n' http://localhost:8000/none
		wget -q -O d http://127.0.0.1:8000/big &
		wget -q -O e http://localhost:8000/big; wait \$!
		cmp d web/big; cmp e web/big
		wget -q -r -np -nH -P mirror http://127.0.0.1:8000/can/
		diff -r -x index.html web/can mirror/can && echo mirrored
		kill \$server
	END
	assert_output "$(printf '%s\n' 1 404 mirrored)"
}

@test "nc: a file over TCP, IPv6 and a unix socket of the image" {
	need nc
	head -c 3000000 /dev/urandom >"$HERE/sent"
	script <<-END
		move() {
			nc -N -l "\$@" >got & local server=\$!
			until nc -N "\$@" <"$HERE/sent" 2>/dev/null; do sleep 0.05; done
			wait \$server
			cmp got "$HERE/sent" && echo moved
		}
		move 127.0.0.1 7000
		move ::1 7000
		move -U /mnt/socket
	END
	assert_output "$(printf '%s\n' moved moved moved)"
}

@test "node: an http server and clients in two processes, files of the image" {
	need node curl
	script <<-'END'
		cat >server.js <<-'JS'
			const http = require("http"), fs = require("fs");
			http.createServer((q, r) => {
				if (q.method == "PUT") q.pipe(fs.createWriteStream("/mnt" + q.url)).on("finish", () => r.end("stored\n"));
				else fs.createReadStream("/mnt" + q.url).on("error", () => { r.statusCode = 404; r.end("none\n"); }).pipe(r);
			}).listen(8080, "127.0.0.1", () => fs.writeFileSync("/mnt/ready", ""));
		JS
		node server.js & server=$!
		until [ -e ready ]; do sleep 0.05; done
		head -c 1000000 /dev/urandom >sent
		curl -s -T sent http://127.0.0.1:8080/stored
		curl -s http://127.0.0.1:8080/stored | cmp - sent
		curl -s http://127.0.0.1:8080/nothing
		kill $server
	END
	assert_output "$(printf 'stored\nnone')"
}

@test "bash one-liners: tail -f, process substitution, coprocess, exec 5<>, here-documents, /dev/tcp" {
	script <<-'END'
		for i in 1 2 3; do echo $i; done >f; timeout 5 tail -n+2 -f --pid=$$ f 2>/dev/null | { read -r a; read -r b; echo "$a$b"; echo 4 >>f; read -r c; echo "$c"; } ; :
		diff <(sort -r f) <(tac f) && echo same
		coproc tr a-z A-Z; echo lower >&"${COPROC[1]}"; exec {COPROC[1]}>&-; cat <&"${COPROC[0]}"
		exec 5<>f; read -r a <&5; echo "$a"; echo X >&5; exec 5>&-; cat f | tr '\n' ' '; echo
		cat <<<"$(cat <<-'E' | tee >(wc -c >count)
			here
		E
		)"; until [ -s count ]; do sleep 0.01; done; cat count
		mkdir -p d/{a,b}; touch d/{a,b}/{1,2}; shopt -s globstar; echo d/**/2; cd d/a; echo "$PWD" *; cd -
		nc -l -p 7777 127.0.0.1 >/dev/null 2>&1 & { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 7000)); open("/mnt/up", "w"); c = s.accept()[0]; c.sendall(c.recv(9)[::-1])' & }
		until [ -e /mnt/up ]; do sleep 0.05; done
		exec 6<>/dev/tcp/127.0.0.1/7000; printf abc >&6; cat <&6; echo; kill %% 2>/dev/null || :; kill %1 2>/dev/null || :
	END
	assert_output "$(printf '%s\n' 23 4 same LOWER 1 '1 X 3 4 ' here 5 'd/a/2 d/b/2' '/mnt/d/a 1 2' /mnt cba)"
}
