#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Host memory. No call of this group blocks, so none makes an upcall.

setup() {
	load setup.bash
}

quietly() {
	run helper memory "$1"
	assert_success
	refute_output
}

@test "malloc honours every alignment" {
	quietly alignments
}

@test "malloc with alignment 0 suits any type, and size 0 is a piece of its own" {
	quietly any_alignment
}

@test "an alignment that is no power of two is refused" {
	quietly bad_alignment
}

@test "more memory than there is gives ENOMEM" {
	quietly exhausted
}

@test "mapped pages are zero, writable, and gone after unmap" {
	quietly zeroed
}

@test "a mapping is aligned as asked" {
	quietly aligned_pages
}

@test "a large alignment keeps no more address space than the mapping" {
	quietly trimmed
}

@test "a preferred address is used if free and left alone if taken" {
	quietly preferred
}

@test "code runs in an executable mapping" {
	quietly executable
}

@test "a mapping of no bytes or of an impossible alignment is refused" {
	quietly bad_mapping
}

@test "unmapping what cannot be a mapping is a panic" {
	run helper memory bad_unmap
	assert_equal "$status" 134
	assert_output --partial 'rumpuser: unmap of 4096 bytes at 0x'
}
