/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rump.h - a kernel in this process: the routines of rump(3) written by hand
 *
 * Link with -lrump -lrumpuser. System calls are in rump/rump_syscalls.h, to
 * which a program turns after rump_init(): the same calls, as functions.
 */
#ifndef RUMP_RUMP_H
#define RUMP_RUMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUMP_VERSION 17

/**
 * rump_init() - Boot the kernel in this process
 *
 * Reads the RUMP_ environment variables (rump(7)). Later calls find the kernel
 * up and return at once. rump(3)
 *
 * Return: 0, or an errno value after a message on stderr
 */
int rump_init(void);

/* Before rump_init(). */

#define RUMP_AB_NORMAL	0
#define RUMP_AB_QUIET	0x10000 /* no messages, whatever RUMP_VERBOSE says */
#define RUMP_AB_VERBOSE 0x20000 /* the kernel's messages on stderr */

/**
 * rump_boot_sethowto() - Flags for the boot
 * @howto:	RUMP_AB_
 */
void rump_boot_sethowto(int howto);

/**
 * rump_boot_gethowto() - The flags that were set
 *
 * Return: RUMP_AB_
 */
int rump_boot_gethowto(void);

/* What becomes of a signal that the kernel sends the program. */
enum rump_sigmodel {
	RUMP_SIGMODEL_PANIC,	/* the program ends with a message and a core */
	RUMP_SIGMODEL_IGNORE,	/* nothing */
	RUMP_SIGMODEL_HOST,	/* the thread that earned it gets it; the default */
	RUMP_SIGMODEL_RAISE,	/* likewise */
};

/**
 * rump_boot_setsigmodel() - Choose what becomes of signals
 * @model:	RUMP_SIGMODEL_
 */
void rump_boot_setsigmodel(enum rump_sigmodel model);

/**
 * struct rump_boot_etfs - a host file that is a device from the boot on
 * @eb_key:	as in rump_pub_etfs_register_withsize()
 * @eb_hostpath: likewise
 * @eb_type:	likewise
 * @eb_begin:	likewise
 * @eb_size:	likewise
 * @_eb_next:	the library's
 * @eb_status:	-1 until the boot, then 0 or an errno value
 */
struct rump_boot_etfs {
	const char *eb_key;
	const char *eb_hostpath;
	int eb_type;
	uint64_t eb_begin;
	uint64_t eb_size;
	struct rump_boot_etfs *_eb_next;
	int eb_status;
};

/**
 * rump_boot_etfs_register() - Register a device that rump_init() is to make
 * @eb:	description, which must stay until then
 */
void rump_boot_etfs_register(struct rump_boot_etfs *eb);

/**
 * rump_daemonize_begin() - Go to the background, to boot there
 *
 * The calling process waits, and ends with what rump_daemonize_done() says.
 *
 * Return: 0 in the process that goes on, or an errno value
 */
int rump_daemonize_begin(void);

/**
 * rump_daemonize_done() - Let the waiting process end
 * @error:	its exit status is 0 for 0
 *
 * Return: 0 or an errno value
 */
int rump_daemonize_done(int error);

/**
 * rump_getversion() - Version of this interface
 *
 * Return: RUMP_VERSION
 */
int rump_getversion(void);

/**
 * rump_dmesg() - The kernel's messages so far
 * @buf:	destination, terminated with a null byte
 * @size:	bytes
 *
 * Return: length, or -1 with errno set
 */
ssize_t rump_dmesg(char *buf, size_t size);

/* Host files as devices. */

enum rump_etfs_type {
	RUMP_ETFS_REG,
	RUMP_ETFS_BLK,
	RUMP_ETFS_CHR,
	RUMP_ETFS_DIR,
	RUMP_ETFS_DIR_SUBDIRS,
};
#define RUMP_ETFS_SIZE_ENDOFF ((uint64_t)-1)

/**
 * rump_pub_etfs_register() - Make a host file a device of the kernel
 * @key:	absolute path of the device node in the kernel
 * @hostpath:	path on the host: a file or block device
 * @type:	RUMP_ETFS_BLK; other types have no meaning on a Linux kernel
 *
 * The file is locked against other rump kernels (flock(2)); one that cannot be
 * written is a read-only disk.
 *
 * Return: 0 or an errno value: EBUSY if another process holds it, which a
 * message names; EEXIST if @key exists; EOPNOTSUPP for other types
 */
int rump_pub_etfs_register(const char *key, const char *hostpath, enum rump_etfs_type type);

