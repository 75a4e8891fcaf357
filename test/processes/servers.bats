#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Servers with workers, in one kernel with their clients.

setup() {
	load setup.bash
	new_image
}

teardown() {
	end_clean
}

@test "redis: a socket and an append-only file in the image, and a background save" {
	need redis-server redis-cli
	run script <<-'END'
		redis-server --port 0 --unixsocket /mnt/rs --dir /mnt --appendonly yes >rlog &
		for ((i = 0; i < 100; i++)); do [ -S rs ] && break; sleep 0.1; done
		redis-cli -s /mnt/rs set a 1
		redis-cli -s /mnt/rs bgsave >answer
		sleep 1
		redis-cli -s /mnt/rs shutdown
		wait $!
		echo $?
		head -c 5 dump.rdb
	END
	assert_success
	assert_output "$(printf 'OK\n0\nREDIS')"
}
