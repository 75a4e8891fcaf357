/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * rump.h - what librump and the kernel image know of each other
 *
 * The image is an ordinary static ELF at one address. librump maps its text
 * and read-only data from the file and everything else from a memfd, fills
 * the table of hypercalls, and calls through struct rump_image_ops, which
 * e_entry of the ELF header points to. No symbol of either side is visible to
 * the other, and the header needs no other than the map of addresses.
 */
#ifndef _UAPI_ASM_RUMP_H
#define _UAPI_ASM_RUMP_H

#define RUMP_ABI_VERSION	5

#include "map.h"

#define RUMP_MAX_NCPU		16
#define RUMP_PROCESSES		1024	/* forked ones, at once */
#define RUMP_SERVERS		4	/* host threads for calls that block, see drivers/hostwork.c */

#ifndef __ASSEMBLY__

struct rump_hthread;
struct rump_process;

/* Directions and protections of hypercalls, numbered as on the host. */
#define RUMP_PROT_NONE		0
#define RUMP_PROT_READ		1
#define RUMP_PROT_WRITE		2
#define RUMP_PROT_EXEC		4

#define RUMP_IO_READ		0
#define RUMP_IO_WRITE		1
#define RUMP_IO_FLUSH		2
#define RUMP_IO_DISCARD		3
#define RUMP_IO_ZERO		4
#define RUMP_IO_START		5

struct rump_iovec {
	void *base;
	unsigned long len;
};

/**
 * struct rump_disk_info - a host file or device as a disk
 * @fd:		descriptor in the process that opened it
 * @readonly:	opened without permission to write
 * @discard:	holes can be punched
 * @begin:	first byte of the part that is the disk
 * @size:	bytes
 * @blocksize:	bytes of a logical block
 */
struct rump_disk_info {
	int fd;
	int readonly;
	int discard;
	unsigned int blocksize;
	unsigned long long begin;
	unsigned long long size;
};

#define RUMP_NET_PORTS		8
#define RUMP_NET_QUEUES		RUMP_MAX_NCPU
#define RUMP_NET_NOWAIT		1	/* of net_receive */

/* What the backend of a network can do with the header in front of each frame. */
#define RUMP_NET_OFFLOAD	1	/* checksums and segments left to do, both ways */
#define RUMP_NET_DIRECT		2	/* net_send never waits, and works in any process */

/**
 * struct rump_net_info - a network of the host as an Ethernet device
 * @port:	what hypercalls name it by
 * @queues:	how many it has, and they begin at 0
 * @features:	RUMP_NET_
 * @mtu:	bytes
 * @mac:	address of the device
 * @name:	result: name of the device
 */
struct rump_net_info {
	unsigned int port;
	unsigned int queues;
	unsigned int features;
	unsigned int mtu;
	unsigned char mac[6];
	char name[16];
};

/**
 * struct rump_net_filter - which frames a device wants, for backends that all frames go by
 * @mac:	its address, in the lowest six bytes
 * @all:	it wants them all
 */
struct rump_net_filter {
	unsigned long mac;
	unsigned int all;
};

/**
 * struct rump_hyp - hypercalls of the Linux port
 *
 * Each is async-signal-safe and runs on little stack, as it is called on
 * kernel stacks. Those that may block say so and are called from a host thread's own
 * stack with no virtual CPU held. Results are 0 or a count, or -errno.
 */
