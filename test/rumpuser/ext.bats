#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The extension group. No call of it makes an upcall, or changes errno.

setup() {
	load setup.bash
	FILE=$BATS_TEST_TMPDIR/file
	HEADER=$RUMP_TOP/include/rump/rumpuser_ext.h
}

# quietly HELPER TEST [ARG...]: run one that has nothing to say.
quietly() {
	run helper "$@"
	assert_success
	refute_output
}

# names: the functions of the group, as its header declares them.
names() {
	grep -o '^[a-z].*\<rumpuser_ext_[a-z_]*(' "$HEADER" | grep -o 'rumpuser_ext_[a-z_]*' | sort
}

@test "every function of the header is called here" {
	run bash -c "nm -D --undefined-only --format=just-symbols '$BUILD'/test/rumpuser_ext{,_io,_net} |
		sed -n 's/^\(rumpuser_ext_[a-z_]*\).*/\1/p' | sort -u"
	assert_success
	assert_equal "$output" "$(names)"
}

@test "the library exports every function of the header and no other" {
	run bash -c "nm -D --defined-only --format=just-symbols '$LIBRUMPUSER' |
		sed -n 's/^\(rumpuser_ext_[a-z_]*\).*/\1/p' | sort"
	assert_success
	assert_equal "$output" "$(names)"
}

@test "every declaration in the header has a kernel-doc comment" {
	for name in $(names); do
		grep -q "^ \* $name() - " "$HEADER" || fail "$name"
	done
}

@test "parking does not wait for a word that has changed, nor beyond its time" {
	quietly ext park_not
}

@test "one wake wakes one thread" {
	quietly ext park_wake
}

@test "a signal handler ends a wait" {
	quietly ext park_signal
}

@test "processes park and wake on memory that they share" {
	quietly ext park_fork
}

@test "parts of the image are mapped, shared, and unmapped but reserved" {
	quietly ext_io image
}

@test "pages of the image are allocated at once, and given back" {
	quietly ext_io image_pages
}

@test "files are read, written, flushed, punched and zeroed" {
	quietly ext_io io "$FILE"
}

@test "reading without waiting gives what the host has cached and else EAGAIN" {
	quietly ext_io io_nowait "$FILE"
}

@test "a raised signal keeps its siginfo, whichever thread raises it" {
	quietly ext raise_info
}

@test "a thread of another process gets a signal and its siginfo" {
	quietly ext signal_other
}

@test "kicks are counted, and those of a closed descriptor do nothing" {
	quietly ext kick
}

@test "random bytes come without waiting" {
	quietly ext random_bytes
}

@test "the clocks are the host's" {
	quietly ext clocks
}

@test "thread ids are the host's" {
	quietly ext thread_ids
}

@test "the console is standard error" {
	run --separate-stderr helper ext console
	assert_success
	refute_output
	# shellcheck disable=SC2154 # run sets it
	assert_equal "$stderr" $'one\ntwo'
}

@test "a panic says why and leaves no way but the end" {
	run helper ext panic
	assert_equal "$status" 134
	assert_output --partial 'rump kernel panic: no more to do'
}

@test "what is no network is refused" {
	quietly ext_net bad "$FILE"
}

@test "frames on a bus reach who wants them" {
	quietly ext_net bus "$FILE"
}

@test "a member of a bus that waits for a frame is woken" {
	quietly ext_net bus_wait "$FILE"
}

@test "another process sends by a port of a bus" {
	quietly ext_net bus_share "$FILE"
}

@test "a bus whose file is cut short is a pulled cable" {
	quietly ext_net bus_cut "$FILE"
}

@test "frames go through a program, which ends with the network" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/vde_plug" <<-'SCRIPT'
		#!/bin/sh
		echo $$ >"$1"
		exec cat
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/bin/vde_plug"
	quietly ext_net stream "$BATS_TEST_TMPDIR/bin" "$FILE"
}
