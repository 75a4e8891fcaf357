/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_bus.c - an Ethernet for the kernels of one machine, in a file that they share
 *
 * Theory of operation
 *
 * The file has a table of members and for each of them a ring that only that member writes. All
 * others read it, each from a position of its own, so a frame is written once, whoever it is for,
 * and a member that is killed leaves nothing behind but a frame that was never published. Nobody
 * waits for a reader: one that falls a whole ring behind loses what was overwritten.
 *
 * Positions are bytes since the file was made, and never go back, not even when another member
 * takes over a place in the table. Of each ring's writer:
 *
 *	reserved	up to here less the size of the ring, bytes may be overwritten
 *	head		up to here frames are whole
 *
 * The writer raises reserved before it writes and head after; a reader copies first and then looks
 * whether reserved had come too near. So what it keeps was not being written.
 *
 * A place belongs to who holds the lock on its byte of the file (an OFD lock, which ends with its
 * process). Positions and lengths that are read are checked: members need not trust each other's
 * contents.
 *
 * All processes of a member's kernel write its ring, one at a time, as its kernel sees to.
 *
 * The file is made by whoever has its lock and finds no magic in it, which is written last: it may
 * be empty, or what somebody has left who was killed, or had no room, while he made it.
 *
 * What a member needs of the file is allocated when it comes, so a disk that is full is an error
 * then. Who can write the file can still cut it short, and the host sends SIGBUS to the next who
 * touches it: that one gets memory of zeros in its place, sees that the file is not what it was,
 * and takes that for a cable that was pulled.
 *
 * A reader that sleeps has set its word, with a barrier before it looks at the heads once more;
 * a writer has one between publishing and looking at the words.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define MAGIC	  0x7375622d706d7572 /* "rump-bus" */
#define VERSION	  1
#define MEMBERS	  32
#define RING	  (4ul << 20)
#define ALIGN(n)  (((n) + 7) & ~7ul)
#define LOCK_BASE (1l << 40) /* behind all there can be; the first is for making the file */
#define MAC_MASK  0xffffffffffff
#define MULTICAST 1 /* in the first byte of an address */

struct member {
	uint32_t active; /* somebody holds the place, or did and was killed */
	uint32_t sleeping; /* futex */
	uint64_t reserved;
	uint64_t head;
} __attribute__((aligned(128)));

struct file {
	uint64_t magic;
	uint64_t version;
	struct member members[MEMBERS];
	unsigned char rings[MEMBERS][RING] __attribute__((aligned(4096)));
};

/**
 * struct net_bus - A member's own
 * @self:	place in the table
 * @next:	whose ring is to be looked at first
 * @at:		positions in the rings of the others
 */
struct net_bus {
	struct file *file;
	unsigned int self;
	unsigned int next;
	uint64_t at[MEMBERS];
};

/**
 * position() - A position that is in the file, which anybody may have written
 *
 * Frames begin where a length does not lie across the end of the ring.
 */
static uint64_t position(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE) & ~7ul;
}

/**
 * full_barrier() - What comes after is seen after what comes before
 *
 * Not as a builtin, which the thread sanitizer does not know.
 */
static inline void full_barrier(void)
{
	__asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
}

/**
 * lock_byte() - Lock a place
 * @n:		0 for the file, i + 1 for place i
 * @type:	F_WRLCK or F_UNLCK
 *
 * Return: 0 or -errno
 */
