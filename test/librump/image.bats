#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The kernel image in the process, and that the kernel is the one that was shipped.

load setup

KERNEL_SRC=${KERNEL_SRC:-/usr/src/linux-source-6.12.tar.xz}

# program NAME [CC-OPTION...]: compile stdin, with librump.
program() {
	PROGRAM=$BATS_TEST_TMPDIR/$1
	gcc -x c -std=gnu11 -O1 -D_GNU_SOURCE -I"$RUMP_TOP/include" -I"$BUILD/include" "${@:2}" - \
		-o "$PROGRAM" -L"$BUILD/lib" -lrump -lrumpuser -Wl,-rpath,"$BUILD/lib" -pthread
}

@test "no generic file of the kernel differs from the archive" {
	local tree names=$BATS_TEST_TMPDIR/names
	tree=$(realpath "$BUILD/linux")
	if [ -d "$KERNEL_SRC" ]; then
		run diff -rq --no-dereference -x .git "$KERNEL_SRC" "$tree"
		assert_equal "$(grep -vE "^Only in $tree(: \.unpacked|: out|/arch: rump)$" <<<"$output")" ''
		return
	fi
	# In whatever directory the tree lies: the archive has one of its own name.
	local top
	top=$(tar -tf "$KERNEL_SRC" 2>/dev/null | head -n 1 | cut -d/ -f1)
	mkdir "$BATS_TEST_TMPDIR/as"
	ln -s "$tree" "$BATS_TEST_TMPDIR/as/$top"
	# Times and owners do not count.
	run tar -C "$BATS_TEST_TMPDIR/as" --diff -f "$KERNEL_SRC"
	grep -E ': (Contents|Size|Symlink|File type|Mode|Cannot|Warning)|^tar:' <<<"$output" |
		grep -vE ": (Mod time|Uid|Gid|Mode) differs?\$|^$top/?: File type differs\$" >"$names.bad" || true
	run cat "$names.bad"
	assert_output ''
	# And nothing was added but the port itself, and what is built, in out.
	run --separate-stderr tar -tf "$KERNEL_SRC"
	assert_success
	sed 's,^[^/]*/,,; s,/$,,; /^$/d' <<<"$output" | sort >"$names"
	assert [ "$(wc -l <"$names")" -gt 50000 ]
	(cd "$tree" && find . -mindepth 1 -path ./out -prune -o -mindepth 1 -print | sed 's,^\./,,' | sort) >"$names.here"
	run comm -13 "$names" "$names.here"
	assert_output "$(printf '.unpacked\narch/rump')"
	assert [ -L "$tree/arch/rump" ]
}

@test "librump exports rump_ names, sigaction, signal and the debugger's two" {
	run bash -c 'nm -D --defined-only "$1" | cut -d" " -f3 | grep -v "^rump_"' sh "$BUILD/lib/librump.so"
	assert_output "$(printf '__jit_debug_descriptor\n__jit_debug_register_code\nsigaction\nsignal')"
	run bash -c 'nm -D --defined-only "$1" | cut -d" " -f3 | grep -vi "^rumpuser_"' sh "$BUILD/lib/librumpuser.so"
	assert_output ''
}

@test "a program may have names of the kernel for its own" {
	program names <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <rump/rump.h>
		#include <rump/rump_syscalls.h>
		int called;
		int printk(void), kmalloc(void), kfree(void), panic(void), schedule(void);
		int _printk(void), memcpy_from_user(void), do_exit(void), jiffies = 7;
		int printk(void) { return called++; }
		int _printk(void) { return called++; }
		int kmalloc(void) { return called++; }
		int kfree(void) { return called++; }
		int panic(void) { return called++; }
		int schedule(void) { return called++; }
		int memcpy_from_user(void) { return called++; }
		int do_exit(void) { return called++; }
		int main(void)
		{
			struct timespec ts = { 0, 1000000 };
			int fd;

			if (rump_init())
				return 1;
			fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
			if (rump_sys_write(fd, "x", 1) != 1 || rump_sys_nanosleep(&ts, NULL))
				return 2;
			printf("called %d, jiffies %d\n", called, jiffies);
			printk();
			return called != 1;
		}
	END
	run timeout -k 2 10 "$PROGRAM"
	assert_success
	assert_output 'called 0, jiffies 7'
	# The same when it shows them to all libraries.
	program shown -rdynamic <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <rump/rump.h>
		void printk(void), kmalloc(void), panic(void), schedule(void);
		void printk(void) { abort(); }
		void kmalloc(void) { abort(); }
		void panic(void) { abort(); }
		void schedule(void) { abort(); }
		int main(void) { return rump_init(); }
	END
	run timeout -k 2 10 "$PROGRAM"
	assert_success
}

