# SPDX-License-Identifier: BSD-2-Clause
# configured.awk - which system calls a built kernel has, from its System.map; for others to include
#
# A call that is not configured is absent, or a weak alias of sys_ni_syscall (the kernel's
# COND_SYSCALL) and so at its address.

# A line of System.map: ADDRESS TYPE SYMBOL
function read_map(	word)
{
	split($0, word, " ")
	if (word[3] ~ /sys_/)
		address[word[3]] = word[1]
}

function check_map()
{
	if ("sys_ni_syscall" in address)
		return
	print "configured.awk: no sys_ni_syscall; is that a System.map?" >"/dev/stderr"
	exit 1
}

# Whether the kernel has the function @entry for a call. One that the port has put into the table
# itself has no business to be absent: the map is of another kernel.
function has(entry)
{
	if (!(entry in address) && entry !~ /^sys_/) {
		print "configured.awk: " entry \
			": System.map lacks it; is it older than the sources?" >"/dev/stderr"
		exit 1
	}
	return entry in address && address[entry] != address["sys_ni_syscall"]
}
