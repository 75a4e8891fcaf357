#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Images: made on a miss, kept, checked, and replaced when they are not good.

setup() {
	load setup.bash
	IMAGES=$XDG_CACHE_HOME/rump
	LIBC=$(build_id /lib/x86_64-linux-gnu/libc.so.6).img
	# A copy of the shim that finds mksites but no images beside it.
	PREFIX=$BATS_TEST_TMPDIR/prefix
	mkdir -p "$PREFIX/lib" "$PREFIX/libexec/rump" "$PREFIX/share/rump"
	cp "$SHIM" "$PREFIX/lib"
	cp "$MKSITES" "$PREFIX/libexec/rump"
	SHIM=$PREFIX/lib/librumphijack.so
}

build_id() {
	readelf -n "$1" | sed -n 's/^ *Build ID: //p'
}

# assert_hijacked: a program runs with libc and ld.so rewritten, silently
assert_hijacked() {
	rm -f "$REPORT"
	run checked /bin/echo hello
	assert_success
	assert_output hello
	assert_nothing_escaped
	run cat "$REPORT"
	assert_output --partial "objects=2"
}

@test "a miss makes the images, and the next start uses them" {
	assert_hijacked
	assert [ -s "$IMAGES/$LIBC" ]
	rm "$PREFIX/libexec/rump/mksites"
	assert_hijacked
	run ls -A "$IMAGES"
	refute_line --partial .new
}

@test "installed images are used without a cache" {
	mkdir -p "$PREFIX/share/rump/sites"
	"$MKSITES" -d "$PREFIX/share/rump/sites" /lib/x86_64-linux-gnu/libc.so.6 \
		/lib64/ld-linux-x86-64.so.2 /bin/echo "$(command -v timeout)"
	rm "$PREFIX/libexec/rump/mksites"
	assert_hijacked
	assert [ ! -e "$IMAGES" ]
}

@test "a cache that cannot be written is no obstacle" {
	touch "$XDG_CACHE_HOME"
	assert_hijacked
}

@test "damaged images are not used, and made anew" {
	assert_hijacked
	local good=$BATS_TEST_TMPDIR/good
	cp "$IMAGES/$LIBC" "$good"
	# truncated; empty; of another version; grown; not an image
	truncate -s 100000 "$IMAGES/$LIBC"
	assert_hijacked
	cmp "$good" "$IMAGES/$LIBC"
	: >"$IMAGES/$LIBC"
	assert_hijacked
	cmp "$good" "$IMAGES/$LIBC"
	printf '\377' | dd of="$IMAGES/$LIBC" bs=1 seek=8 conv=notrunc status=none
	assert_hijacked
	cmp "$good" "$IMAGES/$LIBC"
	echo more >>"$IMAGES/$LIBC"
	assert_hijacked
	cmp "$good" "$IMAGES/$LIBC"
	cp /bin/true "$IMAGES/$LIBC"
	assert_hijacked
	cmp "$good" "$IMAGES/$LIBC"
}

@test "the image of another object under this one's name is not used" {
	assert_hijacked
	cp "$IMAGES/$(build_id /lib64/ld-linux-x86-64.so.2).img" "$IMAGES/$LIBC"
	assert_hijacked
	[ "$(stat -c %s "$IMAGES/$LIBC")" -gt 500000 ]
}

@test "an image that others could have written is not used" {
	assert_hijacked
	chmod g+w "$IMAGES/$LIBC"
	assert_hijacked
	[ "$(stat -c %a "$IMAGES/$LIBC")" = 644 ]
	mv "$IMAGES/$LIBC" "$IMAGES/elsewhere"
	ln -s elsewhere "$IMAGES/$LIBC"
	assert_hijacked
	[ ! -L "$IMAGES/$LIBC" ]
}

@test "an image that another user owns is not used" {
	[ "$EUID" = 0 ] || skip "only root can give files away"
	assert_hijacked
	chown nobody "$IMAGES/$LIBC"
	assert_hijacked
	[ "$(stat -c %U "$IMAGES/$LIBC")" = root ]
}

@test "where the cache may not be executed from, images are copied" {
	[ "$EUID" = 0 ] || skip "only root can mount"
	mkdir -p "$XDG_CACHE_HOME"
	# shellcheck disable=SC2016
	run unshare -m bash -c 'mount -t tmpfs -o noexec none "$XDG_CACHE_HOME" &&
		for i in 1 2; do
			RUMPHIJACK_SUD=1 RUMPHIJACK_REPORT=1 LD_PRELOAD=$0 /bin/echo hello || exit
		done && ls "$XDG_CACHE_HOME/rump"' "$SHIM"
	assert_success
	assert_line hello
	assert_line --partial "objects=2"
	refute_line --regexp 'escaped=[^0]|failed=[^0]'
	assert_line "$LIBC"
}