maps() {
	program maps <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <unistd.h>
		#include <rump/rump.h>
		#include <rump/rump_syscalls.h>
		static void show(const char *when)
		{
			char line[1024];
			FILE *f = fopen("/proc/self/maps", "r");
			while (fgets(line, sizeof(line), f))
				printf("%s %s", when, line);
			fclose(f);
		}
		int main(void)
		{
			char c;
			int fd;

			show("before");
			if (rump_init())
				return 1;
			fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
			for (int i = 0; i < 1000; i++)
				rump_sys_pwrite(fd, "x", 1, i * 4096L);
			rump_sys_pread(fd, &c, 1, 0);
			show("after");
			return 0;
		}
	END
	run timeout -k 2 10 "$PROGRAM"
	assert_success
}

@test "kernel text is the file's, to be read and executed; nothing is written and executed" {
	local ncpu
	for ncpu in 1 2; do
		export RUMP_NCPU=$ncpu
		maps
		assert_line --regexp '^after .* r-xp .*/lib/rump/kernel(-smp)?$'
		refute_line --regexp '^after [^ ]+ .wx'
		# No executable memory but from files.
		refute_line --regexp '^after [^ ]+ ..x. [^ ]+ [^ ]+ 0 *$'
		refute_line --regexp '^after [^ ]+ ..x. .*memfd'
	done
}

@test "the kernel takes few regions" {
	maps
	local before after
	before=$(grep -c '^before ' <<<"$output")
	after=$(grep -c '^after ' <<<"$output")
	echo "$before regions before, $after after"
	# Its own, five threads with two each, and what their libraries and malloc add.
	assert [ $((after - before)) -lt 40 ]
	assert [ "$(grep -cE '^after 3[0-9a-f]{11}-' <<<"$output")" -le 16 ]
	# RAM and data are one memory file, shared.
	assert [ "$(grep -E '^after .*memfd:rump' <<<"$output" | awk '{ print $3 }' | sort -u | tr '\n' ' ')" = 'rw-s ' ]
}

@test "a program that links librump and does not boot it has nothing of it" {
	program idle <<-'END'
		#include <stdio.h>
		#include <rump/rump.h>
		int main(void)
		{
			char line[1024];
			FILE *f = fopen("/proc/self/maps", "r");
			while (fgets(line, sizeof(line), f))
				fputs(line, stdout);
			return rump_getversion() != RUMP_VERSION;
		}
	END
	run timeout -k 2 10 "$PROGRAM"
	assert_success
	refute_output --partial 'rump/kernel'
	refute_output --partial 'memfd'
}

@test "what every process runs of the kernel lies together" {
	# Of the functions that gen/hot has listed, which another compiler may have called otherwise: in the first MiB.
	run awk '
		FNR == NR { if (sub(/^\t\.text\./, "")) hot[$1]; next }
		$3 in hot { n++; near += "x" $1 < "x0000300000100000" }
		END { print (n > 600 ? "many" : n " known"), (near > 0.95 * n ? "near" : near " of " n " near") }
	' "$RUMP_TOP/kernel/arch/rump/kernel/hot_process.lds" <(nm "$BUILD/linux/out/vmlinux")
	assert_output "many near"
}
