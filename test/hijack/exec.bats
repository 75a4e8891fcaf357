#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The shim stays in what a program executes.

setup() {
	load setup.bash
}

@test "a cleared environment gets LD_PRELOAD and the RUMP variables back, in every way of exec" {
	for how in execve execveat fexecve spawn vfork; do
		RUMP_VERBOSE=0 run helper exec "$how" /usr/bin/env A=1
		assert_success
		assert_line A=1
		assert_line "LD_PRELOAD=$SHIM"
		assert_line RUMPHIJACK_SUD=1
		assert_line RUMP_VERBOSE=0
		assert_line "RUMPHIJACK_REPORT=$REPORT"
	done
	run helper exec null /usr/bin/env
	assert_success
	assert_line "LD_PRELOAD=$SHIM"
	assert_nothing_escaped
}

@test "env -i and unset LD_PRELOAD do not get rid of it" {
	run checked env -i /usr/bin/env
	assert_line "LD_PRELOAD=$SHIM"
	# shellcheck disable=SC2016
	run checked bash -c 'unset LD_PRELOAD RUMPHIJACK_SUD; /usr/bin/env'
	assert_line "LD_PRELOAD=$SHIM"
	assert_line RUMPHIJACK_SUD=1
}

@test "a variable that the program sets stays as it is" {
	run checked bash -c 'RUMPHIJACK_SUD=0 LD_PRELOAD= /usr/bin/env'
	assert_line RUMPHIJACK_SUD=0
	assert_line "LD_PRELOAD=$SHIM"
	run checked env LD_PRELOAD="$HELPERS/hijack_preloaded.so" /usr/bin/env
	assert_line "LD_PRELOAD=$SHIM:$HELPERS/hijack_preloaded.so"
	run checked env LD_PRELOAD="$HELPERS/hijack_preloaded.so:$SHIM" /usr/bin/env
	assert_line "LD_PRELOAD=$HELPERS/hijack_preloaded.so:$SHIM"
}

@test "5000 variables are passed on" {
	run helper exec many /usr/bin/env
	assert_success
	assert_line MANY_4999=4999
	assert_line "LD_PRELOAD=$SHIM"
}

@test "bad pointers give EFAULT" {
	run helper exec fault
	assert_success
	assert_output "fault: done"
}

@test "relative names in the environment hold after a chdir" {
	cd "$TOP"
	LD_PRELOAD=build/lib/librumphijack.so RUMPHIJACK_REPORT=r.$$ \
		run bash -c 'cd /; /usr/bin/env'
	rm -f "r.$$"
	assert_success
	assert_line "LD_PRELOAD=$SHIM"
	assert_line "RUMPHIJACK_REPORT=$TOP/r.$$"
	cd "$TOP/build/lib"
	LD_LIBRARY_PATH=. LD_PRELOAD=librumphijack.so run bash -c 'cd /; /usr/bin/env'
	assert_success
	refute_line --regexp 'cannot be preloaded'
}

@test "a wrong setting is a message and exit status 2" {
	RUMPHIJACK_SUD=yes LD_PRELOAD=$SHIM run /bin/echo started
	assert_failure 2
	assert_output --partial "invalid setting RUMPHIJACK_SUD=yes"
	refute_output --partial started
}

@test "the trace shows the paths of calls that are seldom made" {
	RUMPHIJACK_TRACE=$TRACE LD_PRELOAD=$SHIM run python3 - <<-'P'
		import ctypes, os
		libc = ctypes.CDLL(None)
		libc.inotify_add_watch(-1, b"/a", 2)
		libc.mknodat(-1, b"b", 0o10644, 0)
		libc.syscall(452, -1, b"c", 0o600, 0x100)
		libc.name_to_handle_at(-1, b"d", None, None, 0)
		libc.lgetxattr(b"/no/e", b"user.f", None, 0)
		libc.lremovexattr(b"/no/g", b"user.h")
		libc.syscall(132, b"/no/i", None)
	P
	assert_success
	run cat "$TRACE"
	assert_line --regexp ' H inotify_add_watch\(-1, "/a", 0x2\) = -9$'
	assert_line --regexp ' H mknodat\(-1, "b", 010644, 0\) = -9$'
	assert_line --regexp ' H fchmodat2\(-1, "c", 0600, 0x100\) = -[0-9]+$'
	assert_line --regexp ' H name_to_handle_at\(-1, "d", 0, 0, 0\) = -[0-9]+$'
	assert_line --regexp ' H lgetxattr\("/no/e", "user.f", 0, 0\) = -2$'
	assert_line --regexp ' H lremovexattr\("/no/g", "user.h"\) = -2$'
	assert_line --regexp ' H utime\("/no/i", 0\) = -2$'
}

@test "the report counts and the trace lists what a program does" {
	RUMPHIJACK_REPORT=1 RUMPHIJACK_TRACE=$TRACE LD_PRELOAD=$SHIM run cat /etc/hostname
	assert_success
	assert_line --regexp '^rumphijack: [0-9]+ exit host=[1-9][0-9]* rump=0 objects=2 sites=[0-9]+ kept=[0-9]+ failed=0 escaped=0$'
	run cat "$TRACE"
	assert_line --regexp '^[0-9]+ H openat\(-100, "/etc/hostname", 0, 0\) = [0-9]+$'
	assert_line --regexp '^[0-9]+ H exit_group\(0\) = \?$'
}
