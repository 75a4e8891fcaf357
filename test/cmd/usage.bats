#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# How rump is called: help, wrong options, exit statuses.
# shellcheck disable=SC2030,SC2031,SC2154 # what run sets

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "help goes to standard output, in each way to ask for it" {
	run --separate-stderr rump help
	assert_success
	assert_line --index 0 'usage: rump run [OPTION]... [--] COMMAND [ARG]...'
	local general=$output
	for how in --help -h; do
		run --separate-stderr rump "$how"
		assert_success
		assert_output "$general"
	done
	for how in run shell; do
		run --separate-stderr rump help "$how"
		assert_success
		assert_line --index 0 --partial "usage: rump $how [OPTION]..."
		local text=$output
		for option in --help -h; do
			run --separate-stderr rump "$how" "$option"
			assert_success
			assert_output "$text"
		done
	done
	run rump help nonsense
	assert_failure 2
}

@test "every option that there is is in the help and in the manual page, and no other" {
	run rump help run
	local help=$output
	while read -r option; do
		grep -q -- "--$option\b" <<<"$help" || fail "--$option is not in the help"
		grep -qE "^\.It .*Fl -?(\w , -)?$option\b" "$RUMP_TOP/doc/rump.1" ||
			fail "--$option is not in rump(1)"
	done < <(sed -n 's/^	{"\([a-z]*\)", .*_argument.*/\1/p' "$RUMP_TOP/cmd/options.c")
	run grep -oE -- '--[a-z]+' <<<"$help"
	local count=${#lines[@]}
	assert_equal "$count" "$(grep -c '_argument' "$RUMP_TOP/cmd/options.c")"
}

@test "the version is that of the header" {
	run rump --version
	assert_success
	assert_output "rump $(awk '$2 == "RUMP_VERSION" { print $3 }' "$RUMP_TOP/include/rump/rump.h")"
}

# usage_error MESSAGE ARG...
usage_error() {
	local message=$1
	shift
	run --separate-stderr rump "$@"
	assert_equal "$status" 2
	assert_equal "$output" ''
	assert_regex "$stderr" "$message"
}

@test "wrong usage is a message on standard error and exit status 2" {
	usage_error '^usage: rump run'
	usage_error "there is no command 'walk'" walk
	usage_error 'there is no command to run' run
	usage_error 'there is no command to run' run --
	usage_error 'there is no command to run' run -m tmpfs:/x
	usage_error "unrecognized option '--what'.*rump help run" run --what true
	usage_error "invalid option -- 'x'" run -x true
	usage_error "option requires an argument -- 'm'" run -m
	usage_error "rump shell: option '--mem' requires an argument.*rump help shell" shell --mem
	usage_error "takes no command" shell true
	usage_error "'': there is no image" run -m '' true
	usage_error "there is no image" run -m :/mnt true
	usage_error "absolute name" run -m tmpfs:mnt true
	usage_error "absolute name" run -m tmpfs:/ true
	usage_error "absolute name" run -m tmpfs://. true
	usage_error "without '\.\.'" run -m tmpfs:/mnt/../etc true
	usage_error "colon or a comma" run -m 'tmpfs:/a\:b' true
	usage_error "colon or a comma" run -m 'tmpfs:/a,b' true
	usage_error "follows the backslash" run -m "tmpfs:/a\\" true
	usage_error "empty option" run -m tmpfs:/a:size=1m,,ro true
	usage_error "empty option" run -m tmpfs:/a:,ro true
	usage_error "empty option" run -m tmpfs:/a:ro, true
	usage_error "there is a mount on /rump already" run -m tmpfs -m ramfs true
	usage_error "there is a mount on /a/b already" run -m tmpfs:/a/b -m ramfs:/a//b/ true
	usage_error "no such network" run -n carrier-pigeon true
	usage_error "no list of families" run -s '' true
	usage_error "no list of families" run -s inet,inet6 true
	usage_error "a name is" run --name '' true
	usage_error "a name is" run --name 'two words' true
	usage_error "a name is" run --name "$(printf 'x%.0s' {1..65})" true
	usage_error "--trace wants" run --trace '' true
}

@test "sizes and numbers are checked as the kernel would" {
	for size in 31m 0 -1 129g 64x 64mb '' m 99999999999999999999 18446744073709551615g; do
		usage_error "no size from 32m to 128g" run --mem "$size" true
	done
	for size in 32m 128g 0x4000000 64M 1G 65536k; do
		run variables --mem "$size"
		assert_success
		assert_line "RUMP_MEMLIMIT=$size"
	done
	for n in 0 17 -1 two '' 1.5; do
		usage_error "no number from 1 to 16" run --ncpu "$n" true
	done
	run variables --ncpu 16
	assert_line RUMP_NCPU=16
}

@test "the exit status is the command's own" {
	for code in 0 1 2 42 125 255; do
		run rump run -- bash -c "exit $code"
		assert_equal "$status" "$code"
		assert_output ''
	done
	run rump run sh -c 'exit 7'
	assert_failure 7
	run rump run -- sh -c 'kill -TERM $$'
	assert_failure 143
}

@test "it is the command that runs in the process, with its arguments as they are" {
	run rump run -- printf '<%s>' 'a b' '' '*' -- --mem
	assert_output '<a b><><*><--><--mem>'
	# Options end at the command.
	run rump run echo -n --help
	assert_output -- --help
	run bash -c "echo \$\$; exec '$RUMP' run -- sh -c 'echo \$\$'"
	assert_equal "${lines[0]}" "${lines[1]}"
}

@test "a command that is not there: 127" {
	for name in no-such-command ./no-such-file /no/such/dir/x /etc/passwd/x ''; do
		run -127 rump run -- "$name"
		assert_output --partial "rump: $name: "
	done
	PATH='' run -127 "$RUMP" run -- ls
	assert_output 'rump: ls: command not found'
}

@test "a command that is no program: 126" {
	echo text >file
	for name in ./file ./ /dev/null /; do
		run rump run -- "$name"
		assert_failure 126
		assert_output --partial "rump: $name: "
	done
	mkdir bin
	cp file bin/tool
	PATH=$PWD/bin run "$RUMP" run tool
	assert_failure 126
	assert_output 'rump: tool: Permission denied'
	# But one further on in PATH is taken.
	mkdir more
	printf '#!/bin/sh\necho found\n' >more/tool
	chmod +x more/tool
	PATH=$PWD/bin:/nowhere:$PWD/more:$PATH run rump run tool
	assert_success
	assert_output found
}

@test "an empty part of PATH is the working directory, as for execvp(3)" {
	printf '#!/bin/sh\necho here\n' >tool
	chmod +x tool
	PATH=:/usr/bin:/bin run "$RUMP" run tool
	assert_output here
	PATH=/usr/bin:/bin: run "$RUMP" run tool
	assert_output here
}