struct rump_hyp {
	unsigned int version;
	/* console and end */
	void (*console)(const char *text, unsigned long len);
	void (*panic)(const char *why);
	/* clocks: nanoseconds */
	unsigned long long (*clock_mono)(void);
	unsigned long long (*clock_real)(void);
	/* waiting: *word == val; until an absolute monotonic time, ~0 = for ever; may block */
	int (*park)(unsigned int *word, unsigned int val, unsigned long long until);
	void (*wake)(unsigned int *word);
	void (*yield)(void);
	/* the memfd: pages at @addr come from offset @off */
	int (*map)(unsigned long addr, unsigned long off, unsigned long len, int prot);
	int (*unmap)(unsigned long addr, unsigned long len);
	int (*populate)(unsigned long addr, unsigned long len);
	int (*discard)(unsigned long addr, unsigned long len);
	/* disks; io_nowait only what the host has at hand, io may block */
	long (*io_nowait)(int fd, const struct rump_iovec *iov, unsigned int n,
			  unsigned long long off);
	long (*io)(int fd, int op, const struct rump_iovec *iov, unsigned int n,
		   unsigned long long off, unsigned long long len);
	/* host threads: @fn runs as @name, its argument is @arg */
	int (*tid)(void);
	int (*thread)(void (*fn)(void *arg), void *arg, const char *name);
	/* signals: @info is a siginfo_t for thread @tid of this process */
	int (*raise)(int tid, int sig, void *info);
	int (*random)(void *buf, unsigned long len);
	/* add 1 to an eventfd of this process; never waits */
	void (*kick)(int fd);
	/* thread @tid of process @pid, or 0 for any that takes it; @info may be NULL */
	int (*signal)(int pid, int tid, int sig, void *info);
	/* a call of the host, number and four arguments, that signals @pid, which is dead then if it is killed */
	long (*kill)(int pid, const long *call);
	/* process group of process @pid */
	int (*group)(int pid);
	/*
	 * Ethernet frames, each with a struct virtio_net_hdr in front. net_send may wait, but for
	 * ports with RUMP_NET_DIRECT, and not everywhere is there one to send by (-ENODEV); net_receive
	 * waits for a frame unless told not to (-EAGAIN). -ENOLINK: there will be no more.
	 */
	long (*net_send)(unsigned int port, unsigned int queue, const struct rump_iovec *iov,
			 unsigned int n);
	long (*net_receive)(unsigned int port, unsigned int queue, const struct rump_iovec *iov,
			    unsigned int n, int flags, const struct rump_net_filter *filter);
};

/**
 * struct rump_bootinfo - parameters of a boot
 * @ram:	bytes of RAM, a multiple of 16 MiB
 * @boot_ram:	bytes of it to start with; the rest is added when needed
 * @image_end:	address where the mapped image ends
 * @ncpu:	virtual CPUs
 * @bound:	bind every kernel thread to a host thread (RUMP_THREADS=bound)
 * @verbose:	print the kernel's messages on the console
 * @blkfail:	let one in so many block requests fail, 0 = none
 * @blkfail_seed: seed for that
 * @blkdelay:	milliseconds that every block request takes longer, for tests
 * @pid:	process id of the host process
 * @hostname:	nodename
 * @comm:	name of the host process
 * @cmdline:	additional kernel parameters
 * @uid:	real, effective and saved user id of the host process
 * @gid:	likewise of groups
 * @ngroups:	how many of @groups there are
 * @groups:	supplementary groups
 * @umask:	mode bits that new files do not get
 * @nofile:	RLIMIT_NOFILE, soft and hard
 * @fsize:	RLIMIT_FSIZE, likewise
 */
struct rump_bootinfo {
	unsigned long ram;
	unsigned long boot_ram;
	unsigned long image_end;
	unsigned int ncpu;
	unsigned int bound;
	unsigned int verbose;
	unsigned int blkfail;
	unsigned int blkfail_seed;
	unsigned int blkdelay;
	int pid;
	char hostname[65];
	char comm[16];
	char cmdline[1024];
	unsigned int uid[3];
	unsigned int gid[3];
	unsigned int ngroups;
	unsigned int groups[64];
	unsigned int umask;
	unsigned long nofile[2];
	unsigned long fsize[2];
};

/*
 * Requests beyond the system calls, by number, with arguments like theirs;
 * librump reaches them as it reaches system calls.
 */
