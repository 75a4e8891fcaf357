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
