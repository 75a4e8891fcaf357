#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What processes have to do with each other by files, in the rump kernel and on the host.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

# alike COMMAND...: it prints the same with /mnt and with a directory of the host as its last arguments' @
alike() {
	local expected
	mkdir "$HERE/at"
	expected=$(timeout -k 2 60 "${@/#@/$HERE/at}" 2>&1)
	run inside "${@/#@//mnt}"
	assert_success
	assert_output "$expected"
	assert [ -n "$output" ]
}

@test "locks of flock, fcntl and open file descriptions exclude, pass on and end with their holder, killed or crashed; leases" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ locks
}

@test "pipes by name: data, end of file, SIGPIPE, a killed or crashed writer" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ pipes
}

@test "unix sockets: descriptors and credentials of another process, a killed peer" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ sockets
}

@test "mappings of one file in several processes are one; inherited, truncated, killed" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ mappings
}

@test "signals and waits: handlers, stops, groups, statuses, the parent's death" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ signals
}

@test "SIGIO and SIGURG for the owner of a file reach another process, whatever it does" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ owners
}

@test "umask, credentials and limits are a process's own, and last over exec" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ rights
}

@test "working directories, descriptors and offsets over fork and exec" {
	alike python3 "$RUMP_TOP/test/helpers/processes_relations.py" @ cwd
}
