# SPDX-License-Identifier: BSD-2-Clause
# names.awk - what the shim's trace prints by: names of system calls, and how to show their arguments
#
# usage: awk -f gen/names.awk hijack_table.h >hijack_names.h
#
# The output is the initialiser of names[] (hijack/trace.c).

BEGIN {
	print "/* made by gen/names.awk */"
}

# [0] = { "read", "dxd", ...
$1 ~ /^\[[0-9]+\]$/ {
	printf "\t%s = { %s %s },\n", $1, $4, substr($5, 1, length($5) - 1)
}
