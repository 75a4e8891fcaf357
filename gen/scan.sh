#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# scan.sh - run scan.awk over the files of a kernel tree that define system calls
#
# usage: gen/scan.sh LINUX PORT OUT [DEPFILE]
#
# LINUX is the tree, PORT the directory of the architecture port laid over it. The order says
# whose definition is the one that counts, the last: what the host's architecture has is there
# only for the arguments of calls that this kernel lacks; then the generic ones; then the port's
# own.

set -eu
linux=$1 port=$2 out=$3 depfile=${4:-}
here=$(dirname "$0")

# Directories rather than the whole tree, of which most is drivers. A call that is defined
# elsewhere is missed loudly: it is in System.map, and prototypes.awk finds no definition.
defining() {
	for dir in "$@"; do
		[ -d "$dir" ] && find "$dir" -name '*.c' -type f
	done | LC_ALL=C sort | xargs -r grep -l '^SYSCALL_DEFINE[0-6](' || true
}

# 32-bit x86, and the memory management of machines without an MMU.
host=$(defining "$linux/arch/x86/kernel" |
	grep -v -e process_32.c -e sys_ia32.c -e vm86_32.c -e /tls.c || true)
generic=$(cd "$linux" &&
	defining block drivers/char fs init io_uring ipc kernel lib mm net security virt |
	grep -v -e '^mm/nommu.c' | sed "s|^|$linux/|") || true
own=$(defining "$port")

if [ -z "$generic" ]; then
	echo "scan.sh: $linux: no definition of a system call; is it a kernel tree?" >&2
	exit 1
fi

# shellcheck disable=SC2086 # names of kernel files have no blanks
LC_ALL=C ${AWK:-awk} -f "$here/scan.awk" $host $generic $own >"$out.tmp"
if [ -n "$depfile" ]; then
	# shellcheck disable=SC2086
	echo "$out:" $host $generic $own >"$depfile"
fi
mv "$out.tmp" "$out"
