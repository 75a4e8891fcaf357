#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Editors, databases, languages, git, shells, busybox on an image; each in one process.

setup() {
	load setup.bash
	new_image
}

teardown() {
	assert_image_clean
}

@test "vim writes a file, with backup and swap file" {
	inside cp "$TREE/openat2.h" /mnt/f
	run inside vim -u NONE -es -c 'set backup swapfile directory=/mnt backupdir=/mnt' \
		-c '%s/RESOLVE_/SOLVE_/g' -c 'w' -c 'w /mnt/g' -c 'q' /mnt/f
	assert_success
	sed s/RESOLVE_/SOLVE_/g "$TREE/openat2.h" >"$HERE/wanted"
	run inside cmp /mnt/f "$HERE/wanted"
	assert_success
	run inside cmp /mnt/g "$HERE/wanted"
	assert_success
	run inside cmp /mnt/f~ "$TREE/openat2.h"
	assert_success
	run inside ls -A /mnt
	assert_output "$(printf 'f\nf~\ng\nlost+found')"
}

@test "sqlite3 with a rollback journal and with a write-ahead log" {
	for mode in delete truncate persist wal; do
		run inside sqlite3 "/mnt/$mode.db" "pragma journal_mode=$mode; create table t(a integer primary key, b text);
			with recursive n(i) as (select 1 union all select i+1 from n where i<5000) insert into t select i, hex(randomblob(50)) from n;
			begin; delete from t where a % 2; rollback; begin; update t set b='x' where a>4000; commit;
			create index i on t(b); vacuum; pragma integrity_check; select count(*), sum(b='x') from t;"
		assert_success
		assert_output "$(printf '%s\nok\n5000|1000' "$mode")"
		run inside sqlite3 "/mnt/$mode.db" 'pragma integrity_check; select max(a) from t'
		assert_output "$(printf 'ok\n5000')"
	done
}

@test "sqlite3 maps the database" {
	run inside sqlite3 /mnt/db 'pragma mmap_size=67108864; create table t(a);
		with recursive n(i) as (select 1 union all select i+1 from n where i<20000) insert into t select hex(randomblob(100)) from n;
		delete from t where rowid%3=0; select count(*), length(group_concat(a)) from t; pragma integrity_check;'
	assert_success
	assert_output "$(printf '67108864\n13334|2680133\nok')"
}

@test "python3: os, shutil, mmap, tempfile, zipfile, pathlib" {
	cat >"$HERE/program.py" <<-'END'
		import mmap, os, pathlib, shutil, sys, tempfile, zipfile
		top = sys.argv[1]
		os.chdir(top)
		os.makedirs("py/a/b")
		open("py/f", "w").write("x" * 100000)
		shutil.copy2("py/f", "py/g")
		shutil.copytree("py", "py2")
		shutil.move("py2", "py3")
		shutil.make_archive(top + "/z", "zip", top + "/py3")
		with open("py/f", "r+b") as f:
		    m = mmap.mmap(f.fileno(), 0)
		    m[0:5] = b"hello"
		    m.flush()
		    print(os.pread(f.fileno(), 7, 0), m.find(b"lox"))
		    os.pwrite(f.fileno(), b"J", 0)
		    print(m[0:5], os.getcwd() == top)
		    m.close()
		print([(r, sorted(d), sorted(f)) for r, d, f in os.walk("py3")])
		with tempfile.NamedTemporaryFile(dir=top) as t:
		    t.write(b"x")
		    print(os.path.dirname(t.name) == top, os.path.exists(t.name))
		with tempfile.TemporaryFile(dir=top) as t:
		    print(t.write(b"12345"), os.fstat(t.fileno()).st_nlink)
		shutil.rmtree("py3")
		os.link("py/f", "py/h")
		os.symlink("f", "py/l")
		print(os.stat("py/h").st_nlink, os.readlink("py/l"), os.path.realpath("py/l") == top + "/py/f")
		with open("py/new", "wb") as out, open("/etc/passwd", "rb") as source:
		    print(os.sendfile(out.fileno(), source.fileno(), 0, 100))
		print([p.name for p in sorted(pathlib.Path("py").iterdir())], zipfile.ZipFile("z.zip").testzip())
		os.setxattr("py/f", "user.a", b"v")
		print(os.listxattr("py/f"), os.getxattr("py/l", "user.a"))
		shutil.copy("/etc/passwd", "py/pw")
		shutil.copyfile("py/pw", sys.argv[2])
		print(os.statvfs(".").f_namemax, os.access("py/pw", os.W_OK), [e.name for e in os.scandir("py/a")])
		d = os.open("py", os.O_RDONLY)
		print(os.stat("f", dir_fd=d).st_size, sorted(os.listdir(d)))
		os.replace("h", "i", src_dir_fd=d, dst_dir_fd=d)
		os.utime("py/i", ns=(10, 20))
		print(os.stat("py/i").st_mtime_ns)
		for e in "py/none", "py/f/x", "py":
		    try:
		        open(e)
		    except OSError as error:
		        print(type(error).__name__)
	END
	run python3 "$HERE/program.py" "$HERE" "$HERE/passwd"
	assert_success
	local expected=$output
	rm -rf "$HERE/py" "$HERE/passwd"
	run inside python3 "$HERE/program.py" /mnt "$HERE/passwd"
	assert_output "$expected"
	cmp /etc/passwd "$HERE/passwd"
}

