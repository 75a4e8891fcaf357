#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Processes that are killed, by another of the same kernel.

setup() {
	load setup.bash
	new_image 200M
}

teardown() {
	end_clean
}

@test "60 kills in a tree of 8 busy processes: the others go on" {
	run inside python3 "$RUMP_TOP/test/helpers/processes_kills.py" 60 7
	assert_success
	assert_output '60 killed'
}

@test "the same with four virtual CPUs" {
	RUMP_NCPU=4 run inside python3 "$RUMP_TOP/test/helpers/processes_kills.py" 60 8
	assert_success
	assert_output '60 killed'
}

@test "60 stops of busy, blocked and waiting processes and threads: the others go on" {
	run inside python3 "$RUMP_TOP/test/helpers/processes_stops.py" 60 5
	assert_success
	assert_output "60 stops"
}

@test "200 processes at once, and 500 in sequence" {
	run script <<-'END'
		echo text >f
		for ((i = 0; i < 200; i++)); do (read -r x <f; sleep 2; [ "$x" = text ] && echo $i >>log) & done
		wait
		wc -l <log
		for ((i = 0; i < 500; i++)); do (read -r x <f; [ "$x" = text ]) || echo "$i failed"; done
		echo end
	END
	assert_success
	assert_output "$(printf '200\nend')"
}
