/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser.h - the hypercalls of a rump kernel, version 17
 *
 * The kernel reaches its host through these functions alone, and the host
 * reaches the kernel through the upcalls it was handed with rumpuser_init().
 * rumpuser(3) describes both, and the moments at which an upcall is made.
 *
 * The header serves hosts and kernels. A host program gets the types it needs
 * from the C library; a kernel (_KERNEL or __KERNEL__ defined) provides int64_t,
 * uint64_t, size_t and pid_t by itself before it includes this file.
 *
 * Unless said otherwise a function that returns int returns 0 or an error
 * number in the kernel's own numbering.
 */
#ifndef RUMP_RUMPUSER_H
#define RUMP_RUMPUSER_H

#if !defined(_KERNEL) && !defined(__KERNEL__)
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define RUMPUSER_VERSION 17

struct lwp;
struct modinfo;
struct rump_component;
struct rumpuser_mtx;
struct rumpuser_rw;
struct rumpuser_cv;

/* How hyp_lwproc_rfork() treats the descriptors of the process it copies. */
#define RUMPUSER_RFFD_SHARE 0
#define RUMPUSER_RFFD_COPY  1
#define RUMPUSER_RFFD_CLEAR 2

/**
 * struct rumpuser_hyperup - the upcalls, from the hypervisor into the kernel
 * @hyp_schedule:		put the calling host thread on a virtual CPU
 * @hyp_unschedule:		take it off
 * @hyp_backend_unschedule:	a hypercall is about to block: give up the virtual
 *				CPU and the kernel locks that go with it, and say
 *				in @countp how many there were; @interlock is the
 *				mutex the wait itself will release, or NULL
 * @hyp_backend_schedule:	undo hyp_backend_unschedule()
 * @hyp_lwproc_switch:		make the host thread run as this lwp, NULL for none
 * @hyp_lwproc_release:		end the lwp the host thread runs as
 * @hyp_lwproc_rfork:		make a process (private data, RUMPUSER_RFFD_*, name)
 *				and run as its first lwp
 * @hyp_lwproc_newlwp:		add an lwp to a process and run as it
 * @hyp_lwproc_curlwp:		the lwp the host thread runs as
 * @hyp_syscall:		perform a system call; @args is an argument block,
 *				@retval two longs
 * @hyp_lwpexit:		make every other lwp of the current process return
 * @hyp_execnotify:		the current process has a new program of this name
 * @hyp_getpid:			the number of the current process
 * @hyp__extra:			reserved
 */
struct rumpuser_hyperup {
	void (*hyp_schedule)(void);
	void (*hyp_unschedule)(void);
	void (*hyp_backend_unschedule)(int nlocks, int *countp, void *interlock);
	void (*hyp_backend_schedule)(int nlocks, void *interlock);
	void (*hyp_lwproc_switch)(struct lwp *l);
	void (*hyp_lwproc_release)(void);
	int (*hyp_lwproc_rfork)(void *priv, int flags, const char *comm);
	int (*hyp_lwproc_newlwp)(pid_t pid);
	struct lwp *(*hyp_lwproc_curlwp)(void);
	int (*hyp_syscall)(int nr, void *args, long *retval);
	void (*hyp_lwpexit)(void);
	void (*hyp_execnotify)(const char *comm);
	pid_t (*hyp_getpid)(void);
	void *hyp__extra[8];
};

/**
 * rumpuser_init() - Introduce kernel and hypervisor to each other
 * @version:	RUMPUSER_VERSION as the kernel knows it
 * @hyp:	the kernel's upcalls, copied
 *
 * No upcall is made before this has returned 0.
 *
 * Return: 0, or EINVAL if @version is not the one implemented
 */
int rumpuser_init(int version, const struct rumpuser_hyperup *hyp);

/* Parameters a hypervisor must know; all other names are taken from the environment. */
#define RUMPUSER_PARAM_NCPU	"_RUMPUSER_NCPU"
#define RUMPUSER_PARAM_HOSTNAME "_RUMPUSER_HOSTNAME"