@test "python3: programs and modules that are in the image" {
	mkdir "$HERE/package"
	echo 'def f(): return __file__' >"$HERE/package/__init__.py"
	echo 'import package, sys; print(package.f(), sys.path[0])' >"$HERE/main.py"
	inside cp -r "$HERE/package" "$HERE/main.py" /mnt/
	PYTHONDONTWRITEBYTECODE='' run inside python3 /mnt/main.py
	assert_output "/mnt/package/__init__.py /mnt"
	run inside ls /mnt/package/__pycache__
	assert_output --regexp '^__init__.cpython-[0-9]+.pyc$'
}

@test "perl: in-place edit, File::Copy, File::Find, locks" {
	cat >"$HERE/program.pl" <<-'END'
		use strict; use warnings; use Cwd; use Fcntl ":flock"; use File::Copy; use File::Find; use File::Temp "tempfile";
		chdir $ARGV[0] or die; shift;
		open my $f, ">", "one" or die; print $f "l$_\n" for 1 .. 5; close $f;
		copy("one", "two") or die; move("two", "three") or die;
		{ local @ARGV = ("three"); local $^I = ".bak"; while (<>) { s/l/L/; print } }
		open $f, "+<", "three" or die; print scalar(<$f>); flock($f, LOCK_EX) or die; seek $f, 0, 2; print $f "end\n"; close $f;
		mkdir "d"; mkdir "d/e"; my @found; find(sub { push @found, $_ }, "d"); print "@found\n";
		print -s "three", " ", -d "d" ? "d" : "-", " ", -M "three" < 1, "\n";
		opendir my $d, "."; print join(" ", sort grep !/^\.|lost/, readdir $d), "\n";
		truncate("one", 3); print -s "one", "\n"; my ($t, $name) = tempfile(DIR => "."); print -e $name ? "temp\n" : "none\n"; unlink $name;
		print join(" ", sort glob("t*")), "\n"; rmdir "d/e"; rmdir "d"; print -e "d" ? "there" : "gone", "\n"; print unlink(glob("*.bak")), "\n";
	END
	mkdir "$HERE/p"
	run perl "$HERE/program.pl" "$HERE/p"
	assert_success
	local expected=$output
	run inside perl "$HERE/program.pl" /mnt
	assert_output "$expected"
}

