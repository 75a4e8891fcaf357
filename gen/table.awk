# SPDX-License-Identifier: BSD-2-Clause
# table.awk - one line for every system call of the host's table
#
# usage: awk -f gen/table.awk syscall_64.tbl PORT/kernel/syscalls.c syscalls.def >syscalls.tab
#
# Theory of operation
#
# Joins the numbers and names (the kernel's table, ABIs common and 64) with the definitions
# (scan.awk) and with what the port puts in the table in place of a call (its #define sys_NAME
# sys_OTHER). A line of output is
#
#	NUMBER NAME ENTRY COUNT TYPE1 ARG1 TYPE2 ARG2 ...
#
# with tabs between. ENTRY is the function behind the call: sys_ni_syscall where the table has
# none or the port has taken it out, which does not depend on the configuration. COUNT is -1
# when nothing in the tree defines the call, so that its arguments are not known; "alternatives"
# follows the last argument of a call whose definition depends on the configuration.
#
# Later definitions replace earlier ones, see scan.sh. Within a file they are #ifdef branches,
# with the one that ordinary machines have at the end.

BEGIN { FS = "\t" }

FNR == 1 { file++ }

# The table: <number> <abi> <name> <entry point> [<compat entry point> [noreturn]]
file == 1 && /^[0-9]/ {
	split($0, word, /[ \t]+/)
	if (word[2] != "common" && word[2] != "64")
		next
	number[++calls] = word[1]
	name[calls] = word[3]
	entry[calls] = word[4] == "" ? "sys_ni_syscall" : word[4]
}

file == 2 && /^#define[ \t]+sys_/ {
	split($0, word, /[ \t]+/)
	instead[word[2]] = word[3]
}

file == 3 {
	arguments = ""
	for (i = 3; i <= NF; i++)
		arguments = arguments "\t" $i
	if ($1 in source && source[$1] == $2 && definition[$1] != arguments)
		varies[$1] = 1
	else if (source[$1] != $2)
		delete varies[$1]
	source[$1] = $2
	definition[$1] = arguments
	count[$1] = (NF - 2) / 2
}

END {
	if (file != 3 || !calls) {
		print "table.awk: wants a table, the port's syscalls.c and syscalls.def" \
			>"/dev/stderr"
		exit 1
	}
	for (i = 1; i <= calls; i++) {
		e = entry[i]
		d = substr(e, 5)
		printf "%d\t%s\t%s\t%d%s%s\n", number[i], name[i],
			(e in instead ? instead[e] : e), (d in count ? count[d] : -1),
			definition[d], (d in varies ? "\talternatives" : "")
	}
}
