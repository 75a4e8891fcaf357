# SPDX-License-Identifier: BSD-2-Clause
# man.awk - the manual page of the system calls
#
# usage: awk -f gen/list.awk -f gen/man.awk rump_syscalls.3.in rump_syscalls.list >rump_syscalls.3

function heading(text)
{
	page = page (page == "" ? "" : ".El\n") ".Ss " text "\n.Bl -tag -width Ds\n"
}

# An argument of a macro.
function quoted(text)
{
	return text ~ / / ? "\"" text "\"" : text
}

function function_(	n, i, part, text)
{
	text = ".It Ft " quoted(returns) " Fn rump_sys_" name
	n = split(parameters, part, "; ")
	for (i = 1; i <= n; i++)
		text = text " " quoted(part[i])
	if (n == 0)
		text = text " void"
	if (variadic != "")
		text = text " ..."
	page = page text "\n" toupper(substr(brief, 1, 1)) substr(brief, 2) ".\n"
}

function fill(word)
{
	printf "%s.El\n", page
}
