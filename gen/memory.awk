# SPDX-License-Identifier: BSD-2-Clause
# memory.awk - which memory a system call reads and fills, for the shim to have it there
#
# usage: awk -f gen/memory.awk hijack_table.h >hijack_memory.h
#
# The output is the initialiser of extents[] (hijack/memory.c): of each rule what struct extent has.

BEGIN {
	print "/* made by gen/memory.awk */"
	n = split("msg msgs vector length fills room count size more", field, " ")
}

$1 ~ /^\[[0-9]+\]$/ {
	text = ""
	for (i = 1; i <= n; i++)
		if (match($0, "\\." field[i] " = [0-9]+"))
			text = text (text == "" ? " " : ", ") substr($0, RSTART, RLENGTH)
	if (text != "")
		print "\t" $1 " = {" text " },"
}
