#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The rump kernel in the program's process: boot, RUMP_MOUNT, calls, signals, the end.

setup() {
	load setup.bash
	IMG=$BATS_TEST_TMPDIR/img
}

# new_image: make $IMG, an ext4 file system.
new_image() {
	image ext4 32M
}

# booted VARIABLE=VALUE... COMMAND...: run it under the shim, which boots the kernel at once.
booted() {
	timeout -k 2 60 env LD_PRELOAD="$SHIM" RUMPHIJACK_BOOT=1 "$@"
}

# caller [VARIABLE=VALUE...] TEST: run one of the helper that calls the kernel, with $IMG on /mnt.
caller() {
	timeout -k 2 100 env RUMP_MOUNT="$IMG:/mnt" LD_PRELOAD="${SHIM%.so}-test.so" \
		"${@:1:$#-1}" "$HELPERS/hijack_kernel" "${@: -1}"
}

# in_every_mode TEST...: they pass with carried and bound threads, with two CPUs, under the checker.
in_every_mode() {
	local name mode
	for name; do
		for mode in RUMP_NCPU=1 RUMP_NCPU=2 RUMP_THREADS=bound RUMPHIJACK_SUD=1; do
			new_image
			run caller "$mode" "$name"
			assert_success
			assert_output "$name: done"
			assert_image_clean
		done
	done
}

# The image was unmounted, and fsck finds nothing.
assert_image_clean() {
	run e2fsck -fn "$IMG"
	assert_success
	refute_output --partial 'recovering journal'
}

# assert_image_has_file: what the helper's test_file() has written is there.
assert_image_has_file() {
	run debugfs -R 'cat /file' "$IMG"
	assert_line hello
}

@test "bad pointers are the host's to refuse while there is no kernel" {
	RUMPHIJACK=blanket=/nowhere run hijacked python3 -IS -c 'import ctypes
call = ctypes.CDLL(None, use_errno=True).syscall
SYS_stat, SYS_utimensat, SYS_openat = 4, 280, 257
def result(*args):
    return call(*args) if (r := call(*args)) != -1 else -ctypes.get_errno()
pages = ctypes.CDLL(None).mmap
pages.restype = ctypes.c_void_p
end = pages(None, ctypes.c_size_t(8192), 3, 0x22, -1, 0) + 4096
ctypes.CDLL(None).mprotect(ctypes.c_void_p(end), 4096, 0)
ctypes.memset(end - 4, ord("/"), 4)
with open("/proc/self/status") as f:
    print(result(SYS_utimensat, f.fileno(), None, None, 0) in (0, -1, -13),
          [result(SYS_stat, ctypes.c_void_p(p), ctypes.c_void_p(end - 4096)) for p in (0, 8, 4095, end, end - 4)],
          "Threads:\t1\n" in f.read())'
	assert_success
	assert_output 'True [-14, -14, -14, -14, -14] True'
}

@test "a program that does not need the kernel has none" {
	RUMP_MOUNT="$BATS_TEST_TMPDIR/missing:/mnt" run hijacked grep Threads /proc/self/status
	assert_success
	assert_output --regexp '^Threads:\s1$'
}

