#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Libraries that are in an image, loaded into the program. What mmap(2) does is in files.bats.

setup() {
	load setup.bash
	image ext4 32M
	cat >"$BATS_TEST_TMPDIR/library.c" <<-'END'
		#include <stdio.h>
		int counter = 41, zero[5000];
		__thread int local = 7;
		static int (*pointer)(const char *, ...) = printf;
		__attribute__((constructor)) static void begin(void) { counter++; }
		__attribute__((destructor)) static void end(void) { pointer("end\n"); }
		int run(void) { zero[4999]++; local++; return pointer("run %d %d %d\n", counter, zero[4999], local); }
	END
	gcc -shared -fPIC -O2 -o "$BATS_TEST_TMPDIR/library.so" "$BATS_TEST_TMPDIR/library.c"
}

# inside COMMAND...: with the image on /mnt
inside() {
	timeout -k 2 60 env RUMP_MOUNT="$IMG:/mnt" RUMPHIJACK=blanket=/mnt LD_PRELOAD="$SHIM" "$@"
}

@test "dlopen of a library in the image, its data, its threads' storage, its constructors" {
	inside cp "$BATS_TEST_TMPDIR/library.so" /mnt/library.so
	run inside python3 -c 'import ctypes, threading
l = ctypes.CDLL("/mnt/library.so")
l.run(); l.run()
t = threading.Thread(target=l.run); t.start(); t.join()
print([m.split()[-1] for m in open("/proc/self/maps") if "library" in m and "/tmp" in m])'
	assert_success
	assert_equal "$(sort <<<"$output")" "$(printf '[]\nend\nrun 42 1 8\nrun 42 2 9\nrun 42 3 8')"
	assert_image_clean
}

@test "nothing is writable and executable, with the kernel up and a library of the image loaded" {
	inside cp "$BATS_TEST_TMPDIR/library.so" /mnt/library.so
	for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMPHIJACK_IMAGES=copy RUMPHIJACK_SUD=1; do
		run inside env "$mode" python3 -c 'import ctypes
ctypes.CDLL("/mnt/library.so").run()
maps = [line.split() for line in open("/proc/self/maps")]
print(sum(m[0].startswith("30000") for m in maps) > 1, sum("library" in m[-1] or m[0].startswith("32") for m in maps) > 1)
print(sum("x" in m[1] for m in maps) > 5, [m for m in maps if "w" in m[1] and "x" in m[1]])'
		assert_success
		assert_equal "$(grep -v '^run\|^end' <<<"$output")" "$(printf 'True True\nTrue []')"
	done
	assert_image_clean
}

@test "dlclose and dlopen again, many times" {
	inside cp "$BATS_TEST_TMPDIR/library.so" /mnt/library.so
	run inside python3 -c 'import _ctypes, ctypes
for i in range(300):
    h = _ctypes.dlopen("/mnt/library.so", 2)
    assert ctypes.c_int.from_address(_ctypes.dlsym(h, "counter")).value == 42
    _ctypes.dlclose(h)
print("last")'
	assert_success
	assert_line last
	assert_equal "$(grep -c '^end$' <<<"$output")" 300
	assert_image_clean
}

@test "python loads an extension module from the image" {
	local module
	module=$(python3 -c 'import _json; print(_json.__file__)' 2>/dev/null) || skip "_json is built in"
	inside cp "$module" /mnt/
	run inside python3 -c 'import sys; sys.path.insert(0, "/mnt"); sys.modules.pop("_json", None)
import _json; print(_json.__file__, _json.encode_basestring("x"))'
	assert_output "/mnt/${module##*/} \"x\""
	assert_image_clean
}

@test "a library of the image is replaced while it is loaded" {
	inside cp "$BATS_TEST_TMPDIR/library.so" /mnt/library.so
	run inside python3 -c 'import ctypes, os, shutil
l = ctypes.CDLL("/mnt/library.so")
shutil.copy("/mnt/library.so", "/mnt/new"); os.rename("/mnt/new", "/mnt/library.so"); os.sync()
l.run()'
	assert_success
	assert_line 'run 42 1 8'
	assert_image_clean
}

# looking FLAG...: compile a library with a system call instruction of its own
looking() {
	cat >"$BATS_TEST_TMPDIR/look.c" <<-'END'
		long look(const char *path)
		{
			long result;

			__asm__ volatile("mov $21, %%eax\n\tsyscall" /* access(2) */
					 : "=&a"(result) : "D"(path), "S"(0) : "rcx", "r11", "memory");
			return result;
		}
	END
	gcc -shared -fPIC -O2 "$@" -o "$BATS_TEST_TMPDIR/look.so" "$BATS_TEST_TMPDIR/look.c"
}

