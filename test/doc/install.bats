#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# make install, and programs that are built against what it installs.

load setup

setup_file() {
	load setup
	export ROOT=$BATS_FILE_TMPDIR/root
	# "all" is old, as what is under test has been built and shall not change meanwhile.
	MAKEFLAGS='' make -s -C "$RUMP_TOP" -o all install DESTDIR="$ROOT" PREFIX=/opt/rump
	export TREE=$ROOT/opt/rump
	export PKG_CONFIG_PATH=$TREE/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$ROOT
	code "$RUMP_TOP/README.md" 1 >"$BATS_FILE_TMPDIR/hello.c"
}

image() {
	IMG=$BATS_TEST_TMPDIR/disk.img
	truncate -s 64M "$IMG"
	mkfs.ext4 -q "$IMG"
}

@test "README's program builds with pkg-config, runs and leaves a clean image" {
	image
	cd "$BATS_TEST_TMPDIR"
	# shellcheck disable=SC2046 # flags
	gcc -Wall -Wextra -Werror "$BATS_FILE_TMPDIR/hello.c" -o hello $(pkg-config --cflags --libs rump)
	LD_LIBRARY_PATH=$TREE/lib run ./hello disk.img
	assert_success
	refute_output
	run debugfs -R 'cat hello' "$IMG"
	assert_output --partial 'Written by a Linux kernel in this process.'
	run e2fsck -fn "$IMG"
	assert_success
	refute_output --partial 'recovering journal'
}

@test "it uses the installed libraries and the installed kernel" {
	image
	# shellcheck disable=SC2046
	gcc "$BATS_FILE_TMPDIR/hello.c" -o "$BATS_TEST_TMPDIR/hello" $(pkg-config --cflags --libs rump)
	LD_LIBRARY_PATH=$TREE/lib run loaded "$BATS_TEST_TMPDIR/hello" "$IMG"
	assert_success
	assert_line "$TREE/lib/librump.so.0"
	assert_line "$TREE/lib/librumpuser.so.0"
	mv "$TREE/lib/rump/kernel" "$TREE/lib/rump/kernel.away"
	LD_LIBRARY_PATH=$TREE/lib run "$BATS_TEST_TMPDIR/hello" "$IMG"
	mv "$TREE/lib/rump/kernel.away" "$TREE/lib/rump/kernel"
	assert_failure
	assert_output --partial "cannot open the kernel image $TREE/lib/rump/kernel: "
}

# What the run-time linker loads for a program.
loaded() {
	ldd "$1" | awk '$2 == "=>" { print $3 }'
}

@test "README's line for the build directory works too" {
	image
	cd "$RUMP_TOP"
	cp "$BATS_FILE_TMPDIR/hello.c" "$BATS_TEST_TMPDIR"
	line=$(sed -n 's/^    \$ cc hello\.c -o hello \(-Iinclude.*\)/\1/p' README.md)
	[ -n "$line" ]
	bash -c "gcc $BATS_TEST_TMPDIR/hello.c -o $BATS_TEST_TMPDIR/hello $line"
	run "$BATS_TEST_TMPDIR/hello" "$IMG"
	assert_success
}

