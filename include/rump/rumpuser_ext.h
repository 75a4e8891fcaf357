/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_ext.h - hypercalls of the Linux port, beyond rumpuser(3) version 17
 *
 * They are called on kernel stacks and in signal handlers: each is
 * async-signal-safe, leaves errno alone, allocates nothing and makes its system calls
 * directly. Results are a count or 0, or a negative host error number.
 */
#ifndef RUMP_RUMPUSER_EXT_H
#define RUMP_RUMPUSER_EXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUMPUSER_EXT_FOREVER	(~0ULL)

enum rumpuser_ext_io {
	RUMPUSER_EXT_READ,
	RUMPUSER_EXT_WRITE,
	RUMPUSER_EXT_FLUSH,	/* what was written is on the device */
	RUMPUSER_EXT_DISCARD,	/* the range need not keep its contents */
	RUMPUSER_EXT_ZERO,	/* the range reads as zeroes */
	RUMPUSER_EXT_START,	/* begin to bring what was written to the device */
};

/**
 * rumpuser_ext_console() - Write kernel messages to stderr
 * @text:	not terminated
 * @len:	bytes
 */
void rumpuser_ext_console(const char *text, unsigned long len);

/**
 * rumpuser_ext_panic() - The kernel cannot go on: say why and leave a core
 * @why:	reason
 */
void rumpuser_ext_panic(const char *why) __attribute__((__noreturn__));

/**
 * rumpuser_ext_clock_mono() - Monotonic time
 *
 * Return: nanoseconds of CLOCK_MONOTONIC
 */
unsigned long long rumpuser_ext_clock_mono(void);

/**
 * rumpuser_ext_clock_real() - Wall clock time
 *
 * Return: nanoseconds since the epoch
 */
unsigned long long rumpuser_ext_clock_real(void);

/**
 * rumpuser_ext_park() - Wait while a word has a value
 * @word:	in memory that other processes may share
 * @val:	value
 * @until:	monotonic nanoseconds, RUMPUSER_EXT_FOREVER for no limit
 *
 * May block. A signal handler that runs meanwhile ends the wait, but for one with SA_RESTART in a
 * wait without limit.
 *
 * Return: 0 when woken, or -EAGAIN, -EINTR, -ETIMEDOUT
 */
int rumpuser_ext_park(unsigned int *word, unsigned int val, unsigned long long until);

/**
 * rumpuser_ext_wake() - Wake one thread that is parked on a word
 * @word:	the word
 */
void rumpuser_ext_wake(unsigned int *word);

/**
 * rumpuser_ext_yield() - Let other host threads run
 */
void rumpuser_ext_yield(void);

/**
 * rumpuser_ext_setimage() - Say which file rumpuser_ext_map() maps from
 * @fd:	descriptor of the memory image
 */
void rumpuser_ext_setimage(int fd);

/**
 * rumpuser_ext_map() - Map a part of the memory image
 * @addr:	page-aligned address, reserved before
 * @off:	offset in the image
 * @len:	bytes
 * @prot:	PROT_ of mmap(2)
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_map(unsigned long addr, unsigned long off, unsigned long len, int prot);

/**
 * rumpuser_ext_unmap() - Make a range inaccessible, keeping it reserved
 * @addr:	page-aligned address
 * @len:	bytes
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_unmap(unsigned long addr, unsigned long len);

/**
 * rumpuser_ext_populate() - Allocate the host pages of a range in one go
 * @addr:	page-aligned address
 * @len:	bytes
 *
 * Return: 0 or -errno; on hosts before Linux 5.14 -EINVAL, and pages come when touched
 */
int rumpuser_ext_populate(unsigned long addr, unsigned long len);

/**
 * rumpuser_ext_discard() - Give the host pages of a range back
 * @addr:	page-aligned address
 * @len:	bytes; the range reads as zeroes afterwards
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_discard(unsigned long addr, unsigned long len);

/**
 * rumpuser_ext_io_nowait() - Read what the host has at hand
 * @fd:		descriptor
 * @iov:	array of struct iovec
 * @n:		elements
 * @off:	file offset, bytes
 *
 * Return: bytes, perhaps fewer than asked for, or -errno, -EAGAIN for none
 */
long rumpuser_ext_io_nowait(int fd, const void *iov, unsigned int n, unsigned long long off);

/**
 * rumpuser_ext_io() - Transfer, flush, discard; may block
 * @fd:		descriptor
 * @op:		enum rumpuser_ext_io
 * @iov:	array of struct iovec, for transfers
 * @n:		elements
 * @off:	file offset, bytes
 * @len:	bytes, for discard and zero
 *
 * Return: bytes transferred, 0 at the end of the file; 0 for other operations;
 * or -errno
 */
long rumpuser_ext_io(int fd, int op, const void *iov, unsigned int n, unsigned long long off,
		     unsigned long long len);

/**
 * rumpuser_ext_raise() - Send a thread of this process a signal
 * @tid:	host thread id
 * @sig:	signal
 * @info:	siginfo_t
 *
 * The host does not let a thread send another what looks as if a kernel sent it. Such a code arrives as
 * SI_QUEUE or SI_SIGIO, with all else as it was, until rumpuser_ext_raised() puts it right.
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_raise(int tid, int sig, void *info);

/**
 * rumpuser_ext_raised() - In a handler: give a siginfo the code that it was raised with
 * @info:	siginfo_t, changed if it is of rumpuser_ext_raise() or rumpuser_ext_signal()
 */
void rumpuser_ext_raised(void *info);