/**
 * rumpuser_getparam() - Look up a boot parameter
 * @name:	RUMPUSER_PARAM_* or the name of an environment variable
 * @buf:	where the NUL-terminated value goes
 * @len:	room in @buf
 *
 * The number of CPUs is RUMP_NCPU, where "host" means as many as this process
 * may use, and 1 without it. The host name is RUMP_HOSTNAME, and made of the
 * process number and the host's name without it.
 *
 * Return: 0, ENOENT if there is no such variable, ERANGE if @buf is too small,
 * EINVAL for an unknown name with a leading underscore or a bad value
 */
int rumpuser_getparam(const char *name, void *buf, size_t len);

/* Memory */

/**
 * rumpuser_malloc() - Allocate host memory
 * @len:	bytes wanted
 * @alignment:	a power of two, or 0 for what suits any type
 * @memp:	where the address goes
 *
 * Return: 0, ENOMEM, or EINVAL for an @alignment that is no power of two
 */
int rumpuser_malloc(size_t len, int alignment, void **memp);

/**
 * rumpuser_free() - Give back what rumpuser_malloc() gave
 * @mem:	its address, or NULL
 * @len:	the size it was asked for with
 */
void rumpuser_free(void *mem, size_t len);

/**
 * rumpuser_anonmmap() - Map zeroed pages
 * @prefaddr:	address that would be liked, or NULL
 * @size:	bytes, rounded up to pages
 * @alignbit:	the address is a multiple of 1 << @alignbit; 0 for a page
 * @exec:	non-zero if code will be run there
 * @memp:	where the address goes
 *
 * Return: 0 or an error number
 */
int rumpuser_anonmmap(void *prefaddr, size_t size, int alignbit, int exec, void **memp);

/**
 * rumpuser_unmap() - Unmap what rumpuser_anonmmap() mapped
 * @addr:	its address
 * @len:	its size
 */
void rumpuser_unmap(void *addr, size_t len);

/* Files and block I/O */

#define RUMPUSER_OPEN_RDONLY  0x00
#define RUMPUSER_OPEN_WRONLY  0x01
#define RUMPUSER_OPEN_RDWR    0x02
#define RUMPUSER_OPEN_ACCMODE 0x03
#define RUMPUSER_OPEN_CREATE  0x04
#define RUMPUSER_OPEN_EXCL    0x08
#define RUMPUSER_OPEN_BIO     0x10

/**
 * rumpuser_open() - Open a host file
 * @name:	its path
 * @mode:	RUMPUSER_OPEN_*; _BIO is a hint that block I/O will follow
 * @fdp:	where the descriptor goes
 *
 * Return: 0 or an error number
 */
int rumpuser_open(const char *name, int mode, int *fdp);

/**
 * rumpuser_close() - Close a descriptor, its data written out first
 * @fd:		from rumpuser_open()
 *
 * Return: 0 or an error number; the descriptor is gone either way
 */
int rumpuser_close(int fd);

#define RUMPUSER_FT_OTHER 0
#define RUMPUSER_FT_DIR	  1
#define RUMPUSER_FT_REG	  2
#define RUMPUSER_FT_BLK	  3
#define RUMPUSER_FT_CHR	  4

/**
 * rumpuser_getfileinfo() - Learn the size and kind of a host file
 * @name:	its path
 * @size:	where the size in bytes goes, that of the medium for a block
 *		device; may be NULL
 * @type:	where RUMPUSER_FT_* goes; may be NULL
 *
 * Return: 0 or an error number
 */
int rumpuser_getfileinfo(const char *name, uint64_t *size, int *type);

#define RUMPUSER_BIO_READ  0x01
#define RUMPUSER_BIO_WRITE 0x02
#define RUMPUSER_BIO_SYNC  0x04

/**
 * typedef rump_biodone_fn - told that a block I/O is over
 * @arg:	as given to rumpuser_bio()
 * @count:	bytes transferred; fewer than asked for at the end of the file
 * @error:	0 or an error number
 */
typedef void (*rump_biodone_fn)(void *arg, size_t count, int error);

/**
 * rumpuser_bio() - Start a block read or write
 * @fd:		descriptor that can seek
 * @op:		RUMPUSER_BIO_READ or _WRITE; _SYNC makes a write reach the medium
 *		before it is over
 * @data:	the memory, valid until @done is called
 * @len:	bytes
 * @off:	offset in the file
 * @done:	called exactly once, between hyp_schedule() and hyp_unschedule()
 * @arg:	passed to @done
 *
 * Requests in flight are not ordered among each other.
 */
