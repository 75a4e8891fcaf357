#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The kernel's lists as one table: scan.sh, table.awk, configured.awk; on a small tree of its own.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p linux/fs linux/mm linux/arch/x86/kernel port/kernel
	cat >linux/fs/a.c <<-'END'
		SYSCALL_DEFINE0(sync)
		{
		}
		SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
		SYSCALL_DEFINE2(folded, const char __user *const, name, /* a comment */
				struct iocb __user * __user *, list)
		#ifdef CONFIG_ODD
		SYSCALL_DEFINE1(varied, int, other)
		#else
		SYSCALL_DEFINE1(varied, const unsigned, usual)
		#endif
		COMPAT_SYSCALL_DEFINE1(compat, int, a)
		#define SYSCALL_DEFINE1(name)
	END
	echo 'SYSCALL_DEFINE1(brk, int, wrong)' >linux/mm/nommu.c
	echo 'SYSCALL_DEFINE1(brk, unsigned long, brk)' >linux/mm/mmap.c
	echo 'SYSCALL_DEFINE1(mmap, unsigned long, addr)' >linux/arch/x86/kernel/sys_x86_64.c
	cat >port/kernel/syscalls.c <<-'END'
		SYSCALL_DEFINE2(mmap, unsigned long, addr, unsigned long, len)
		#define sys_gone	sys_ni_syscall
		#define sys_read	port_sys_read
	END
	cat >table <<-'END'
		# <number> <abi> <name> <entry point>
		0	common	read		sys_read
		1	64	mmap		sys_mmap
		2	common	gone		sys_gone
		3	common	was
		4	common	other_name	sys_folded
		5	common	varied		sys_varied
		6	common	sync		sys_sync
		512	x32	sync		sys_sync
	END
	cat >map <<-'END'
		0000000000001000 T sys_ni_syscall
		0000000000002000 T port_sys_read
		0000000000003000 T sys_mmap
		0000000000001000 W sys_folded
		0000000000004000 T sys_gone
		0000000000005000 T sys_sync
	END
}

table() {
	"$GEN/scan.sh" linux port defs defs.d &&
		"$AWK" -f "$GEN/table.awk" table port/kernel/syscalls.c defs
}

header() {
	table >tab && "$AWK" -f "$GEN/configured.awk" -f "$GEN/table_h.awk" tab map
}

@test "each call of the host has its number, entry and arguments" {
	run table
	assert_success
	assert_output "$(tr , '\t' <<-'END'
		0,read,port_sys_read,3,unsigned int,fd,char *,buf,size_t,count
		1,mmap,sys_mmap,2,unsigned long,addr,unsigned long,len
		2,gone,sys_ni_syscall,-1
		3,was,sys_ni_syscall,-1
		4,other_name,sys_folded,2,const char *,name,struct iocb **,list
		5,varied,sys_varied,1,unsigned int,usual,alternatives
		6,sync,sys_sync,0
	END
	)"
}

@test "the memory management of machines without an MMU does not count" {
	table >tab
	run grep brk defs
	assert_output "brk${TAB}linux/mm/mmap.c${TAB}unsigned long${TAB}brk"
}

@test "the files that were read are known to the build" {
	table >tab
	run cat defs.d
	assert_output 'defs: linux/arch/x86/kernel/sys_x86_64.c linux/fs/a.c linux/mm/mmap.c port/kernel/syscalls.c'
}

@test "a call is there unless the port, the map or a weak alias says otherwise" {
	run header
	assert_success
	assert_line 'RUMP_SYSCALL(0, read, 3, 1)'
	assert_line 'RUMP_SYSCALL(1, mmap, 2, 1)'
	assert_line 'RUMP_SYSCALL(2, gone, -1, 0)'
	assert_line 'RUMP_SYSCALL(3, was, -1, 0)'
	assert_line 'RUMP_SYSCALL(4, other_name, 2, 0)'
	assert_line 'RUMP_SYSCALL(5, varied, 1, 0)'
	assert_line 'RUMP_SYSCALL(6, sync, 0, 1)'
}

@test "a map that is older than the port's table is an error" {
	sed -i /port_sys_read/d map
	run header
	assert_failure
	assert_output --partial 'port_sys_read: System.map lacks it'
}

@test "a file that is no map is an error" {
	echo nothing >map
	run header
	assert_failure
	assert_output --partial 'is that a System.map?'
}

@test "a tree without system calls is an error" {
	rm -r linux
	run table
	assert_failure
	assert_output --partial 'linux: no definition of a system call'
}

@test "the table of this kernel is an X macro, one line a call" {
	cat >all.c <<-'END'
		#include <string.h>
		#include <sys/syscall.h>
		static const struct { int nr; const char *name; int args, has; } all[] = {
		#define RUMP_SYSCALL(nr, name, args, has) { nr, #name, args, has },
		#include "gen/syscall_table.h"
		};
		int main(void)
		{
			unsigned int i, has = 0, right = 0;

			for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
				has += all[i].has;
				right += all[i].nr == SYS_read && !strcmp(all[i].name, "read") &&
					 all[i].args == 3 && all[i].has;
				right += all[i].nr == SYS_statx && !strcmp(all[i].name, "statx") &&
					 all[i].args == 5 && all[i].has;
				right += all[i].nr == SYS_fork && !strcmp(all[i].name, "fork") &&
					 all[i].args == 0 && !all[i].has;
			}
			return i < 370 || has < 250 || right != 3;
		}
	END
	"$CC" -Wall -Wextra -Werror -I"$BUILD" all.c -o all
	run ./all
	assert_success
}
