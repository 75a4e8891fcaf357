#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Every system call is seen, wherever in a program it comes from.

setup() {
	load setup.bash
	MARKS=$BATS_TEST_TMPDIR/marks
	mkdir -p "$MARKS"/mark-{opendir,glob,nftw}
	touch "$MARKS"/mark-{glob/file,nftw/file,realpath,system,popen,posix_spawnp,execvp,remove}
}

everycall() {
	EVERYLIB_MARK=$MARKS/mark traced "$HELPERS/hijack_everycall" "$MARKS" \
		"$HELPERS/hijack_everylib.so"
}

# assert_seen PLACE...: the trace has a call on the mark of each
assert_seen() {
	local place
	for place; do
		grep -qF "$MARKS/mark-$place" "$TRACE" || fail "no call was seen from: $place"
	done
}

@test "calls from inside libc are seen: stdio, opendir, glob, nftw, mkstemp, realpath, remove" {
	run everycall
	assert_success
	assert_seen fopen opendir glob nftw mkstemp- realpath remove
	grep -q ' H write(.*) = 18' "$TRACE"
	grep -q ' H getdents64(' "$TRACE"
	assert_nothing_escaped
}

@test "the sockets and files of getaddrinfo are seen" {
	run everycall
	assert_success
	grep -q '"/etc/hosts"' "$TRACE"
	grep -q ' H socket(' "$TRACE"
}

@test "raw syscall() and inline assembly are seen" {
	run everycall
	assert_success
	assert_seen syscall asm asm-immediate
}

@test "a dlopened library is seen, its constructor too" {
	run everycall
	assert_success
	assert_seen dlopen dlopened
}

@test "threads, signal handlers, constructors, destructors and .preinit_array are seen" {
	run everycall
	assert_success
	assert_seen thread handler preinit constructor destructor
}

@test "the constructor of another preloaded library is seen, whichever comes first" {
	local other=$HELPERS/hijack_preloaded.so
	for order in "$SHIM:$other" "$other:$SHIM" "$SHIM $other"; do
		rm -f "$TRACE"
		RUMPHIJACK_TRACE=$TRACE EVERYLIB_MARK=$MARKS/mark RUMPHIJACK_SUD=1 \
			RUMPHIJACK_REPORT=$REPORT LD_PRELOAD=$order run /bin/true
		assert_success
		assert_seen preloaded
	done
	assert_nothing_escaped
}

@test "children are seen: system, popen, posix_spawnp, execvp, fork, vfork, clone" {
	run everycall
	assert_success
	assert_seen system popen posix_spawnp execvp fork vfork clone
	assert [ "$(grep -c ' H execve(' "$TRACE")" -ge 5 ]
}

@test "the same with copied instead of mapped images" {
	RUMPHIJACK_IMAGES=copy run everycall
	assert_success
	assert_seen fopen syscall asm dlopen dlopened preinit thread system
	assert_nothing_escaped
}

@test "without the checker the same calls are seen" {
	EVERYLIB_MARK=$MARKS/mark RUMPHIJACK_TRACE=$TRACE hijacked "$HELPERS/hijack_everycall" \
		"$MARKS" "$HELPERS/hijack_everylib.so"
	assert_seen fopen opendir glob nftw mkstemp- realpath syscall asm asm-immediate dlopen \
		dlopened thread handler preinit constructor destructor system popen posix_spawnp \
		execvp fork vfork clone
}

@test "registers, red zone, vector state, errno and stack are as the kernel leaves them" {
	run helper registers
	assert_success
	assert_output ""
	RUMPHIJACK_IMAGES=copy run helper registers
	assert_success
	assert_nothing_escaped
}

@test "nothing is left writable and executable" {
	for images in map copy; do
		RUMPHIJACK_IMAGES=$images run hijacked grep -E '^[^ ]+ .wx' /proc/self/maps
		assert_failure 1
	done
}

@test "a program in a seccomp sandbox goes on, with the checker and without" {
	for how in filter strict; do
		run helper seccomp $how
		assert_success
		assert_output "in the sandbox"
		run hijacked "$HELPERS/hijack_seccomp" $how
		assert_success
		assert_output "in the sandbox"
	done
}