/**
 * rump_pub_etfs_register_withsize() - A part of a host file as device
 * @key:	as above
 * @hostpath:	as above
 * @type:	as above
 * @begin:	first byte, a multiple of 512
 * @size:	bytes, or RUMP_ETFS_SIZE_ENDOFF for all that follow
 *
 * Return: as above; EINVAL if the part is not inside the file
 */
int rump_pub_etfs_register_withsize(const char *key, const char *hostpath,
				    enum rump_etfs_type type, uint64_t begin, uint64_t size);

/**
 * rump_pub_etfs_remove() - Take such a device away
 * @key:	its path
 *
 * Return: 0, ENOENT, or EBUSY while it is mounted or open
 */
int rump_pub_etfs_remove(const char *key);

/**
 * rump_fakeblk_register() - Make a host file a block device of the same path
 * @path:	absolute path on the host, and in the kernel
 *
 * Return: 0 or an errno value
 */
int rump_fakeblk_register(const char *path);

/**
 * rump_fakeblk_deregister() - Undo rump_fakeblk_register()
 * @path:	as there
 *
 * Return: 0 or an errno value
 */
int rump_fakeblk_deregister(const char *path);

/* File systems. */

/**
 * rump_vfs_mount() - Mount an image
 * @source:	image file or block device on the host, or for types that have none any name
 * @dir:	directory in the kernel, made if it is missing
 * @type:	file-system type, NULL to find out
 * @flags:	MS_ flags of mount(2); MS_RDONLY opens the image for reading only
 * @options:	options of the type, or NULL
 *
 * Return: 0, or an errno value; rump_dmesg() has the kernel's reason
 */
int rump_vfs_mount(const char *source, const char *dir, const char *type, unsigned long flags,
		   const char *options);

/**
 * rump_vfs_unmount() - Unmount
 * @dir:	mount point
 * @flags:	flags of umount2(2)
 *
 * An image that rump_vfs_mount() attached is released.
 *
 * Return: 0 or an errno value
 */
int rump_vfs_unmount(const char *dir, int flags);

/**
 * rump_vfs_sync() - Write everything back, and wait for it
 *
 * Return: 0
 */
int rump_vfs_sync(void);

/* The classic long names. */
#define rump_pub_vfs_unmount	rump_vfs_unmount
#define rump_pub_vfs_syncwait	rump_vfs_sync

/* Processes and threads of the kernel, struct lwp being a task of its. */

struct lwp;

#define RUMP_RFFD_SHARE 0 /* the same descriptors */
#define RUMP_RFFD_COPY	1 /* a copy of them */
#define RUMP_RFFD_CLEAR 2 /* none */

/**
 * rump_pub_lwproc_rfork() - Make a process, and run calls as its first thread
 * @flags:	RUMP_RFFD_ for its descriptors
 *
 * Working directory, umask and credentials are copies. The task the thread ran
 * as before stays, and can be switched back to. rump_lwproc(3)
 *
 * Return: 0 or an errno value
 */
int rump_pub_lwproc_rfork(int flags);

/**
 * rump_pub_lwproc_newlwp() - Make a thread in a process, and run calls as it
 * @pid:	the process
 *
 * Waits while the main task of the process is in a call.
 *
 * Return: 0 or an errno value, ESRCH if there is no such process
 */
int rump_pub_lwproc_newlwp(pid_t pid);

/**
 * rump_pub_lwproc_switch() - Run calls as another task
 * @lwp:	one that no other thread runs as; NULL for the thread's original one
 */
void rump_pub_lwproc_switch(struct lwp *lwp);

/**
 * rump_pub_lwproc_releaselwp() - End the task the thread runs as
 *
 * The thread goes on as its original task, which itself cannot be released.
 */
void rump_pub_lwproc_releaselwp(void);

/**
 * rump_pub_lwproc_curlwp() - The task the thread runs as
 *
 * Return: the task, NULL for a thread that has made no call yet
 */
struct lwp *rump_pub_lwproc_curlwp(void);

/**
 * rump_fork() - fork(2) whose child is a process of this kernel
 *
 * It has its own descriptors, working directory and credentials, copied from the
 * parent's, and makes calls without a way through the parent. The kernel lives as
 * long as the process that booted it. rump(3)
 *
 * Return: as fork(2); ENXIO without a kernel
 */
pid_t rump_fork(void);

/* Virtual CPU. */

/**
 * rump_schedule() - Enter the kernel and stay
 *
 * Until rump_unschedule() the calling thread counts as inside: its signal
 * handlers are deferred, and calls in between do not look for them. May be
 * nested. rumpkern(3)
 */
void rump_schedule(void);

/**
 * rump_unschedule() - Leave it again
 */
void rump_unschedule(void);

#ifdef __cplusplus
}
#endif

#endif
