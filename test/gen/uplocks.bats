#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# uplocks, which takes the lock prefixes out of a kernel image.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	UPLOCKS=$BUILD/bin/uplocks
	# Adds 1 to a counter twice, once locked by way of .smp_locks, and exits with it.
	cat >image.s <<-'END'
		.macro locked
		.pushsection .smp_locks,"a"
		.balign 4
		.long 1f - .
		.popsection
		1: lock
		.endm
		.globl _start
		.text
		_start:
			locked
			incl counter
			lock incl counter
			locked
			addl $40, counter
			movl counter, %edi
			movl $60, %eax
			syscall
		.data
		counter: .long 0
	END
}

build() {
	as image.s -o image.o && ld -Ttext=0x400000 image.o -o image
}

# Bytes that differ, as original and copy.
changed() {
	cmp -l image copy | awk '{ print $2, $3 }'
}

@test "each listed prefix becomes a DS prefix, and nothing else changes" {
	build
	run "$UPLOCKS" image copy
	assert_success
	refute_output
	run changed
	assert_output "$(printf '360 76\n360 76')"
	run objdump -d copy
	assert_line --regexp '3e ff 04 25 .*ds incl'
}

@test "the copy runs and does the same" {
	build
	run ./image
	assert_equal "$status" 42
	"$UPLOCKS" image copy
	run ./copy
	assert_equal "$status" 42
}

@test "the copy has the mode of the original and replaces what was there" {
	build
	chmod 750 image
	echo old >copy
	"$UPLOCKS" image copy
	assert_equal "$(stat -c %a copy)" 750
	assert_equal "$(stat -c %s copy)" "$(stat -c %s image)"
	assert_equal "$(find . -name 'copy*' | wc -l)" 1
}

@test "an image may be patched in place" {
	build
	cp image copy
	"$UPLOCKS" copy copy
	run changed
	assert_output "$(printf '360 76\n360 76')"
}

@test "a prefix that is listed twice is no error" {
	sed -i 's/1: lock/.pushsection .smp_locks; .long 1f - .; .popsection; 1: lock/' image.s
	build
	run "$UPLOCKS" image copy
	assert_success
	run changed
	assert_output "$(printf '360 76\n360 76')"
}

@test "an entry that is not at a lock prefix is refused, and nothing is written" {
	sed -i 's/1: lock/1: nop/' image.s
	build
	run "$UPLOCKS" image copy
	assert_failure
	assert_output 'uplocks: image: entry 0 of .smp_locks: byte 0x90 at address 0x400000 is no lock prefix'
	assert_not_exists copy
}

@test "an image that was patched before is refused" {
	build
	"$UPLOCKS" image copy
	run "$UPLOCKS" copy again
	assert_failure
	assert_output --partial 'byte 0x3e at address 0x400000 is no lock prefix'
}

@test "an entry outside of the image is refused" {
	sed -i 's/\.long 1f - \./.long 0x12345678/' image.s
	build
	run "$UPLOCKS" image copy
	assert_failure
	assert_output --regexp 'entry 0 of .smp_locks: address 0x[0-9a-f]+ is in no segment'
}

@test "an entry in memory that is not in the file is refused" {
	sed -i 's/\.long 1f - \./.long room - ./; s/^counter:/.bss; .skip 64; room: .skip 64; .data; counter:/' image.s
	build
	run "$UPLOCKS" image copy
	assert_failure
	assert_output --partial 'is in no segment'
}

@test "an image without .smp_locks is refused" {
	sed -i 's/\.smp_locks/.other/' image.s
	build
	run "$UPLOCKS" image copy
	assert_failure
	assert_output 'uplocks: image: no section .smp_locks'
}

@test "a section that holds part of an entry is refused" {
	printf '.section .smp_locks,"a"\n.byte 0\n' >>image.s
	build
	run "$UPLOCKS" image copy
	assert_failure
	assert_output --partial 'the size of .smp_locks is not a multiple of 4'
}

@test "an object that is not linked is refused" {
	as image.s -o image
	run "$UPLOCKS" image copy
	assert_failure
	assert_output --partial 'image: not linked'
}

@test "what is no ELF image is refused" {
	echo text >image
	run "$UPLOCKS" image copy
	assert_failure
	assert_output 'uplocks: image: not an ELF image'
	head -c 100 /dev/zero >image
	run "$UPLOCKS" image copy
	assert_output 'uplocks: image: not an ELF image'
	run "$UPLOCKS" . copy
	assert_output 'uplocks: .: not an ELF image'
	run "$UPLOCKS" missing copy
	assert_output 'uplocks: missing: No such file or directory'
}

@test "an image for 32 bits is refused" {
	echo '.globl _start; _start: nop' >image.s
	as --32 image.s -o image.o && ld -m elf_i386 image.o -o image
	run "$UPLOCKS" image copy
	assert_failure
	assert_output 'uplocks: image: not for x86-64'
}

@test "an image that was cut short is refused wherever it was cut" {
	build
	local size
	size=$(stat -c %s image)
	for ((n = 0; n < size; n += 97)); do
		head -c $n image >short
		run "$UPLOCKS" short copy
		assert_failure 1
	done
	assert_not_exists copy
}

@test "a copy that cannot be written is an error" {
	build
	run "$UPLOCKS" image missing/copy
	assert_failure
	assert_output 'uplocks: missing/copy: No such file or directory'
}