# looked CODE: python, with the library in the image, under the checker; nothing may escape
looked() {
	inside cp "$BATS_TEST_TMPDIR/look.so" /mnt/look.so
	RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT=$REPORT run inside python3 -c "import _ctypes, ctypes, os, threading
$1"
	local said=$output
	assert_success
	assert_nothing_escaped
	assert_image_clean
	output=$said
}

@test "the calls of a library of the image are the shim's, in forks and threads too" {
	looking -Wl,--build-id
	looked '
l = ctypes.CDLL("/mnt/look.so")
assert l.look(b"/mnt/look.so") == 0
assert l.look(b"/mnt/none") == -2
pid = os.fork()
if not pid: os._exit(l.look(b"/mnt/look.so"))
assert os.waitpid(pid, 0)[1] == 0
t = threading.Thread(target=lambda: print(l.look(b"/mnt/look.so"))); t.start(); t.join()
print(l.look(b"/mnt/look.so"))'
	assert_output "$(printf '0\n0')"
}

@test "a library of the image without a build-id, loaded and unloaded often, leaves no slots behind" {
	looking -Wl,--build-id=none
	looked '
def windows(): return sum(m.startswith("32") for m in open("/proc/self/maps"))
for i in range(60):
    l = ctypes.CDLL("/mnt/look.so")
    assert l.look(b"/mnt/look.so") == 0
    _ctypes.dlclose(l._handle)
    if i == 10: before = windows()
assert windows() <= before, (before, windows())'
	assert [ -z "$(find "$XDG_CACHE_HOME" -name '6e*.img')" ]
}

@test "text of the image at an address outside the window is rewritten as well" {
	looking -Wl,--build-id
	looked '
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
l = ctypes.CDLL("/mnt/look.so")
at = ctypes.cast(l.look, ctypes.c_void_p).value
page, fd = 0x1000, os.open("/mnt/look.so", os.O_RDONLY)
place = libc.mmap(None, page, 0, 0x22, -1, 0)
assert libc.mmap(place, page, 5, 0x12, fd, page) == place
look = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_char_p)(place + at % page)
print(look(b"/mnt/look.so"), look(b"/mnt/none"))'
	assert_output "0 -2"
}

@test "a program of the image has its own calls rewritten" {
	cat >"$BATS_TEST_TMPDIR/main.c" <<-'END'
		#include <stdio.h>
		long look(const char *path);
		int main(void) { return printf("%ld %ld\n", look("/mnt/main"), look("/mnt/none")) < 0; }
	END
	looking
	gcc -O2 -o "$BATS_TEST_TMPDIR/main" "$BATS_TEST_TMPDIR/main.c" "$BATS_TEST_TMPDIR/look.c"
	inside cp "$BATS_TEST_TMPDIR/main" /mnt/main
	RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT=$REPORT run inside bash -c '/mnt/main && cd /mnt && ./main'
	assert_output "$(printf '0 -2\n0 -2')"
	assert_nothing_escaped
	assert_image_clean
}

@test "what is written by mmap after an fsync is on the disk after the next: the second time, too" {
	cat >"$BATS_TEST_TMPDIR/writer.py" <<-'END'
		import mmap, os, sys
		fd = os.open("/mnt/f", os.O_RDWR | os.O_CREAT)
		os.truncate(fd, 65536)
		m = mmap.mmap(fd, 65536)
		for i, sync in enumerate((lambda: os.fsync(fd), m.flush, lambda: os.fdatasync(fd), m.flush, lambda: os.fsync(fd))):
		    m[0:6] = m[40000:40006] = b"turn %d" % i
		    sync()
		    print(i, flush=True)
		    sys.stdin.readline() # somebody looks at the disk
	END
	coproc inside python3 "$BATS_TEST_TMPDIR/writer.py"
	local turn number writer=$COPROC_PID
	for turn in {0..4}; do
		read -r number <&"${COPROC[0]}"
		assert_equal "$number" "$turn"
		# As after a loss of power: what is in the image now, and its journal.
		cp "$IMG" "$BATS_TEST_TMPDIR/copy"
		echo >&"${COPROC[1]}"
		run e2fsck -fp "$BATS_TEST_TMPDIR/copy"
		assert [ "$status" -le 1 ]
		debugfs -R "dump /f $BATS_TEST_TMPDIR/f" "$BATS_TEST_TMPDIR/copy" 2>/dev/null
		assert_equal "$(head -c 6 "$BATS_TEST_TMPDIR/f")" "turn $turn"
		assert_equal "$(head -c 40006 "$BATS_TEST_TMPDIR/f" | tail -c 6)" "turn $turn"
	done
	wait "$writer"
	assert_image_clean
}