void rumpuser_bio(int fd, int op, void *data, size_t len, int64_t off, rump_biodone_fn done,
		  void *arg);

/**
 * struct rumpuser_iovec - a piece of memory
 * @iov_base:	its address
 * @iov_len:	its size in bytes
 */
struct rumpuser_iovec {
	void *iov_base;
	size_t iov_len;
};

#define RUMPUSER_IOV_NOSEEK (-1)

/**
 * rumpuser_iovread() - Read into pieces of memory, and wait for it
 * @fd:		descriptor
 * @iov:	the pieces
 * @n:		how many
 * @off:	offset in the file, or RUMPUSER_IOV_NOSEEK for the descriptor's own
 * @retv:	where the number of bytes read goes
 *
 * Return: 0 or an error number
 */
int rumpuser_iovread(int fd, struct rumpuser_iovec *iov, size_t n, int64_t off, size_t *retv);

/**
 * rumpuser_iovwrite() - Write from pieces of memory, and wait for it
 * @fd:		descriptor
 * @iov:	the pieces
 * @n:		how many
 * @off:	offset in the file, or RUMPUSER_IOV_NOSEEK for the descriptor's own
 * @retv:	where the number of bytes written goes
 *
 * Return: 0 or an error number
 */
int rumpuser_iovwrite(int fd, const struct rumpuser_iovec *iov, size_t n, int64_t off,
		      size_t *retv);

#define RUMPUSER_SYNCFD_READ	0x01
#define RUMPUSER_SYNCFD_WRITE	0x02
#define RUMPUSER_SYNCFD_BOTH	(RUMPUSER_SYNCFD_READ | RUMPUSER_SYNCFD_WRITE)
#define RUMPUSER_SYNCFD_BARRIER 0x04
#define RUMPUSER_SYNCFD_SYNC	0x08

/**
 * rumpuser_syncfd() - Bring file and medium into agreement
 * @fd:		descriptor
 * @flags:	RUMPUSER_SYNCFD_*, at least one of _READ and _WRITE
 * @start:	first byte that matters
 * @len:	how many, 0 for all to the end
 *
 * Return: 0 or an error number
 */
int rumpuser_syncfd(int fd, int flags, uint64_t start, uint64_t len);

/* Clocks */

enum rumpclock {
	RUMPUSER_CLOCK_RELWALL = 0, /* time of day; slept on, a duration */
	RUMPUSER_CLOCK_ABSMONO = 1, /* never set back; slept on, a moment */
};

/**
 * rumpuser_clock_gettime() - Read a host clock
 * @clock:	RUMPUSER_CLOCK_*
 * @sec:	where the seconds go
 * @nsec:	where the nanoseconds go
 *
 * Return: 0, or EINVAL for an unknown clock
 */
int rumpuser_clock_gettime(int clock, int64_t *sec, long *nsec);

/**
 * rumpuser_clock_sleep() - Sleep, whatever signals arrive
 * @clock:	RUMPUSER_CLOCK_RELWALL for a duration, _ABSMONO until a moment
 * @sec:	seconds
 * @nsec:	nanoseconds, less than a second
 *
 * Return: 0, or EINVAL for an unknown clock or a bad @nsec
 */
int rumpuser_clock_sleep(int clock, int64_t sec, long nsec);

/* Errors, the end, the console, randomness */

/**
 * rumpuser_seterrno() - Set the calling thread's errno
 * @error:	error number of the kernel
 */
void rumpuser_seterrno(int error);

#define RUMPUSER_PID_SELF ((int64_t)-1)

/**
 * rumpuser_kill() - Send a signal
 * @pid:	host process, or RUMPUSER_PID_SELF
 * @sig:	signal number
 *
 * Return: 0 or an error number
 */
int rumpuser_kill(int64_t pid, int sig);

#define RUMPUSER_PANIC (-1)

/**
 * rumpuser_exit() - End the process
 * @value:	exit status, or RUMPUSER_PANIC to leave a core dump
 */
void rumpuser_exit(int value) __attribute__((__noreturn__));

/**
 * rumpuser_putchar() - Write a character to the console
 * @c:		the character
 */
void rumpuser_putchar(int c);