#define RUMP_CALL_BASE		0x10000
#define RUMP_CALL_DISK_ADD	(RUMP_CALL_BASE + 0)	/* (const char *path, struct rump_disk_info *, flags) */
#define RUMP_CALL_DISK_DEL	(RUMP_CALL_BASE + 1)	/* (const char *path) */
#define RUMP_CALL_HALT		(RUMP_CALL_BASE + 2)	/* (): kill, sync, unmount */
#define RUMP_CALL_FAULT		(RUMP_CALL_BASE + 3)	/* (address, RUMP_PROT_ of the access) */
#define RUMP_CALL_EXIT		(RUMP_CALL_BASE + 4)	/* (): end of the calling thread */
#define RUMP_CALL_LWP_RFORK	(RUMP_CALL_BASE + 5)	/* (RUMP_RFFD_): a new process */
#define RUMP_CALL_LWP_NEW	(RUMP_CALL_BASE + 6)	/* (pid): a new thread of a process */
#define RUMP_CALL_FD_MIRROR	(RUMP_CALL_BASE + 7)	/* (): the host gives the numbers */
#define RUMP_CALL_FD_OFFER	(RUMP_CALL_BASE + 8)	/* (n): may be taken */
#define RUMP_CALL_FD_WITHDRAW	(RUMP_CALL_BASE + 9)	/* (n): may not any more */
#define RUMP_CALL_FD_DUP	(RUMP_CALL_BASE + 10)	/* (old, n, flags): dup3 onto any n */
#define RUMP_CALL_FD_CLOSE	(RUMP_CALL_BASE + 11)	/* (n): close, and not offered by that */
#define RUMP_CALL_WATCH		(RUMP_CALL_BASE + 12)	/* (struct pollfd *, n, eventfd, unsigned long *handle, RUMP_WATCH_) */
#define RUMP_CALL_WATCH_POLL	(RUMP_CALL_BASE + 13)	/* (handle, struct pollfd *, n) */
#define RUMP_CALL_UNWATCH	(RUMP_CALL_BASE + 14)	/* (handle) */
#define RUMP_CALL_FORK_PREPARE	(RUMP_CALL_BASE + 15)	/* (): names the child to be */
#define RUMP_CALL_FORK		(RUMP_CALL_BASE + 16)	/* (name, CLONE_, pid): there is a child now */
#define RUMP_CALL_LEAVE		(RUMP_CALL_BASE + 17)	/* (): a forked process ends */
#define RUMP_CALL_EXEC		(RUMP_CALL_BASE + 18)	/* (RUMP_EXEC_): about to execute a program; 1 if it is too early */
#define RUMP_CALL_FD_EXEC	(RUMP_CALL_BASE + 19)	/* (bits, n): it has; which descriptors are open */
#define RUMP_CALL_KILL		(RUMP_CALL_BASE + 20)	/* (pid, -group or 0, call of the host, four arguments), see rump_kill() */
#define RUMP_CALL_NET_ADD	(RUMP_CALL_BASE + 21)	/* (struct rump_net_info *): an Ethernet device */
#define RUMP_CALL_PARCEL_PUT	(RUMP_CALL_BASE + 22)	/* (fd, ticket): keep its file under that number */
#define RUMP_CALL_PARCEL_TAKE	(RUMP_CALL_BASE + 23)	/* (ticket, n, flags): what is kept becomes descriptor n */
#define RUMP_CALL_PARCEL_DROP	(RUMP_CALL_BASE + 24)	/* (ticket): keep it no longer */
#define RUMP_CALL_GROUP		(RUMP_CALL_BASE + 25)	/* (pid or 0): its process group on the host may have changed */
#define RUMP_CALL_MAX		(RUMP_CALL_BASE + 26)

/* Result of a call when the kernel is dead: ENOIOCTLCMD, beside ERESTART, which no call has. */
#define RUMP_EDEAD		515

/* Why it is: what rump_image_ops.dead points to. */
#define RUMP_DEAD_SERVER	1	/* the process that kept it has ended */
#define RUMP_DEAD_KILLED	2	/* a process was killed in the middle of it */
#define RUMP_DEAD_HALTED	3	/* it was halted while processes used it */