@test "the installed examples build against the installed headers" {
	local example
	image
	for example in "$TREE"/share/doc/rump/examples/*.c; do
		# shellcheck disable=SC2046
		gcc -D_GNU_SOURCE "$example" -o "$BATS_TEST_TMPDIR/$(basename "$example" .c)" \
			$(pkg-config --cflags --libs rump) -pthread
	done
	LD_LIBRARY_PATH=$TREE/lib run "$BATS_TEST_TMPDIR/webfetch"
	assert_success
	assert_output --partial 'served by the rump kernel'
	LD_LIBRARY_PATH=$TREE/lib run "$BATS_TEST_TMPDIR/imgls" "$IMG"
	assert_success
	assert_output --partial 'lost+found'
}

@test "a C++ program builds against the installed headers" {
	cat >"$BATS_TEST_TMPDIR/a.cc" <<-END
		#include <rump/rump.h>
		#include <rump/rump_syscalls.h>
		int main() { return rump_getversion() != RUMP_VERSION; }
	END
	# shellcheck disable=SC2046
	g++ -Wall -Wextra -Werror "$BATS_TEST_TMPDIR/a.cc" -o "$BATS_TEST_TMPDIR/a" \
		$(pkg-config --cflags --libs rump)
	LD_LIBRARY_PATH=$TREE/lib "$BATS_TEST_TMPDIR/a"
}

@test "pkg-config files name the prefix, not DESTDIR" {
	run grep -r "$ROOT" "$TREE/lib/pkgconfig"
	assert_failure
	PKG_CONFIG_SYSROOT_DIR='' run pkg-config --variable=libdir rump
	assert_output /opt/rump/lib
}

@test "man finds the pages, and each function's name leads to its page" {
	local name
	for name in rump.3 rump_syscalls.3 rumphijack.3 rumpuser.3 rumpuser_ext.3 rump_init.3 rump_vfs_mount.3; do
		[ -s "$TREE/share/man/man3/$name" ] || fail "no $name"
	done
	[ -s "$TREE/share/man/man7/rump.7" ]
	[ -s "$TREE/share/man/man1/rump.1" ]
	run find "$TREE" -xtype l
	refute_output
}

@test "nothing but directories, files and links is installed, and all can be read" {
	run find "$TREE" ! -type d ! -type f ! -type l
	refute_output
	run find "$TREE" -type f ! -perm -444
	refute_output
	run find "$TREE" -type d ! -perm -555
	refute_output
}

@test "the shim finds its tool and images where they are installed" {
	[ -x "$TREE/libexec/rump/mksites" ]
	run bash -c "ls '$TREE/share/rump/sites' | wc -l"
	refute_output 0
	LD_PRELOAD=$TREE/lib/librumphijack.so run cat /proc/self/comm
	assert_success
	assert_output cat
}

@test "the installed command uses the installed shim" {
	run "$TREE/bin/rump" run -m tmpfs /usr/bin/env
	assert_success
	assert_line "LD_PRELOAD=$TREE/lib/librumphijack.so"
	SHELL=/bin/bash run "$TREE/bin/rump" shell <<<'echo "prompt: $PS1"'
	assert_line --partial 'prompt: (rump) '
}

@test "the installed scripts use the installed command" {
	run "$TREE/share/doc/rump/examples/files.sh"
	assert_success
	assert_line 'The quick red fox'
	run env -u RUMP_COMMAND BATS_LIB_PATH="$TREE/lib/bats" \
		bats --tap "$TREE/share/doc/rump/examples/tests.bats"
	assert_success
	assert_line 1..7
}

@test "bash finds the completion of rump where it looks for it" {
	# shellcheck disable=SC2016 # for the other bash
	run bash --norc -c '. "$1"; complete -p rump' - "$TREE/share/bash-completion/completions/rump"
	assert_success
	assert_output 'complete -F _rump rump'
}

@test "suites find the library of bats, and that the command" {
	# @test is not written out, as bats would see it here.
	printf '%s\n' 'bats_load_library rump' '@''test "image" {' '	rump_image vfat' \
		'	run rump_run /usr/bin/env' '	[[ $output == *"LD_PRELOAD=$TREE/lib/"* ]]' \
		'	assert_image_clean' '}' >"$BATS_TEST_TMPDIR/user.bats"
	run env -u RUMP_COMMAND BATS_LIB_PATH="$TREE/lib/bats" bats --tap "$BATS_TEST_TMPDIR/user.bats"
	assert_success
	assert_line 'ok 1 image'
}

@test "installing again over an installation works" {
	run "$RUMP_TOP/gen/install" "$TREE" /opt/rump
	assert_success
}
