#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Sockets through the shim: the helper does the same things on the host and on the rump kernel,
# and both outputs are compared.

setup() {
	load setup.bash
	DIR=$BATS_TEST_TMPDIR/dir
	mkdir "$DIR"
}

# same GROUP [DIRECTORY]: the helper's output on the host with $DIR is that on the rump kernel
# with DIRECTORY. VARIABLES may hold a setting.
same() {
	local group=$1
	shift
	timeout -k 2 60 "$HELPERS/hijack_sockets" "$group" ${1:+"$DIR"} >"$BATS_TEST_TMPDIR/host" ||
		fail "on the host: $?"
	# Not by env(1): the kernel is started by what is above the helper, and has its variables.
	(
		[ -z "${VARIABLES:-}" ] || export "${VARIABLES?}"
		RUMPHIJACK=${RUMPHIJACK:-path=/rump,socket=all} checked "$HELPERS/hijack_sockets" \
			"$group" "$@" >"$BATS_TEST_TMPDIR/rump"
	) || fail "on the rump kernel: $?"
	run diff "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/rump"
	assert_success
	assert_nothing_escaped
	run grep -c -E ' exit host=[0-9]+ rump=[1-9]' "$REPORT"
	refute_output 0
}

@test "TCP: what calls on listening and connected sockets return" {
	same stream
	same stream6
}

@test "the ways in which connect and bind fail" {
	same connections
}

@test "options" {
	same options
}

@test "sendfile from a host file, v4 on v6, numbers of sockets among those of pipes" {
	same crossings
}

@test "ioctl on interfaces" {
	same interfaces
}

@test "UDP, several messages at once, control data" {
	same messages
}

@test "descriptors in messages get the lowest free numbers" {
	same rights
}

@test "descriptors of the host in messages of the host, with a rump kernel beside" {
	RUMPHIJACK=socket=all:nolocal run hijacked env RUMPHIJACK_BOOT=1 \
		"$HELPERS/hijack_sockets_mixed" rights
	assert_success
	assert_output "rights: done"
}

@test "credentials in messages" {
	same credentials
}

@test "unix sockets by path: all in the rump kernel" {
	same unix /rump/tmp
}

@test "unix sockets by path: moved there from the host, by prefix and by blanket" {
	RUMPHIJACK=path=/rump,socket=all:nolocal same unix /rump/tmp
	image ext4 32M
	VARIABLES="RUMP_MOUNT=$IMG:/mnt/rump" RUMPHIJACK=blanket=/mnt/rump,socket=none \
		same unix /mnt/rump
	run e2fsck -fn "$IMG"
	assert_success
}

@test "unix sockets of the host stay there" {
	RUMPHIJACK=path=/rump,socket=all:nolocal VARIABLES=RUMPHIJACK_BOOT=1 same unix "$DIR"
}

@test "netlink tells of the interfaces" {
	same links
}

@test "by whatever socket libc asks for interfaces, the rump kernel answers" {
	local name path
	for path in /sys/class/net/*; do
		[ "${path##*/}" = lo ] || name=${path##*/}
	done
	[ -n "${name:-}" ] || skip "the host has no interface but lo"
	RUMPHIJACK=socket=all:nolocal run hijacked "$HELPERS/hijack_sockets_mixed" interfaces "$name"
	assert_success
	assert_output "interfaces: done"
}

@test "raw and packet sockets" {
	same packets
}

@test "signals, cancellation and jumps during blocked calls" {
	same signals
}

@test "the same with two virtual CPUs, and with bound kernel threads" {
	local group
	for group in stream crossings messages rights signals; do
		VARIABLES=RUMP_NCPU=2 same $group
		VARIABLES=RUMP_THREADS=bound same $group
	done
}

@test "SIGPIPE ends the program" {
	RUMPHIJACK=socket=all run hijacked "$HELPERS/hijack_sockets" end pipe
	assert_equal "$status" 141
	refute_output --partial "came back"
}

@test "SIGINT and SIGTERM end a program that waits in accept, and its disk is clean" {
	local signal
	for signal in INT TERM; do
		image ext4 32M
		python3 - "$RUMP_COMMAND" "$IMG" "$HELPERS/hijack_sockets" "$signal" <<-'EOF'
			import os, signal, subprocess, sys, time
			command, image, helper, name = sys.argv[1:]
			number = getattr(signal, "SIG" + name)
			p = subprocess.Popen([command, "run", "-m", image + ":/mnt", "-s", "all:nolocal", "--",
			                      helper, "end", "wait"], stdout=subprocess.PIPE, text=True)
			assert p.stdout.readline() == "waiting\n"
			time.sleep(0.1)
			os.kill(p.pid, number)
			assert p.wait(20) == -number, p.returncode
			assert p.stdout.read() == ""
		EOF
		run dumpe2fs -h "$IMG"
		assert_line --regexp '^Filesystem state: +clean$'
		run e2fsck -fn "$IMG"
		assert_success
		refute_output --partial 'recovering journal'
	done
}

@test "sendmmsg and recvmmsg of 40 messages by paths of the image: each has its sender's name" {
	image ext4 32M
	cat >"$BATS_TEST_TMPDIR/many.c" <<-'END'
		#define _GNU_SOURCE
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/un.h>
		#define N 40
		static int named(struct sockaddr_un *name, const char *path)
		{
			int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

			*name = (struct sockaddr_un){.sun_family = AF_UNIX};
			strcpy(name->sun_path, path);
			return bind(fd, (struct sockaddr *)name, sizeof(*name)) ? -1 : fd;
		}
		int main(void)
		{
			static struct mmsghdr out[N], in[N];
			static struct sockaddr_un from, to, names[N];
			static struct iovec part[2 * N];
			static char bytes[2 * N];
			FILE *queue = fopen("/rump/proc/sys/net/unix/max_dgram_qlen", "w");
			int a, b, got = 0, sent = 0, good = 0;

			if (!queue || fputs("100", queue) < 0 || fclose(queue))
				return 2;
			a = named(&from, "/rump/mnt/from");
			b = named(&to, "/rump/mnt/to");
			for (int i = 0; i < N; i++) {
				bytes[i] = (char)i;
				part[i] = (struct iovec){bytes + i, 1};
				part[N + i] = (struct iovec){bytes + N + i, 1};
				out[i].msg_hdr = (struct msghdr){&to, sizeof(to), part + i, 1};
				in[i].msg_hdr = (struct msghdr){names + i, sizeof(names[i]), part + N + i, 1};
			}
			while (sent < N) {
				int n = sendmmsg(a, out + sent, (unsigned)(N - sent), MSG_DONTWAIT);

				if (n <= 0)
					return 1;
				sent += n;
			}
			while (got < N) {
				int n = recvmmsg(b, in + got, (unsigned)(N - got), MSG_DONTWAIT, NULL);

				if (n <= 0)
					return 1;
				got += n;
			}
			for (int i = 0; i < N; i++)
				good += bytes[N + i] == i && !strcmp(names[i].sun_path, from.sun_path);
			return printf("%d %d %d\n", sent, got, good) < 0;
		}
	END
	gcc -O2 -o "$BATS_TEST_TMPDIR/many" "$BATS_TEST_TMPDIR/many.c"
	RUMP_MOUNT=$IMG:/mnt RUMPHIJACK=path=/rump LD_PRELOAD=$SHIM run timeout -k 2 20 "$BATS_TEST_TMPDIR/many"
	assert_success
	assert_output "40 40 40"
	assert_image_clean
}
