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
