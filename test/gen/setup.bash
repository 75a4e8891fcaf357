# SPDX-License-Identifier: BSD-2-Clause
# What the suites of test/gen share. They look at what the build made, or run the scripts of gen/ on
# lists of their own.

# shellcheck disable=SC2034 # the suites use them
load ../lib/common

GEN=$RUMP_TOP/gen
HELPERS=$RUMP_TOP/test/helpers
CC=${CC:-gcc}
CXX=${CXX:-g++}
AWK=${AWK:-awk}
TAB=$'\t'

# calls HAS: the calls of the table that the kernel has (1) or lacks (0)
calls() {
	sed -n "s/^RUMP_SYSCALL([0-9]*, \([a-z0-9_]*\), -\{0,1\}[0-9]*, $1)/\1/p" \
		"$BUILD/gen/syscall_table.h"
}

# The functions that a program can call, by the public header, without rump_sys_.
declared() {
	sed -n 's/^[a-z].*rump_sys_\([a-z0-9_]*\)(.*/\1/p' "$BUILD/include/rump/rump_syscalls.h" |
		LC_ALL=C sort
}

# Compile the wrappers over a kernel that only remembers what it was called with.
wrappers() {
	mkdir -p kernel/lib
	cp "$HELPERS/gen_enter.h" kernel/lib/enter.h
	"$CC" -std=gnu11 -O1 -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
		-fvisibility=hidden -D_GNU_SOURCE -I. -I"$BUILD/include" "$@"
}
