# SPDX-License-Identifier: BSD-2-Clause
# configured.awk - which system calls a built kernel has, from its System.map; for others to include
#
# A call that is not configured is absent, or a weak alias of sys_ni_syscall (the kernel's COND_SYSCALL)
# and so at its address.

# A line of System.map: ADDRESS TYPE SYMBOL
function read_map(	word)
{
	split($0, word, " ")
	if (word[3] ~ /^sys_/)
		address[substr(word[3], 5)] = word[1]
}

function check_map()
{
	if ("ni_syscall" in address)
		return
	print "configured.awk: no sys_ni_syscall; is that a System.map?" >"/dev/stderr"
	exit 1
}

# Whether the kernel has the function sys_@entry.
function has(entry)
{
	return entry in address && address[entry] != address["ni_syscall"]
}
