# SPDX-License-Identifier: BSD-2-Clause
# table_h.awk - the host's system calls for programs: numbers, names, and which the kernel has
#
# usage: awk -f gen/configured.awk -f gen/table_h.awk syscalls.tab System.map >syscall_table.h

BEGIN { FS = "\t" }
FNR == 1 { file++ }
file == 1 { call[++calls] = $0 }
file == 2 { read_map() }

END {
	check_map()
	print "/* SPDX-License-Identifier: BSD-2-Clause */"
	print "/* syscall_table.h - the host's system calls; made by gen/table_h.awk"
	print " *"
	print " * Define RUMP_SYSCALL(number, name, arguments, has) and include it, as often as"
	print " * needed. arguments is -1 for a call that no kernel has any more; has is 1 if the"
	print " * rump kernel has it."
	print " */"
	for (i = 1; i <= calls; i++) {
		split(call[i], word, "\t")
		printf "RUMP_SYSCALL(%d, %s, %d, %d)\n", word[1], word[2], word[4], has(word[3])
	}
	print "#undef RUMP_SYSCALL"
}
