#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The environment that a command gets.

load setup

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "without options nothing is hijacked, and the shim is there" {
	run variables
	assert_success
	assert_line "LD_PRELOAD=$SHIM"
	assert_line RUMPHIJACK=socket=none
	assert_line RUMP=rump
	refute_line --regexp '^RUMP_'
}

@test "the command finds its kernel by RUMP_SERVER, and not that of another" {
	run variables -s inet
	assert_line --regexp '^RUMP_SERVER=fd:[0-9]+,[0-9]+$'
	RUMP_SERVER=fd:77,1 run variables
	assert_success
	refute_line --regexp '^RUMP_'
}

@test "each option sets its variable" {
	run variables --name box --mem 64m --ncpu 2 -v --trace "$PWD/trace" -s inet:inet6
	assert_success
	assert_line RUMP_HOSTNAME=box
	assert_line RUMP=box
	assert_line RUMP_MEMLIMIT=64m
	assert_line RUMP_NCPU=2
	assert_line RUMP_VERBOSE=1
	assert_line "RUMPHIJACK_TRACE=$PWD/trace"
	assert_line RUMPHIJACK=socket=inet:inet6
	assert [ -s trace ]
	run variables --report
	assert_line RUMPHIJACK_REPORT=1
	assert_line --regexp '^rumphijack: [0-9]+ exit '
}

@test "with a network all sockets but local ones are hijacked, or those of -s" {
	run variables -n none
	assert_line RUMP_NET=none
	assert_line RUMPHIJACK=blanket=/proc/net:/proc/sys/net:/sys/class/net,socket=all:nolocal
	run variables --net none --sockets inet
	assert_line RUMPHIJACK=blanket=/proc/net:/proc/sys/net:/sys/class/net,socket=inet
}

@test "mounts become entries of RUMP_MOUNT and blankets, in their order" {
	image ext4
	mv "$IMG" disk.img
	run variables -m disk.img -m tmpfs:/tmp/x/:size=1m -m proc://kernel/./proc/
	assert_success
	assert_line "RUMP_MOUNT=$PWD/disk.img:/rump:type=ext4;tmpfs:/tmp/x:type=tmpfs,size=1m;proc:/kernel/proc:type=proc"
	assert_line RUMPHIJACK=blanket=/rump:/tmp/x:/kernel/proc,socket=none
}

@test "names with colons, semicolons and backslashes are quoted" {
	image ext4
	mkdir 'a:b;c\d'
	mv "$IMG" 'a:b;c\d/e'
	run variables -m 'a\:b;c\\d/e:/m;n'
	assert_success
	assert_line "RUMP_MOUNT=${PWD}/a\\:b\\;c\\\\d/e:/m\\;n:type=ext4"
	run variables -m tmpfs:/a -m tmpfs:/b -m 'overlay:/o:lowerdir=/a:/b'
	assert_line 'RUMP_MOUNT=tmpfs:/a:type=tmpfs;tmpfs:/b:type=tmpfs;overlay:/o:type=overlay,lowerdir=/a\:/b'
}

@test "options of a mount are passed on, and ro is what --ro adds" {
	image ext4
	run variables -m "$IMG:/m:noatime,data=journal"
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,noatime,data=journal"
	run variables --ro -m "$IMG:/m:noatime" -m tmpfs:/t
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,noatime,ro;tmpfs:/t:type=tmpfs"
	run variables --ro -m "$IMG:/m:ro"
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,ro"
	run variables --ro -m "$IMG:/m:rw"
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,rw,ro"
	run variables -m "$IMG:/m:ro,noatime,type=ext4"
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,ro,noatime"
	run variables -m "$IMG:/m:type=ext4,ro"
	assert_line "RUMP_MOUNT=$IMG:/m:type=ext4,ro"
}

@test "what the user has set stays" {
	export RUMPHIJACK=path=/r,blanket=/data,socket=inet,vfs=all RUMP_MOUNT=tmpfs:/data:type=tmpfs
	export RUMP_VERBOSE=0 RUMP_HOSTNAME=mine RUMP_MEMLIMIT=96m
	run variables
	assert_line "RUMPHIJACK=path=/r,socket=inet,vfs=all,blanket=/data"
	assert_line RUMP_MOUNT=tmpfs:/data:type=tmpfs
	assert_line RUMP_VERBOSE=0
	assert_line RUMP_HOSTNAME=mine
	assert_line RUMP_MEMLIMIT=96m
	run variables -m tmpfs:/more -s all --mem 64m
	assert_line "RUMPHIJACK=path=/r,vfs=all,blanket=/data:/more,socket=all"
	assert_line 'RUMP_MOUNT=tmpfs:/data:type=tmpfs;tmpfs:/more:type=tmpfs'
	assert_line RUMP_MEMLIMIT=64m
	RUMPHIJACK='' run variables
	assert_line RUMPHIJACK=
}

@test "LD_PRELOAD keeps what it has" {
	LD_PRELOAD=$BUILD/test/hijack_preloaded.so run variables
	assert_line "LD_PRELOAD=$SHIM:$BUILD/test/hijack_preloaded.so"
	LD_PRELOAD=$SHIM run variables
	assert_line "LD_PRELOAD=$SHIM"
	run variables
	assert_line "LD_PRELOAD=$SHIM"
}

@test "the shim is found from where the command is, by whatever name it is called" {
	ln -s "$RUMP" r
	PATH=$PWD:$PATH run r run /usr/bin/env
	assert_line "LD_PRELOAD=$SHIM"
	mkdir -p 'tree/bin' 'with blank/bin' 'with blank/lib'
	cp "$RUMP" tree/bin
	run tree/bin/rump run /usr/bin/env
	assert_failure 1
	assert_output "rump: $PWD/tree/lib/librumphijack.so: No such file or directory"
	cp "$RUMP" 'with blank/bin'
	cp "$SHIM" 'with blank/lib'
	run 'with blank/bin/rump' run /usr/bin/env
	assert_failure 1
	assert_output --partial 'cannot be preloaded'
}