@test "git init, add, commit, log, status, diff, grep, checkout, merge" {
	export GIT_CONFIG_GLOBAL=$HERE/gitconfig GIT_CONFIG_NOSYSTEM=1
	printf '[user]\nname=A\nemail=a@b\n[gc]\nauto=0\n[maintenance]\nauto=false\n[init]\ndefaultBranch=main\n' \
		>"$GIT_CONFIG_GLOBAL"
	git() { inside git -C /mnt/repo "$@"; }
	inside cp -r "$TREE" /mnt/repo
	run inside git init -q /mnt/repo
	assert_success
	run git add .
	assert_success
	run git commit -q -m one
	assert_success
	run git status --short
	assert_success
	assert_output ""
	run git log --format=%s
	assert_output one
	run inside sed -i s/RESOLVE/SOLVE/ /mnt/repo/openat2.h
	run git diff --stat
	assert_line --partial 'openat2.h | '
	run git checkout -q -b side
	assert_success
	run git commit -q -a -m two
	assert_success
	run git checkout -q main
	assert_success
	run inside cmp /mnt/repo/openat2.h "$TREE/openat2.h"
	assert_success
	run git merge -q side
	assert_success
	run git grep -c SOLVE_ -- openat2.h
	assert_output --regexp '^openat2.h:[0-9]+$'
	run git rev-list --count --objects HEAD
	assert_success
	run git pack-objects -q --all /mnt/pack </dev/null
	assert_success
	run git index-pack "/mnt/pack-$output.pack"
	assert_success
	run git ls-files
	assert_equal "$(wc -l <<<"$output")" "$(find "$TREE" -type f | wc -l)"
}

@test "bash: redirections, descriptors, globs, cd and pwd" {
	cat >"$HERE/script" <<-'END'
		cd "$1"; pwd
		echo hi >f; read -r a <f; echo "$a"
		exec 5<>f; echo more >&5; exec 5>&-; echo "$(<f)"
		exec 7>g 8<f; echo 7 >&7; read -r b <&8; echo "$b"; exec 9>&7 7>&-; echo 9 >&9; exec 8<&- 9>&-
		while read -r line; do echo "line $line"; done <g
		{ echo x; echo y; } >>g; mapfile -t x <g; echo ${#x[@]} "${x[3]}"
		read -r c <<<string; echo "$c"; while read -r l; do echo "$l"; done <<E
		here $c
		E
		echo * ./g*; [ -e f ] && [ ! -e none ] && [ f -ot none ]; echo $?
		exec 3>&1 >out; echo in file; exec >&3 3>&-; echo "$(<out)"
		set -C; echo again >f; set +C; echo again >|f; echo "$(<f)"
		cd .. ; cd -; echo >"name with space"; for f in n*; do echo "$f"; done; shopt -s nullglob dotglob; echo no*hing; echo *o*
		echo "$PWD" >/dev/stdout; exec 255>n255; echo 255 >&255; exec 255>&-; echo "$(<n255)"; : >n255; [ -s n255 ]; echo $?
		source ./src 2>/dev/null; echo 'echo sourced $PWD' >src; source ./src; test f -ef "$PWD/f"; echo $?
	END
	mkdir "$HERE/b"
	run bash "$HERE/script" "$HERE/b"
	local expected=${output//$HERE\/b//mnt/b}
	image_dir=/mnt/b
	inside mkdir "$image_dir"
	run inside bash "$HERE/script" "$image_dir"
	assert_output "$expected"
}

@test "bash: a script in the image" {
	# shellcheck disable=SC2016
	printf 'echo "$0 $1"; cd "${0%%/*}" && pwd\n' >"$HERE/s"
	inside cp "$HERE/s" /mnt/s
	run inside bash /mnt/s argument
	assert_output "$(printf '/mnt/s argument\n/mnt')"
}

@test "busybox applets" {
	need busybox
	cp -r "$TREE/netfilter" "$HERE/nf"
	same busybox cp -r "$TREE/netfilter" @/copy
	same busybox find @/copy -name 'nf_log*'
	same busybox sed -i s/NF/XX/ @/copy/nf_log.h
	same busybox md5sum @/copy/nf_log.h
	same busybox tar cf @/t.tar -C @ copy
	same busybox tar tf @/t.tar copy/nf_log.h
	same busybox mv @/copy/nf_log.h @/moved
	same busybox ls -l @/moved
	same busybox touch -d '2001-02-03 04:05:06' @/moved
	same busybox stat -c '%n %s %Y' @/moved
	same busybox ln -s moved @/link
	same busybox cat @/link
	same busybox dd if=@/moved of=@/dd bs=100 count=3
	same busybox cmp @/dd @/moved
	same busybox rm -r @/copy @/moved
	# shellcheck disable=SC2016
	same busybox sh -c 'cd @; pwd; echo a >b; read x <b; echo $x; exec 5<>b; echo c >&5; echo *b; cd ..; cd @; pwd'
}