/**
 * rumpuser_dprintf() - Write a message to the console
 * @fmt:	as for printf(3)
 */
void rumpuser_dprintf(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

#define RUMPUSER_RANDOM_HARD   0x01
#define RUMPUSER_RANDOM_NOWAIT 0x02

/**
 * rumpuser_getrandom() - Get random bytes from the host
 * @buf:	where they go
 * @len:	how many
 * @flags:	RUMPUSER_RANDOM_HARD for the host's best source, _NOWAIT to take
 *		what is there
 * @retp:	where the number of bytes goes; less than @len only with _NOWAIT
 *
 * Return: 0, EAGAIN if there is nothing and _NOWAIT was given, EINVAL for @flags
 */
int rumpuser_getrandom(void *buf, size_t len, int flags, size_t *retp);

/* Threads */

/**
 * rumpuser_thread_create() - Start a host thread
 * @f:		what it runs
 * @arg:	with which argument
 * @name:	name for debuggers, cut to what the host allows; may be NULL
 * @mustjoin:	non-zero if rumpuser_thread_join() will be called
 * @priority:	hint, -1 for none
 * @cpuidx:	virtual CPU it will mostly run on, a hint, -1 for none
 * @cookie:	where the handle for joining goes if @mustjoin
 *
 * The thread takes no asynchronous signals: those are for the application.
 *
 * Return: 0 or an error number
 */
int rumpuser_thread_create(void *(*f)(void *), void *arg, const char *name, int mustjoin,
			   int priority, int cpuidx, void **cookie);

/**
 * rumpuser_thread_exit() - End the calling thread
 */
void rumpuser_thread_exit(void) __attribute__((__noreturn__));

/**
 * rumpuser_thread_join() - Wait for a thread to end
 * @cookie:	from rumpuser_thread_create(), invalid afterwards
 *
 * Return: 0 or an error number
 */
int rumpuser_thread_join(void *cookie);

enum rumplwpop {
	RUMPUSER_LWP_CREATE = 0,
	RUMPUSER_LWP_DESTROY = 1,
	RUMPUSER_LWP_SET = 2,
	RUMPUSER_LWP_CLEAR = 3,
};

/**
 * rumpuser_curlwpop() - Tell the hypervisor about an lwp
 * @op:		RUMPUSER_LWP_CREATE and _DESTROY frame its life; _SET makes it the
 *		calling thread's current one, _CLEAR ends that
 * @l:		the lwp
 */
void rumpuser_curlwpop(int op, struct lwp *l);

/**
 * rumpuser_curlwp() - Find the calling thread's lwp
 *
 * Return: what RUMPUSER_LWP_SET set, or NULL
 */
struct lwp *rumpuser_curlwp(void);

/* Mutexes */

#define RUMPUSER_MTX_SPIN   0x01 /* keeps the virtual CPU while it waits */
#define RUMPUSER_MTX_KMUTEX 0x02 /* knows its owner */

/**
 * rumpuser_mutex_init() - Make a mutex
 * @mtxp:	where it goes
 * @flags:	RUMPUSER_MTX_*
 */
void rumpuser_mutex_init(struct rumpuser_mtx **mtxp, int flags);

/**
 * rumpuser_mutex_enter() - Take a mutex; unless it spins, off the CPU while waiting
 * @mtx:	mutex
 */
void rumpuser_mutex_enter(struct rumpuser_mtx *mtx);

/**
 * rumpuser_mutex_enter_nowrap() - Take a mutex and keep the virtual CPU
 * @mtx:	mutex
 */
void rumpuser_mutex_enter_nowrap(struct rumpuser_mtx *mtx);

/**
 * rumpuser_mutex_tryenter() - Take a mutex if it is free
 * @mtx:	mutex
 *
 * Return: 0, or EBUSY
 */
int rumpuser_mutex_tryenter(struct rumpuser_mtx *mtx);

/**
 * rumpuser_mutex_exit() - Release a mutex
 * @mtx:	mutex, held by the calling thread
 */
void rumpuser_mutex_exit(struct rumpuser_mtx *mtx);

/**
 * rumpuser_mutex_destroy() - End a mutex
 * @mtx:	mutex nobody holds
 */
void rumpuser_mutex_destroy(struct rumpuser_mtx *mtx);

/**
 * rumpuser_mutex_owner() - Learn who holds a mutex
 * @mtx:	mutex made with RUMPUSER_MTX_KMUTEX
 * @lp:		where the lwp goes, NULL for nobody
 */
void rumpuser_mutex_owner(struct rumpuser_mtx *mtx, struct lwp **lp);

/* Reader/writer locks */

enum rumprwlock {
	RUMPUSER_RW_READER = 0,
	RUMPUSER_RW_WRITER = 1,
};

/**
 * rumpuser_rw_init() - Make a reader/writer lock
 * @rwp:	where it goes
 */
void rumpuser_rw_init(struct rumpuser_rw **rwp);

/**
 * rumpuser_rw_enter() - Take a lock, off the virtual CPU while waiting
 * @op:		RUMPUSER_RW_*
 * @rw:		lock
 */
void rumpuser_rw_enter(int op, struct rumpuser_rw *rw);

/**
 * rumpuser_rw_tryenter() - Take a lock if that needs no waiting
 * @op:		RUMPUSER_RW_*
 * @rw:		lock
 *
 * Return: 0, or EBUSY
 */
int rumpuser_rw_tryenter(int op, struct rumpuser_rw *rw);

/**
 * rumpuser_rw_tryupgrade() - Make the only reader the writer
 * @rw:		lock, held for reading
 *
 * Return: 0, or EBUSY with the lock still held for reading
 */
int rumpuser_rw_tryupgrade(struct rumpuser_rw *rw);

/**
 * rumpuser_rw_downgrade() - Make the writer a reader
 * @rw:		lock, held for writing
 */
void rumpuser_rw_downgrade(struct rumpuser_rw *rw);

/**
 * rumpuser_rw_exit() - Release a lock
 * @rw:		lock, held either way
 */
void rumpuser_rw_exit(struct rumpuser_rw *rw);

/**
 * rumpuser_rw_destroy() - End a lock
 * @rw:		lock nobody holds
 */
void rumpuser_rw_destroy(struct rumpuser_rw *rw);

/**
 * rumpuser_rw_held() - Learn whether a lock is held
 * @op:		RUMPUSER_RW_READER: by anybody for reading;
 *		RUMPUSER_RW_WRITER: by the current lwp for writing
 * @rw:		lock
 * @heldp:	where 1 or 0 goes
 */
void rumpuser_rw_held(int op, struct rumpuser_rw *rw, int *heldp);

/* Condition variables */

/**
 * rumpuser_cv_init() - Make a condition variable
 * @cvp:	where it goes
 */
void rumpuser_cv_init(struct rumpuser_cv **cvp);

/**
 * rumpuser_cv_destroy() - End a condition variable
 * @cv:		condition variable without waiters
 */
void rumpuser_cv_destroy(struct rumpuser_cv *cv);

/**
 * rumpuser_cv_wait() - Wait, off the virtual CPU
 * @cv:		condition variable
 * @mtx:	held mutex, released during the wait
 */
void rumpuser_cv_wait(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx);

/**
 * rumpuser_cv_wait_nowrap() - Wait and keep the virtual CPU
 * @cv:		condition variable
 * @mtx:	held mutex, released during the wait
 */
void rumpuser_cv_wait_nowrap(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx);

/**
 * rumpuser_cv_timedwait() - Wait for a limited time, off the virtual CPU
 * @cv:		condition variable
 * @mtx:	held mutex, released during the wait
 * @sec:	seconds from now
 * @nsec:	and nanoseconds
 *
 * Return: 0 when woken, ETIMEDOUT; the mutex is held either way
 */
int rumpuser_cv_timedwait(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx, int64_t sec,
			  int64_t nsec);

/**
 * rumpuser_cv_signal() - Wake at least one waiter
 * @cv:		condition variable
 */
void rumpuser_cv_signal(struct rumpuser_cv *cv);

/**
 * rumpuser_cv_broadcast() - Wake all waiters
 * @cv:		condition variable
 */
void rumpuser_cv_broadcast(struct rumpuser_cv *cv);

/**
 * rumpuser_cv_has_waiters() - Count waiters
 * @cv:		condition variable
 * @np:		where the number goes
 */
void rumpuser_cv_has_waiters(struct rumpuser_cv *cv, int *np);

/* Dynamic linking, daemons */

typedef void (*rump_modinit_fn)(const struct modinfo *const *mi, size_t nmodinfo);
typedef int (*rump_symload_fn)(void *symtab, uint64_t symsize, char *strtab, uint64_t strsize);
typedef void (*rump_compload_fn)(const struct rump_component *rc);

/**
 * rumpuser_dl_bootstrap() - Introduce the loaded parts of the kernel to it
 * @domodinit:	given the modules of each object that has any
 * @symload:	given one ELF symbol table of all those objects; on a result of 0
 *		the tables are its own
 * @compload:	given each component
 *
 * Objects come in the order of their dependencies, what is needed first.
 */
void rumpuser_dl_bootstrap(rump_modinit_fn domodinit, rump_symload_fn symload,
			   rump_compload_fn compload);

/**
 * rumpuser_daemonize_begin() - Go to the background
 *
 * The process forks; this returns in the child only, and the parent stays until
 * rumpuser_daemonize_done() and exits with the error number given there.
 *
 * Return: 0, or an error number, still in the foreground
 */
int rumpuser_daemonize_begin(void);

/**
 * rumpuser_daemonize_done() - Report to the waiting parent
 * @error:	0 if all is well, and standard input and output are then cut off
 *
 * Return: 0, ENOTCONN if rumpuser_daemonize_begin() was not called, or what else failed
 */
int rumpuser_daemonize_done(int error);

/* Remote clients: a server that performs system calls for other processes */

/**
 * rumpuser_sp_init() - Start serving remote clients
 * @url:	unix://PATH or tcp://ADDRESS:PORT
 * @ostype:	what the kernel calls itself
 * @osrelease:	its version
 * @machine:	its machine type
 *
 * Return: 0 or an error number
 */
int rumpuser_sp_init(const char *url, const char *ostype, const char *osrelease,
		     const char *machine);

/**
 * rumpuser_sp_copyin() - Copy from a client's memory
 * @arg:	the client, as hyp_lwproc_rfork() got it
 * @raddr:	address there
 * @laddr:	address here
 * @len:	bytes
 *
 * Return: 0 or EFAULT
 */
int rumpuser_sp_copyin(void *arg, const void *raddr, void *laddr, size_t len);

/**
 * rumpuser_sp_copyinstr() - Copy a string from a client's memory
 * @arg:	the client
 * @raddr:	address there
 * @laddr:	address here
 * @lenp:	room at @laddr; then the bytes copied, the NUL included
 *
 * Return: 0, EFAULT, or ENAMETOOLONG with @laddr full and no NUL found
 */
int rumpuser_sp_copyinstr(void *arg, const void *raddr, void *laddr, size_t *lenp);

/**
 * rumpuser_sp_copyout() - Copy to a client's memory
 * @arg:	the client
 * @laddr:	address here
 * @raddr:	address there
 * @len:	bytes
 *
 * Return: 0 or EFAULT
 */
int rumpuser_sp_copyout(void *arg, const void *laddr, void *raddr, size_t len);

/**
 * rumpuser_sp_copyoutstr() - Copy a string to a client's memory
 * @arg:	the client
 * @laddr:	address here
 * @raddr:	address there
 * @lenp:	room at @raddr; then the bytes copied, the NUL included
 *
 * Return: 0, EFAULT, or ENAMETOOLONG with nothing copied
 */
int rumpuser_sp_copyoutstr(void *arg, const void *laddr, void *raddr, size_t *lenp);

/**
 * rumpuser_sp_anonmmap() - Map zeroed pages in a client
 * @arg:	the client
 * @len:	bytes
 * @addrp:	where their address in the client goes
 *
 * Return: 0 or an error number
 */
int rumpuser_sp_anonmmap(void *arg, size_t len, void **addrp);

/**
 * rumpuser_sp_raise() - Deliver a signal to a client
 * @arg:	the client
 * @signo:	signal number
 *
 * Return: 0 or an error number
 */
int rumpuser_sp_raise(void *arg, int signo);

/**
 * rumpuser_sp_fini() - Stop serving
 * @arg:	the client whose system call stops the kernel, answered with
 *		success; may be NULL
 */
void rumpuser_sp_fini(void *arg);

#ifdef __cplusplus
}
#endif

#endif /* RUMP_RUMPUSER_H */
