// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscalls.c - the table of system calls, and those that belong to a machine
 *
 * Numbers are the host's. Calls that act on the machine's registers or make
 * host processes have no meaning here and return ENOSYS.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/syscalls.h>
#include <asm/carrier.h>
#include <asm/direct.h>
#include <asm/files.h>
#include <asm/late.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, unsigned long, off)
{
	if (offset_in_page(off))
		return -EINVAL;
	/* What is not in the window is the host's to map. */
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) &&
	    (addr < RUMP_WINDOW_ADDR || addr >= RUMP_WINDOW_END || len > RUMP_WINDOW_END - addr))
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, off >> PAGE_SHIFT);
}

#define sys_rt_sigreturn	sys_ni_syscall
#define sys_arch_prctl		sys_ni_syscall
#define sys_modify_ldt		sys_ni_syscall
#define sys_iopl		sys_ni_syscall
#define sys_ioperm		sys_ni_syscall
#define sys_uretprobe		sys_ni_syscall
#define sys_map_shadow_stack	sys_ni_syscall

/* These would make a task without a host thread, or end one with it. */
#define sys_fork		sys_ni_syscall
#define sys_vfork		sys_ni_syscall
#define sys_clone		sys_ni_syscall
#define sys_clone3		sys_ni_syscall
#define sys_execve		sys_ni_syscall
#define sys_execveat		sys_ni_syscall
#define sys_exit		sys_ni_syscall
#define sys_exit_group		sys_ni_syscall

/* What makes a file unbuffered. */
#define sys_open		rump_sys_open
#define sys_openat		rump_sys_openat
#define sys_openat2		rump_sys_openat2
#define sys_open_by_handle_at	rump_sys_open_by_handle_at
#define sys_fcntl		rump_sys_fcntl

/* What copies the table of descriptors or limits it. */
#define sys_unshare		rump_sys_unshare
#define sys_close_range		rump_sys_close_range
#define sys_setrlimit		rump_sys_setrlimit
#define sys_prlimit64		rump_sys_prlimit64

/* What names a file-system type, which may have to be initialised first. */
#define sys_mount		rump_sys_mount
#define sys_fsopen		rump_sys_fsopen

#define __SYSCALL_NORETURN(nr, fn)	__SYSCALL(nr, fn)
#define __SYSCALL(nr, fn)	[nr] = (sys_call_ptr_t)(unsigned long)fn,

const sys_call_ptr_t sys_call_table[NR_syscalls] = {
	[0 ... NR_syscalls - 1] = (sys_call_ptr_t)(unsigned long)sys_ni_syscall,
#include <asm/syscall_table_64.h>
};
