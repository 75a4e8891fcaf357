#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Benchmarks that are scripts run to their end and print every figure. What the figures are is for `make
# bench` to say: here everything is done once. test/bench/networks takes too long for that.

setup() {
	load ../lib/common
}

# figures SCRIPT: it prints a line for each name that it has, and the same to its table
figures() {
	local script=$RUMP_TOP/test/bench/$1 name
	mkdir "$BATS_TEST_TMPDIR/bench"
	TURNS=1 run timeout -k 5 300 "$script" "$BATS_TEST_TMPDIR/bench" "$BATS_TEST_TMPDIR/table"
	assert_success
	while read -r name; do
		[[ $name != *'just mounted' || $output != *'just mounted: no root or no loop device'* ]] || continue
		# A name may have a variable in it.
		name=$(sed -E 's/\$[a-z]+/@/g; s/[][(){}.*+?^$|]/\\&/g; s/@/.+/g' <<<"$name")
		assert_line --regexp "^$name +-?[0-9]+\.[0-9]+ +[0-9]+\.[0-9]+ [A-Za-z/]+ +(-|-?[0-9]+\.[0-9]+)"
		assert grep -qE "^$name	-?[0-9.]+	[0-9.]+	" "$BATS_TEST_TMPDIR/table"
	done < <(sed -nE "s/^\s*(line|both|pair) (['\"])([^'\"]*)\2.*/\3/p" "$script" | grep -vxF '$name')
}

@test "trees" {
	need git gcc make nginx wrk
	figures trees
	assert_line --partial 'pread 4096, second process, first'
}

@test "shim" {
	need git sqlite3
	figures shim
	assert_line --partial 'host getpid, shim'
}