@test "RUMPHIJACK_BOOT=1 boots at the first call, and the kernel's threads have names" {
	local name=b$BASHPID
	ln -s "$(command -v bash)" "$BATS_TEST_TMPDIR/$name"
	# shellcheck disable=SC2016
	run booted "$BATS_TEST_TMPDIR/$name" -c 'for comm in /proc/[0-9]*/comm; do
	name= && read -r name <"$comm"
	[ "$name" = "rump:$1" ] && echo one && cat "${comm%comm}"task/*/comm
done 2>/dev/null
exit 0' - "$name"
	assert_success
	assert_equal "$(grep -c '^one$' <<<"$output")" 1
	assert_line rump-helper
	assert_line rump-server
}

@test "an image is mounted at boot and unmounted at exit" {
	new_image
	run booted RUMP_MOUNT="$IMG:/mnt/deep/er" true
	assert_success
	run dumpe2fs -h "$IMG"
	assert_line --regexp '^Mount count: +1$'
	assert_line --regexp '^Filesystem state: +clean$'
	assert_image_clean
}

@test "calls reach the mounted image, and it is clean after exit(), _exit() and SIGTERM" {
	new_image
	run caller file
	assert_success
	assert_image_has_file
	assert_image_clean
	new_image
	run caller quick_exit
	assert_success
	assert_image_has_file
	assert_image_clean
	new_image
	run caller killed
	assert_failure 143
	assert_image_has_file
	assert_image_clean
}

@test "RUMP_MOUNT: several entries, quoting, options, types" {
	new_image
	cp "$IMG" "$BATS_TEST_TMPDIR/a;b:c\\d"
	run booted RUMP_VERBOSE=1 \
		RUMP_MOUNT="$IMG:/a:ro,noatime;$BATS_TEST_TMPDIR/a\\;b\\:c\\\\d:/b:type=ext4,data=journal;x:/c:type=tmpfs,size=1m;$IMG.2" \
		true
	assert_failure 1
	assert_output --regexp 'EXT4-fs \(rump0\): mounted filesystem [-0-9a-f]+ ro '
	assert_output --regexp 'EXT4-fs \(rump1\): mounted filesystem [-0-9a-f]+ r/w with journalled data mode'
	assert_output --partial "rump: cannot use $IMG.2: No such file or directory"
}

@test "RUMP_MOUNT: a relative name is relative to where the program starts" {
	new_image
	cd "$(dirname "$IMG")"
	RUMP_MOUNT=${IMG##*/}:/mnt LD_PRELOAD="${SHIM%.so}-test.so" run timeout 20 \
		"$HELPERS/hijack_kernel" elsewhere
	assert_success
	assert_image_has_file
}

@test "an image of another type is known" {
	image vfat 32M
	run booted RUMP_VERBOSE=1 RUMP_MOUNT="$IMG:/mnt" true
	assert_success
	run caller file
	assert_success
	run fsck.vfat -n "$IMG"
	assert_success
}

@test "a wrong RUMP_MOUNT is a message and exit status 2 before the program starts" {
	while read -r value message; do
		RUMP_MOUNT=$value LD_PRELOAD=$SHIM run /bin/echo started
		assert_failure 2
		assert_output "rump: RUMP_MOUNT has $message"
	done <<-'END'
		a:/b:ro:d more than SRC:DIR:OPTIONS
		a:b a directory that does not begin with '/'
		a: a directory that does not begin with '/'
		:/b nothing to mount
		a:/b;;c nothing to mount
		a\b a backslash that quotes neither ':' nor ';' nor '\'
		a\ a backslash that quotes neither ':' nor ';' nor '\'
		a:/b:ro,,rw an option that is empty or not a number
		a:/b:type= an option that is empty or not a number
	END
}

