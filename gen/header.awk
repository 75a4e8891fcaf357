# SPDX-License-Identifier: BSD-2-Clause
# header.awk - the public header of the system calls
#
# usage: awk -f gen/list.awk -f gen/header.awk rump_syscalls.h.in rump_syscalls.list
#
# Structures are declared, not defined: those who use one include its header, and the others
# need none.

# Note the structures and unions that @text speaks of.
function note(text,	what)
{
	while (match(text, /(struct|union) [a-z_0-9]+/)) {
		what = substr(text, RSTART, RLENGTH)
		if (!(what in noted)) {
			noted[what] = 1
			structs[++struct_count] = what
		}
		text = substr(text, RSTART + RLENGTH)
	}
}

function heading(text)
{
	prototypes = prototypes "\n/*\n * " text "\n */\n"
}

function function_()
{
	note(parameters)
	prototypes = prototypes "\n/* " brief " */\n" \
		folded(before_name(returns) "rump_sys_" name "(" parameter_list() ");")
}

# In order, by insertion.
function fill(word,	i, j, t)
{
	if (word == "PROTOTYPES") {
		print prototypes
		return
	}
	for (i = 2; i <= struct_count; i++) {
		t = structs[i]
		for (j = i - 1; j && structs[j] > t; j--)
			structs[j + 1] = structs[j]
		structs[j + 1] = t
	}
	for (i = 1; i <= struct_count; i++)
		print structs[i] ";"
}