/**
 * rumpuser_ext_random() - Random bytes, without waiting
 * @buf:	destination
 * @len:	bytes, at most 256
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_random(void *buf, unsigned long len);

/**
 * rumpuser_ext_signal() - Send a thread of any process a signal
 * @pid:	process, never a group: -ESRCH if it is not positive
 * @tid:	thread, or 0 for any that takes it
 * @sig:	signal
 * @info:	siginfo_t, as for rumpuser_ext_raise(); NULL for that of tgkill(2)
 *
 * Return: 0 or -errno
 */
int rumpuser_ext_signal(int pid, int tid, int sig, void *info);

/**
 * rumpuser_ext_kick() - Add 1 to an eventfd, which somebody polls
 * @fd:	descriptor; if it is none any more nothing happens
 */
void rumpuser_ext_kick(int fd);

/**
 * rumpuser_ext_gettid() - Id of the calling host thread
 *
 * Return: thread id
 */
int rumpuser_ext_gettid(void);

#define RUMPUSER_EXT_NET_PORTS	8
#define RUMPUSER_EXT_NET_QUEUES	16
#define RUMPUSER_EXT_NET_NOWAIT	1
#define RUMPUSER_EXT_NET_OFFLOAD 1
#define RUMPUSER_EXT_NET_DIRECT	2

enum rumpuser_ext_net_kind {
	RUMPUSER_EXT_NET_NONE,
	RUMPUSER_EXT_NET_BUS,
	RUMPUSER_EXT_NET_PASST,
	RUMPUSER_EXT_NET_TAP,
	RUMPUSER_EXT_NET_VDE,
};

/**
 * struct rumpuser_ext_net - A network of the host that is to be opened
 * @kind:	how it is reached
 * @name:	file of a bus, name of a tap, address of a VDE; may be ""
 * @args:	further arguments of passt(1), each ended by a zero byte, the list by another
 * @path:	directories with programs, as in PATH
 * @mtu:	bytes; 0 is replaced by what suits the network
 * @queues:	how many are wanted, up to RUMPUSER_EXT_NET_QUEUES; 0 is replaced by what suits the network
 * @cpus:	at most so many queues suit
 * @features:	result: RUMPUSER_EXT_NET_OFFLOAD, RUMPUSER_EXT_NET_DIRECT
 */
struct rumpuser_ext_net {
	enum rumpuser_ext_net_kind kind;
	const char *name;
	const char *args;
	const char *path;
	unsigned int mtu;
	unsigned int queues;
	unsigned int cpus;
	unsigned int features;
};

/**
 * struct rumpuser_ext_net_filter - Which frames a receiver wants, where it sees those of others
 * @mac:	its address, in the lowest six bytes
 * @all:	it wants them all
 */
struct rumpuser_ext_net_filter {
	unsigned long mac;
	unsigned int all;
};

/**
 * rumpuser_ext_net_open() - Open a network
 * @port:	number for it, below RUMPUSER_EXT_NET_PORTS
 * @net:	what to open; completed
 *
 * Return: 0 or -errno, and the port is not open; -EOPNOTSUPP: it has one queue only
 */
int rumpuser_ext_net_open(unsigned int port, struct rumpuser_ext_net *net);

/**
 * struct rumpuser_ext_net_share - What lets another process send by an open port
 * @kind:	RUMPUSER_EXT_NET_NONE if nothing does
 * @fd:		descriptor in the process that opened it
 * @place:	on a bus
 */
struct rumpuser_ext_net_share {
	enum rumpuser_ext_net_kind kind;
	int fd;
	unsigned int place;
};

/**
 * rumpuser_ext_net_end() - Have done with the network, before the process ends
 *
 * Returns when the programs that lead to it have ended, which may hold ports of the host; or after
 * two seconds.
 */
void rumpuser_ext_net_end(void);

/**
 * rumpuser_ext_net_share() - Let other processes send
 * @port:	number, of a port or of none
 * @share:	result
 */
void rumpuser_ext_net_share(unsigned int port, struct rumpuser_ext_net_share *share);

/**
 * rumpuser_ext_net_join() - Send by a port that another process has opened
 * @port:	its number there, and here
 * @pid:	that process
 * @share:	from rumpuser_ext_net_share()
 *
 * Where it fails, rumpuser_ext_net_send() will too.
 */
void rumpuser_ext_net_join(unsigned int port, int pid, const struct rumpuser_ext_net_share *share);

/**
 * rumpuser_ext_net_fault() - In the handler of a SIGBUS from the processor: was it a bus's file?
 * @addr:	address of the fault
 *
 * The file has been cut short. Its memory is replaced, and its networks have ended.
 *
 * Return: 1 if so, 0 if not
 */
int rumpuser_ext_net_fault(unsigned long addr);

/**
 * rumpuser_ext_net_send() - Send a frame
 * @port:	open port
 * @queue:	one of its queues
 * @iov:	array of struct iovec; the first is a struct virtio_net_hdr
 * @n:		elements
 *
 * May block, but for a port with RUMPUSER_EXT_NET_DIRECT.
 *
 * Return: 0 or -errno: the frame is lost; -ENODEV: nothing is open here
 */
long rumpuser_ext_net_send(unsigned int port, unsigned int queue, const void *iov, unsigned int n);

/**
 * rumpuser_ext_net_receive() - Receive a frame
 * @port:	open port
 * @queue:	one of its queues
 * @iov:	array of struct iovec, filled with a struct virtio_net_hdr and the frame
 * @n:		elements
 * @flags:	RUMPUSER_EXT_NET_NOWAIT or 0: may block
 * @filter:	struct rumpuser_ext_net_filter
 *
 * Return: bytes, or -errno: -EAGAIN there is none now, -ENOLINK there will be none any more
 */
long rumpuser_ext_net_receive(unsigned int port, unsigned int queue, const void *iov,
			      unsigned int n, int flags, const void *filter);

#ifdef __cplusplus
}
#endif

#endif