@test "without mksites and images a program is told, and runs" {
	rm "$PREFIX/libexec/rump/mksites"
	LD_PRELOAD=$SHIM run /bin/echo hello
	assert_success
	assert_line hello
	assert_line --partial "system calls are not rewritten in /lib/x86_64-linux-gnu/libc.so.6"
}

@test "twenty first starts at once agree" {
	for _ in {1..20}; do
		hijacked /bin/true &
	done
	wait
	assert [ "$(grep -c 'objects=2.*failed=0' "$REPORT")" -ge 20 ]
	run ls -A "$IMAGES"
	refute_line --partial .new
}

@test "the helper process is not seen by a program that waits for children" {
	# perl's wait() reports every child; there is none, though mksites ran for the library
	need perl
	# shellcheck disable=SC2016
	run hijacked perl -e 'require POSIX; $SIG{CHLD} = sub { print "CHLD\n" }; require Socket;
		print wait(), "\n"'
	assert_success
	assert_output -1
}

@test "an object without a build-id is known by its file" {
	echo 'int main(void) { return 0; }' |
		gcc -xc - -Wl,--build-id=none -o "$BATS_TEST_TMPDIR/plain"
	run hijacked "$BATS_TEST_TMPDIR/plain"
	assert_success
	run ls "$IMAGES"
	assert_line --regexp '^6e[0-9a-f]{48}\.img$'
}

@test "mksites lists, and says what is wrong with a file" {
	run "$MKSITES" -l /lib/x86_64-linux-gnu/libc.so.6
	assert_success
	assert_line --regexp ': [0-9]+ sites, [0-9]+ rewritten, [0-9]+ runs$'
	assert_line --partial "kept: signal return"
	run "$MKSITES" -l /etc/passwd
	assert_failure
	assert_output "mksites: /etc/passwd: Exec format error"
	run "$MKSITES"
	assert_failure 2
}

# A branch leads to the system call and to what is behind it, so that it cannot be displaced.
@test "the report names a system call that could not be rewritten; the checker sees it" {
	cat >"$BATS_TEST_TMPDIR/tight.s" <<-'END'
		.globl	ask
		.type	ask, @function
		ask:
			mov	$39, %eax	# getpid(2)
			test	%edi, %edi
			js	2f
			jnz	1f
		1:	syscall
		2:	ret
		.size	ask, . - ask
		.section .note.GNU-stack,"",@progbits
	END
	gcc -shared -nostdlib -o "$BATS_TEST_TMPDIR/tight.so" "$BATS_TEST_TMPDIR/tight.s"
	local at
	at=$(objdump -d "$BATS_TEST_TMPDIR/tight.so" | sed -nE 's/^ *([0-9a-f]+):.*\<syscall.*/\1/p')
	run "$MKSITES" -l "$BATS_TEST_TMPDIR/tight.so"
	assert_line --partial '1 sites, 0 rewritten'
	local python='import ctypes, os, sys
print(ctypes.CDLL(sys.argv[1]).ask(1) == os.getpid())'
	run hijacked python3 -c "$python" "$BATS_TEST_TMPDIR/tight.so"
	assert_output True
	run grep 'not rewritten' "$REPORT"
	assert_output --regexp "^rumphijack: [0-9]+ not rewritten: $BATS_TEST_TMPDIR/tight.so\+0x$at no room$"
	grep -q 'kept=[1-9].* failed=0 escaped=0$' "$REPORT"
	rm "$REPORT"
	run checked python3 -c "$python" "$BATS_TEST_TMPDIR/tight.so"
	assert_output True
	grep -q 'not rewritten: .*no room$' "$REPORT"
	grep -qE "escape: call 39 at 0x[0-9a-f]*${at: -3}$" "$REPORT"
}

@test "mksites under sanitizers makes the same images, of every library in reach" {
	local files
	mapfile -t files < <(find /usr/lib/x86_64-linux-gnu -maxdepth 1 -name '*.so.*' -type f \
		-size -4M | sort | head -150)
	"$TOP/build/san/hijack/mksites" -d "$BATS_TEST_TMPDIR/san" "${files[@]}"
	"$MKSITES" -d "$BATS_TEST_TMPDIR/plain" "${files[@]}"
	diff -r "$BATS_TEST_TMPDIR/san" "$BATS_TEST_TMPDIR/plain"
}

@test "the fuzzers find nothing in a short run" {
	for target in image sites; do
		local corpus=$BATS_TEST_TMPDIR/corpus-$target
		mkdir -p "$corpus"
		{ printf '\001'; cat "$HELPERS/hijack_everylib.so"; } >"$corpus/object"
		printf '\000\270\001\000\000\000\017\005\303' >"$corpus/code"
		head -c 8192 "$TOP/build/share/rump/sites/$LIBC" >"$corpus/image"
		run "$HELPERS/hijack_fuzz_$target" -seed=1 -runs=20000 -max_len=40000 \
			-artifact_prefix="$BATS_TEST_TMPDIR/" "$corpus"
		assert_success
	done
}