static long lock_byte(int fd, unsigned int n, short type, bool wait)
{
	struct flock lock = { .l_type = type, .l_start = LOCK_BASE + n, .l_len = 1 };

	return raw3(__NR_fcntl, fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
}

/* What is mapped in this process, a place per network. */
static struct file *mapped[RUMPUSER_EXT_NET_PORTS];

/**
 * allocate() - Have the host find room for a part of the file, if its file system can do that
 */
static long allocate(int fd, const struct file *file, const void *from, size_t length)
{
	long err = raw4(__NR_fallocate, fd, 0, (const char *)from - (const char *)file, length);

	return err == -EOPNOTSUPP ? 0 : err;
}

int rumpuser_ext_net_fault(unsigned long addr)
{
	for (unsigned int i = 0; i < RUMPUSER_EXT_NET_PORTS; i++) {
		unsigned long at = (unsigned long)__atomic_load_n(&mapped[i], __ATOMIC_ACQUIRE);

		if (at && addr >= at && addr - at < sizeof(struct file))
			return !raw_failed(raw_call(__NR_mmap, at, sizeof(struct file),
						    PROT_READ | PROT_WRITE,
						    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
							    MAP_NORESERVE,
						    -1, 0));
	}
	return 0;
}

/**
 * make() - Map the file, and make it what it is to be
 * @anew:	if nobody has, as whoever has its lock can tell
 *
 * Return: 0, or -errno: -EINVAL if it is something else
 */
static long make(int fd, struct file **file, bool anew)
{
	struct stat st;
	long at, err = raw2(__NR_fstat, fd, &st);

	if (!err && (st.st_mode & S_IFMT) != S_IFREG)
		err = -EINVAL;
	if (!err && !st.st_size && anew)
		err = raw2(__NR_ftruncate, fd, sizeof(struct file));
	else if (!err && st.st_size != sizeof(struct file))
		err = -EINVAL;
	if (err)
		return err;
	at = raw_call(__NR_mmap, 0, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	if (raw_failed(at))
		return at;
	*file = (struct file *)at;
	err = allocate(fd, *file, *file, sizeof(struct file) - sizeof((*file)->rings));
	if (!err && anew && !(*file)->magic) {
		(*file)->version = VERSION;
		__atomic_store_n(&(*file)->magic, MAGIC, __ATOMIC_RELEASE);
	}
	if (!err && ((*file)->magic != MAGIC || (*file)->version != VERSION))
		err = -EINVAL;
	if (err)
		raw2(__NR_munmap, at, sizeof(struct file));
	for (unsigned int i = 0; !err && i < RUMPUSER_EXT_NET_PORTS; i++) {
		if (mapped[i])
			continue;
		__atomic_store_n(&mapped[i], *file, __ATOMIC_RELEASE);
		break;
	}
	return err;
}

/**
 * take_place() - Find a place that nobody holds
 *
 * Return: its number, -EUSERS or another error of the host
 */
static long take_place(int fd, struct file *file)
{
	long err;

	for (unsigned int i = 0; i < MEMBERS; i++) {
		struct member *m = &file->members[i];

		if (lock_byte(fd, i + 1, F_WRLCK, false) < 0)
			continue;
		err = allocate(fd, file, file->rings[i], RING);
		if (err)
			return err;
		m->sleeping = 0;
		m->reserved = m->head; /* what its last holder had begun, nobody reads */
		__atomic_store_n(&m->active, 1, __ATOMIC_RELEASE);
		return i;
	}
	return -EUSERS;
}

/**
 * net_bus_place() - Which member a port is
 */
unsigned int net_bus_place(const struct net *net)
{
	return net->bus->self;
}

/**
 * net_bus_join() - Send as a member whose place another process holds
 * @fd:	the file
 *
 * Return: 0 or -errno
 */
long net_bus_join(struct net *net, int fd, unsigned int place)
{
	long memory = net_memory(sizeof(struct net_bus)), err;

	if (raw_failed(memory))
		return memory;
	net->bus = (struct net_bus *)memory;
	net->bus->self = place;
	err = make(fd, &net->bus->file, false);
	if (err)
		raw2(__NR_munmap, memory, sizeof(struct net_bus));
	return err;
}

static int bus_open(struct net *net, struct rumpuser_ext_net *what)
{
	long memory = net_memory(sizeof(struct net_bus)), fd, err;
	struct net_bus *bus = (struct net_bus *)memory;

	if (raw_failed(memory))
		return memory;
	fd = raw4(__NR_openat, AT_FDCWD, what->name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fd;
	net->fd = fd = net_high(fd);
	err = lock_byte(fd, 0, F_WRLCK, true);
	if (!err)
		err = make(fd, &bus->file, true);
	if (!err)
		err = take_place(fd, bus->file);
	lock_byte(fd, 0, F_UNLCK, true);
	if (err < 0) {
		raw1(__NR_close, fd);
		return err;
	}
	bus->self = err;
	for (unsigned int i = 0; i < MEMBERS; i++)
		bus->at[i] = position(&bus->file->members[i].head);
	net->bus = bus;
	what->features = RUMPUSER_EXT_NET_OFFLOAD | RUMPUSER_EXT_NET_DIRECT;
	if (!what->mtu)
		what->mtu = NET_MTU;
	return 0;
}

/**
 * ring_write() - Copy into a ring
 * @at:		position
 */
static void ring_write(unsigned char *ring, uint64_t at, const void *from, size_t length)
{
	size_t begin = at % RING, part = RING - begin;

	if (part > length)
		part = length;
	memcpy(ring + begin, from, part);
	memcpy(ring, from + part, length - part);
}

/**
 * ring_read() - Copy out of a ring, to pieces of memory
 * @iov:	with room for @length
 */
static void ring_read(const unsigned char *ring, uint64_t at, const struct iovec *iov,
		      size_t length)
{
	size_t begin = at % RING, part = RING - begin;

	if (part > length)
		part = length;
	net_copy_in(iov, 0, ring + begin, part);
	net_copy_in(iov, part, ring, length - part);
}

/* Not if it was cut short, even if somebody has made it anew since. */
static bool is_whole(const struct net_bus *bus)
{
	return __atomic_load_n(&bus->file->members[bus->self].active, __ATOMIC_RELAXED);
}

/**
 * wake_readers() - There is something new
 */
static void wake_readers(struct net_bus *bus)
{
	full_barrier();
	for (unsigned int i = 0; i < MEMBERS; i++) {
		struct member *m = &bus->file->members[i];

		if (i != bus->self && __atomic_load_n(&m->sleeping, __ATOMIC_RELAXED) &&
		    __atomic_exchange_n(&m->sleeping, 0, __ATOMIC_SEQ_CST))
			raw3(__NR_futex, &m->sleeping, FUTEX_WAKE, 1);
	}
}

static long bus_send(struct net *net, const struct iovec *iov, unsigned int n)
{
	struct net_bus *bus = net->bus;
	struct member *self = &bus->file->members[bus->self];
	unsigned char *ring = bus->file->rings[bus->self];
	uint64_t at = position(&self->head);
	uint32_t length = net_bytes(iov, n);

	if (length > NET_HEADER + NET_FRAME_MAX)
		return -EMSGSIZE;
	__atomic_store_n(&self->reserved, at + ALIGN(sizeof(length) + length), __ATOMIC_RELAXED);
	full_barrier();
	ring_write(ring, at, &length, sizeof(length));
	at += sizeof(length);
	for (; n--; iov++) {
		ring_write(ring, at, iov->iov_base, iov->iov_len);
		at += iov->iov_len;
	}
	__atomic_store_n(&self->head, ALIGN(at), __ATOMIC_RELEASE);
	wake_readers(bus);
	return is_whole(bus) ? 0 : -ENOLINK;
}

/**
 * is_wanted() - Whether a frame is for this member
 * @frame:	position of its first byte, which is the receiver's address
 */
static bool is_wanted(const unsigned char *ring, uint64_t frame,
		      const struct rumpuser_ext_net_filter *filter)
{
	uint64_t mac = 0;

	for (unsigned int i = 0; i < 6; i++)
		mac = mac << 8 | ring[(frame + i) % RING];
	return filter->all || mac == filter->mac || (mac >> 40 & MULTICAST);
}

/**
 * overtaken() - Whether a writer may have written over what lies at a position
 */
static bool overtaken(const struct member *m, uint64_t at)
{
	full_barrier();
	return __atomic_load_n(&m->reserved, __ATOMIC_RELAXED) - at > RING;
}

/**
 * take() - Take the next frame of a member that is wanted
 *
 * Return: bytes, 0 if there is none
 */
static long take(struct net_bus *bus, unsigned int i, const struct iovec *iov, size_t room,
		 const struct rumpuser_ext_net_filter *filter)
{
	const struct member *m = &bus->file->members[i];
	const unsigned char *ring = bus->file->rings[i];

	for (;;) {
		uint64_t head = position(&m->head), at = bus->at[i];
		bool wanted;
		uint32_t length;

		if (at == head)
			return 0;
		memcpy(&length, ring + at % RING, sizeof(length));
		if (overtaken(m, at) || length < NET_HEADER || length > room ||
		    ALIGN(sizeof(length) + length) > head - at) {
			bus->at[i] = head;
			continue;
		}
		wanted = is_wanted(ring, at + sizeof(length) + NET_HEADER, filter);
		if (wanted)
			ring_read(ring, at + sizeof(length), iov, length);
		if (overtaken(m, at))
			continue;
		bus->at[i] = at + ALIGN(sizeof(length) + length);
		if (wanted)
			return length;
	}
}

static long take_any(struct net_bus *bus, const struct iovec *iov, unsigned int n,
		     const struct rumpuser_ext_net_filter *filter)
{
	size_t room = net_bytes(iov, n);
	long bytes;

	for (unsigned int turn = 0; turn < MEMBERS; turn++) {
		unsigned int i = (bus->next + turn) % MEMBERS;

		if (i == bus->self || !__atomic_load_n(&bus->file->members[i].active,
						       __ATOMIC_RELAXED))
			continue;
		bytes = take(bus, i, iov, room, filter);
		if (bytes) {
			bus->next = i + 1;
			return bytes;
		}
	}
	return 0;
}

static long bus_receive(struct net *net, const struct iovec *iov, unsigned int n, bool wait,
			const struct rumpuser_ext_net_filter *filter)
{
	struct net_bus *bus = net->bus;
	uint32_t *sleeping = &bus->file->members[bus->self].sleeping;
	long bytes;

	for (;;) {
		bytes = take_any(bus, iov, n, filter);
		if (bytes)
			return bytes;
		if (!is_whole(bus))
			return -ENOLINK;
		if (!wait)
			return -EAGAIN;
		__atomic_store_n(sleeping, 1, __ATOMIC_SEQ_CST);
		full_barrier();
		bytes = take_any(bus, iov, n, filter);
		if (!bytes)
			raw4(__NR_futex, sleeping, FUTEX_WAIT, 1, 0);
		__atomic_store_n(sleeping, 0, __ATOMIC_RELAXED);
		if (bytes)
			return bytes;
	}
}

const struct net_ops net_bus_ops = { false, bus_open, bus_send, bus_receive };