#define RUMP_EXEC_ALONE		0	/* the process shall have no other threads here */
#define RUMP_EXEC_HELD		1	/* they begin no calls, and shall be in none */
#define RUMP_EXEC_FAILED	2	/* the program could not be executed */

#define RUMP_WATCH_KEEP		1	/* for every wake-up, until RUMP_CALL_UNWATCH */

/* Descriptors of a new process. */
#define RUMP_RFFD_SHARE		0
#define RUMP_RFFD_COPY		1
#define RUMP_RFFD_CLEAR		2

/**
 * struct rump_image_ops - entry points of the image
 * @boot:	bring the kernel up on the calling thread; returns its struct
 * @enter:	a system call: number in rax, arguments as for syscall, in r11 the
 *		thread; result in rax; everything else as after a C call
 * @attach:	make the calling host thread known; a task is made for it
 * @detach:	end the calling thread's task
 * @lwp:	the thread's task
 * @lwp_switch:	let the calling thread, which is in no call, run calls as another task
 * @lwp_release:	end the thread's task and go on as another
 * @helper:	become helper of a virtual CPU; does not return
 * @serve:	serve blocking host work; does not return
 * @interrupt:	the thread has a signal to take: let its call return; async-signal-safe
 * @fork_child:	in a forked process: wait until it is one of the kernel's
 * @process_pid: host pid of a forked process
 * @left:	did a process that has ended leave in order?
 * @bury:	end what one has left that did not, in a process for this purpose only; not 0 if
 *		that cannot be done, as it was killed in the middle of the kernel
 * @forget:	free what names it, after that
 * @lend:	a vfork child begins (1) or ends (0) to make calls as its parent's thread, which return
 *		-EOWNERDEAD once the parent was killed and buried
 * @zap:	in the handler of a SIGBUS that another process sent: 1 if it was the kernel's
 * @process_at:	one of the forked processes that have been born, or NULL; counts to RUMP_PROCESSES
 * @die:	the kernel is dead, for one of the reasons RUMP_DEAD_; @self is the caller's process.
 *		Calls return -RUMP_EDEAD from then on. Async-signal-safe
 * @dead:	why it is, or 0
 * @vmap_fault:	map what kernel code missed at an address; 1 if it may try again
 * @net:	send (1) or receive (0) for a queue of a port; returns when there is no more to receive
 * @fixup:	where a fault at kernel address @ip goes on, 0 = it is none
 */
struct rump_image_ops {
	unsigned int version;
	unsigned int syscalls;		/* numbers below this are system calls */
	const unsigned char *lock_probe; /* to 0xf0 if the image is for several virtual CPUs */
	struct rump_hthread *(*boot)(const struct rump_bootinfo *info, int tid);
	void (*enter)(void);
	struct rump_hthread *(*attach)(struct rump_process *proc, int tid);
	void (*detach)(struct rump_hthread *ht);
	void *(*lwp)(struct rump_hthread *ht);
	void (*lwp_switch)(struct rump_hthread *ht, void *lwp);
	void (*lwp_release)(struct rump_hthread *ht, void *next);
	void (*helper)(unsigned int cpu, int tid);
	void (*serve)(int tid);
	void (*interrupt)(struct rump_hthread *ht);
	unsigned long (*fixup)(unsigned long ip);
	const char *release;
	const char *version_text;
	struct rump_hthread *(*fork_child)(struct rump_process *proc, int pid, int tid,
					   int (*orphan)(void));
	int (*process_pid)(struct rump_process *proc);
	int (*left)(struct rump_process *proc);
	int (*bury)(struct rump_process *proc, int tid);
	void (*forget)(struct rump_process *proc);
	void (*lend)(struct rump_hthread *ht, int begins);
	int (*vmap_fault)(unsigned long addr);
	int (*zap)(struct rump_process *proc);
	void (*net)(unsigned int port, unsigned int queue, int send, int tid);
	struct rump_process *(*process_at)(unsigned int i);
	void (*die)(unsigned int why, struct rump_process *self);
	const unsigned int *dead;
};

#endif /* !__ASSEMBLY__ */

#endif