@test "a wrong RUMPHIJACK is a message and exit status 2 before the program starts" {
	local sixteen
	sixteen=$(printf '/d%s:' {1..16})
	while read -r value message; do
		RUMPHIJACK=$value LD_PRELOAD=$SHIM run /bin/echo started
		assert_failure 2
		assert_output "rumphijack: $message"
	done <<-END
		word RUMPHIJACK has an unknown word: word
		path RUMPHIJACK has an unknown word: path
		paths=/a RUMPHIJACK has an unknown word: paths=/a
		path=/a,Blanket=/b RUMPHIJACK has an unknown word: Blanket=/b
		path=rump RUMPHIJACK: not an absolute path of a directory below /: rump
		path=./rump RUMPHIJACK: not an absolute path of a directory below /: ./rump
		path=/a:b RUMPHIJACK: not an absolute path of a directory below /: b
		blanket=mnt RUMPHIJACK: not an absolute path of a directory below /: mnt
		path=/a/../b RUMPHIJACK: not an absolute path of a directory below /: /a/../b
		path=/a/.. RUMPHIJACK: not an absolute path of a directory below /: /a/..
		blanket=/.. RUMPHIJACK: not an absolute path of a directory below /: /..
		blanket=/./a RUMPHIJACK: not an absolute path of a directory below /: /./a
		blanket=/a/. RUMPHIJACK: not an absolute path of a directory below /: /a/.
		path=//a RUMPHIJACK: not an absolute path of a directory below /: //a
		path=/ RUMPHIJACK: not an absolute path of a directory below /: /
		blanket=/// RUMPHIJACK: not an absolute path of a directory below /: ///
		path=${sixteen}/more RUMPHIJACK: too many paths: /more
		path=$sixteen,blanket=/more RUMPHIJACK: too many paths: /more
		socket=ipx RUMPHIJACK: socket= has an unknown word: ipx
		socket=all:noipx RUMPHIJACK: socket= has an unknown word: noipx
		socket=all,path=/a,inet RUMPHIJACK has an unknown word: inet
		socket=noall RUMPHIJACK: socket= has an unknown word: noall
	END
}

@test "RUMPHIJACK: what is accepted" {
	local sixteen
	sixteen=$(printf '/d%s:' {1..16})
	for value in path=/a blanket=/a:/b/,path=/c "path=$sixteen" path=/..a:/a..:/.a socket=none \
		socket=all:nolocal:nonetlink socket=unix:inet:inet6:route:netlink:packet:link \
		sysctl= sysctl=no,fdoff=128,vfs=getvfsstat:nosync ,path=/a,, ""; do
		RUMPHIJACK=$value LD_PRELOAD=$SHIM run /bin/echo started
		assert_success
		assert_output started
	done
}

# sockets_of [VARIABLE=VALUE...]: whose sockets of some families are, and the file system of /rump; -IS, as
# Python's site module asks for the user's home without HOME, over a socket
sockets_of() {
	rm -f "$TRACE"
	run timeout -k 2 60 env "$@" RUMPHIJACK_TRACE="$TRACE" LD_PRELOAD="$SHIM" python3 -IS -c 'import os, socket
for family in 1, 2, 10, 16: socket.socket(family, socket.SOCK_DGRAM).close()
print(os.path.exists("/rump/proc"))'
	assert_success
	output+=$(sed -nE 's/.* ([HR]) socket\(([0-9]+),.*/ \1\2/p' "$TRACE" | tr -d '\n')
}

@test "RUMPHIJACK unset means path=/rump,socket=all:nolocal, empty means nothing" {
	assert_not_exists /rump
	sockets_of -u RUMPHIJACK
	local unset=$output
	sockets_of RUMPHIJACK=path=/rump,socket=all:nolocal
	assert_output "$unset"
	assert_output "True H1 R2 R10 R16"
	sockets_of RUMPHIJACK=
	assert_output "False H1 H2 H10 H16"
}

@test "a fuzzer finds nothing in the parsers of RUMPHIJACK, RUMP_MOUNT and RUMP_NET in a short run" {
	local corpus=$BATS_TEST_TMPDIR/corpus
	mkdir "$corpus"
	printf '\0path=/rump,blanket=/a:/b,socket=all:nolocal:inet,vfs=x,sysctl=,fdoff=8' >"$corpus/places"
	printf '\001a\\:b:/c:ro,type=ext4,offset=12,sizelimit=34,x=y;tmpfs:/d;e' >"$corpus/mounts"
	printf '\002bus=/b,addr=10.0.0.2/24,gw=10.0.0.1,mac=02:00:00:00:00:01 passt,tcp=80,mtu=1500' >"$corpus/bus"
	printf '\002tap=t,addr=fe80::1/64,dns=::1 vde=/x,dhcp none' >"$corpus/tap"
	run "$HELPERS/hijack_fuzz_words" -seed=1 -runs=100000 -max_len=600 \
		-artifact_prefix="$BATS_TEST_TMPDIR/" "$corpus"
	assert_success
}

