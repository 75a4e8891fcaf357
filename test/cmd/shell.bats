#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# rump shell on a terminal, and completion in bash.

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export HOME=$PWD
}

# session SHELL [OPTION...]: type standard input into "rump shell" on a terminal, and print what it shows.
session() {
	export SHELL=$1
	shift
	local line
	set -o pipefail
	# The shell reads from its terminal as it goes.
	while IFS= read -r line; do
		sleep 0.3
		printf '%s\n' "$line"
	done | timeout -k 2 60 script -qec "$(printf '%q ' "$RUMP" shell "$@")" /dev/null | tr -d '\r'
}

@test "bash: the prompt begins with the kernel's name, and ~/.bashrc counts" {
	cat >.bashrc <<-'END'
		alias hello='echo alias works'
		PS1='mine> '
	END
	run session /bin/bash --name box <<-'END'
		hello
		echo "$RUMP_HOSTNAME:$-"
		exit 3
	END
	assert_failure 3
	assert_line --partial '(box) mine> '
	assert_line --partial 'alias works'
	assert_line --regexp 'box:[a-zA-Z]*i'
}

@test "bash without ~/.bashrc has a prompt too" {
	run session /bin/bash <<<exit
	assert_success
	assert_line --regexp '^.*\(rump\) .*[#$] '
}

@test "sh: the prompt comes by the environment" {
	run session /bin/sh -m tmpfs:/scratch <<-'END'
		echo "$RUMP_MOUNT"
		exit 4
	END
	assert_failure 4
	assert_line --partial '(rump) '
	assert_line tmpfs:/scratch:type=tmpfs
}

@test "without SHELL it is /bin/sh; one that is not there is an error" {
	unset SHELL
	run -0 rump shell <<<'readlink /proc/$$/exe'
	assert_output --partial "$(readlink -f /bin/sh)"
	SHELL=/no/such/shell run -127 rump shell
	assert_output 'rump: /no/such/shell: No such file or directory'
}

# complete WORD...: what completion makes of a line whose last word is being typed.
complete_words() {
	bash --norc -c '
		. "$1"; shift
		COMP_WORDS=(rump "$@") COMP_CWORD=$#
		compopt() { :; }
		_rump
		printf "%s\n" "${COMPREPLY[@]}"' - "$RUMP_TOP/cmd/rump.bash" "$@"
}

@test "completion: subcommands, options, families, files, commands" {
	run complete_words ru
	assert_output run
	run complete_words run --m
	assert_output $'--mount\n--mem'
	run complete_words run -
	assert_line --partial --report
	run complete_words shell ''
	assert_line --partial --ncpu
	run complete_words help ''
	assert_output "$(printf '%s\n' run shell server attach list halt dmesg)"
	run complete_words server --for
	assert_output --foreground
	run complete_words halt --
	assert_output $'--help\n--force'
	run complete_words attach name tru
	assert_line true
	run complete_words attach name -- tru
	assert_line true
	run complete_words run -s inet
	assert_output $'inet\ninet6'
	run complete_words run -s inet : netl
	assert_output netlink
	: >disk.img
	run complete_words run -m di
	assert_output disk.img
	run complete_words run -m tm
	assert_output tmpfs
	run complete_words run -n ''
	assert_output "$(printf '%s\n' default passt tap= vde= bus= none)"
	run complete_words run -n bu
	assert_output bus=
	run complete_words run -n bus = di
	assert_output disk.img
	run complete_words run -n bus =
	assert_line disk.img
	run complete_words run -n bus = disk.img,addr = 10.9.0.1/24 tru
	assert_line true
	run complete_words run -m disk.img : /mnt -v true
	assert_line true
	run complete_words run -m disk.img : /mnt --ve
	assert_output --verbose
	run complete_words run --ro -- tru
	assert_line true
	run complete_words run true --
	refute_output --partial --verbose
}

@test "completion offers every option that there is" {
	local option
	run complete_words run --
	while read -r option; do
		assert_line -- "--$option"
	done < <(sed -n 's/^	{"\([a-z]*\)", .*_argument.*/\1/p' "$RUMP_TOP/cmd/options.c")
}