@test "wrong parameters of the kernel are exit status 2 before the program starts" {
	for value in RUMP_NCPU=17 RUMP_NCPU=x RUMP_MEMLIMIT=1 RUMP_THREADS=some RUMPHIJACK_BOOT=yes; do
		run env LD_PRELOAD="$SHIM" "$value" /bin/echo started
		assert_failure 2
		assert_output --partial "${value%=*}"
		refute_output --partial started
	done
}

@test "what cannot be mounted is the kernel's reason and exit status 1" {
	head -c 1M /dev/zero >"$IMG"
	run booted RUMP_MOUNT="$IMG:/mnt" /bin/echo started
	assert_failure 1
	assert_output "rump: $IMG has no file system that is known"
	run booted RUMP_MOUNT="$IMG:/mnt:type=ext4" /bin/echo started
	assert_failure 1
	assert_line "rump: cannot mount $IMG on /mnt as ext4: Invalid argument"
	assert_line --partial "EXT4-fs (rump0): VFS: Can't find ext4 filesystem"
	run booted RUMP_MOUNT="$IMG:/mnt:type=nofs" /bin/echo started
	assert_failure 1
	assert_line "rump: cannot mount $IMG on /mnt as nofs: No such device"
	run booted RUMP_MOUNT="$BATS_TEST_TMPDIR:/mnt" /bin/echo started
	assert_failure 1
	assert_output "rump: cannot use $BATS_TEST_TMPDIR: Is a directory"
	refute_output --partial started
}

@test "an image that another kernel writes is refused, and its holder named" {
	new_image
	mkfifo "$BATS_TEST_TMPDIR/up" "$BATS_TEST_TMPDIR/end"
	# It says that it is up, and waits until it is to end.
	# shellcheck disable=SC2016 # the inner shell expands it
	booted RUMP_MOUNT="$IMG:/mnt" bash -c 'echo >"$0/up"; read -r <"$0/end"' "$BATS_TEST_TMPDIR" 3>&- &
	read -r -t 60 <>"$BATS_TEST_TMPDIR/up"
	run booted RUMP_MOUNT="$IMG:/mnt" /bin/echo started
	echo >"$BATS_TEST_TMPDIR/end"
	wait $!
	assert_failure 1
	assert_output --regexp "^rump: $IMG is in use by process [0-9]+ \(rump:bash\)$"
}

@test "the kernel image is missing" {
	run booted RUMP_KERNEL="$BATS_TEST_TMPDIR/none" /bin/echo started
	assert_failure 1
	assert_output "rump: cannot open the kernel image $BATS_TEST_TMPDIR/none: No such file or directory"
}

@test "bad pointers give EFAULT, whatever the program does with SIGSEGV" {
	in_every_mode faults shim_faults
}

@test "a fault that is blocked, or sent and not handled, ends the program" {
	new_image
	run caller blocked_fault
	assert_failure 139
	run caller sent_fault
	assert_failure 139
	refute_output --partial hijack_kernel.c
}

@test "signals interrupt and restart blocked calls as sigaction(2) says" {
	in_every_mode eintr restart sleep handler_calls
}

@test "siglongjmp() and pthread_cancel() leave blocked calls" {
	in_every_mode jump jump_anywhere cancel
}

@test "the program sees the masks and actions that it has set" {
	in_every_mode views
}

@test "threads find the kernel needed at once, and come and go" {
	in_every_mode threads
	new_image
	run caller many_threads
	assert_success
}

# The upper layer gives it one: test/processes/relations.bats.
@test "without the upper layer a fork child has no kernel and does no harm to its parent's" {
	in_every_mode forked
}

@test "spawned children leave the parent's handlers alone" {
	in_every_mode spawned
}

@test "the kernel boots in a signal handler on a small stack" {
	in_every_mode boot_in_handler
}

@test "the program gets no SIGCHLD from the shim's helper" {
	in_every_mode no_sigchld
}
