// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - readiness of descriptors here wakes a host thread in the host's poll
 *
 * Theory of operation
 *
 * A program's poll set may hold descriptors of two kernels. Its thread waits in the
 * host's ppoll or epoll_wait, for the host's descriptors and an eventfd. A watch
 * is the other half: the wait-queue entries that poll(2) would have made here,
 * with a wake function that writes to the eventfd, on whatever host thread
 * happens to carry.
 *
 * Two kinds. A poll's watch is for one wait: it registers only if nothing is ready,
 * kicks once and then not again until WATCH_POLL has looked, and goes with its task. One
 * with RUMP_WATCH_KEEP stands for members of an epoll set: it registers in any case,
 * kicks at every wake-up that matches, so that the host's edge-triggered rules have
 * their edges, and goes with its process.
 *
 * No wake-up is lost: kicked is cleared before the files are polled, and a file
 * becomes ready before it wakes. A kick may come that finds nothing ready, or be left in the
 * eventfd by a watch that is gone.
 *
 * Life: a watch is found by its handle in the process that made it, a process
 * being a memory. Whoever takes it out of the table (watch_lock) unregisters it. References
 * hold the files, so that a poll by one thread survives UNWATCH by another;
 * the entries are on wait queues until unregistered and only freed at the end.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <asm/carrier.h>
#include <asm/drivers.h>
#include <asm/watch.h>

#define CHUNK	64	/* struct pollfd at a time */

struct watch_entry {
	wait_queue_entry_t wait;
	wait_queue_head_t *head;	/* NULL when it has gone away (POLLFREE) */
	struct watch *watch;
	struct watch_entry *next;
	__poll_t events;
};

struct watched {
	struct file *file;	/* NULL: @bad, or to be skipped */
	__poll_t events;
	bool bad;		/* not a descriptor */
};

struct watch {
	refcount_t refs;
	int handle;
	int hostfd;
	bool keep;
	unsigned int kicked;	/* since the last poll */
	struct rump_hostwork kick;	/* by a server, of which there are */
	atomic_t due;			/* so many to be made */
	int made;
	struct mm_struct *mm;	/* the process */
	struct task_struct *task;	/* the poll's; NULL if kept */
	struct list_head list;
	struct watch_entry *entries;
	unsigned int n;
	struct watched fds[];
};

struct watch_table {
	poll_table pt;
	struct watch *watch;
	int err;
};

static DEFINE_SPINLOCK(watch_lock);
static DEFINE_IDR(watch_idr);
static LIST_HEAD(watches);
static struct kmem_cache *entry_cache;

static void watch_put(struct watch *w);

static void kick_submit(struct watch *w)
{
	rump_hostwork_submit(&w->kick);
	rump_hostwork_wake();
}

static long kick_there(struct rump_hostwork *work)
{
	struct watch *w = container_of(work, struct watch, kick);

	w->made = atomic_read(&w->due);
	hyp->kick(w->hostfd);
	return 0;
}

static void kicked_there(struct rump_hostwork *work)
{
	struct watch *w = container_of(work, struct watch, kick);

	if (atomic_sub_return(w->made, &w->due))
		kick_submit(w);
	else
		watch_put(w);
}

/* The eventfd is the watching process's. If another one carries, a server does it. */
static void watch_kick(struct watch *w)
{
	if (rump_carrier()->proc == w->mm->context.proc) {
		hyp->kick(w->hostfd);
	} else if (atomic_inc_return(&w->due) == 1) {
		refcount_inc(&w->refs);
		w->kick.fn = kick_there;
		w->kick.done = kicked_there;
		kick_submit(w);
	}
}

/* Under the wait queue's lock, interrupts off. */
static int watch_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct watch_entry *e = container_of(wait, struct watch_entry, wait);
	struct watch *w = e->watch;
	__poll_t events = key_to_poll(key);

	if (!events || (events & (e->events | POLLFREE))) {
		if (w->keep || !xchg(&w->kicked, 1))
			watch_kick(w);
	}
	if (events & POLLFREE) {
		/* As in eventpoll.c: what removes the entry later must not touch the queue. */
		list_del_init(&wait->entry);
		smp_store_release(&e->head, NULL);
	}
	return 1;
}

static void watch_queue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct watch_table *table = container_of(pt, struct watch_table, pt);
	struct watch *w = table->watch;
	struct watch_entry *e;

	e = kmem_cache_alloc(entry_cache, GFP_KERNEL_ACCOUNT);
	if (!e) {
		table->err = -ENOMEM;
		return;
	}
	init_waitqueue_func_entry(&e->wait, watch_wake);
	e->head = head;
	e->watch = w;
	e->events = pt->_key;
	e->next = w->entries;
	w->entries = e;
	add_wait_queue(head, &e->wait);
}

static void unregister(struct watch *w)
{
	wait_queue_head_t *head;
	struct watch_entry *e;

	for (e = w->entries; e; e = e->next) {
		/* The head's memory is freed after a grace period if POLLFREE clears it now. */
		rcu_read_lock();
		head = smp_load_acquire(&e->head);
		if (head)
			remove_wait_queue(head, &e->wait);
		rcu_read_unlock();
	}
}

static void watch_put(struct watch *w)
{
	struct watch_entry *e, *next;
	unsigned int i;

	if (!refcount_dec_and_test(&w->refs))
		return;
	for (e = w->entries; e; e = next) {
		next = e->next;
		kmem_cache_free(entry_cache, e);
	}
	for (i = 0; i < w->n; i++)
		if (w->fds[i].file)
			fput(w->fds[i].file);
	kvfree(w);
}

static int watch_publish(struct watch *w)
{
	idr_preload(GFP_KERNEL);
	spin_lock(&watch_lock);
	w->handle = idr_alloc_cyclic(&watch_idr, w, 1, 0, GFP_NOWAIT);
	if (w->handle > 0)
		list_add(&w->list, &watches);
	spin_unlock(&watch_lock);
	idr_preload_end();
	return w->handle > 0 ? 0 : w->handle;
}

/* Under watch_lock. */
static struct watch *watch_find(unsigned long handle)
{
	struct watch *w = handle <= INT_MAX ? idr_find(&watch_idr, handle) : NULL;

	return w && w->mm == current->mm ? w : NULL;
}

static void watch_take(struct watch *w)
{
	idr_remove(&watch_idr, w->handle);
	list_del(&w->list);
}

/* Poll every descriptor, and register while @table says so. */
static int watch_look(struct watch *w, struct pollfd __user *ufds, struct watch_table *table)
{
	poll_table *pt = &table->pt;
	unsigned int i, ready = 0;
	struct watched *f;
	__poll_t mask;

	for (i = 0; i < w->n; i++) {
		f = &w->fds[i];
		mask = f->bad ? EPOLLNVAL : 0;
		if (f->file) {
			pt->_key = f->events;
			mask = vfs_poll(f->file, pt) & f->events;
		}
		if (mask) {
			ready++;
			if (!w->keep)
				pt->_qproc = NULL;
		}
		if (put_user(mangle_poll(mask), &ufds[i].revents))
			return -EFAULT;
	}
	return table->err ?: ready;
}

static int watch_fds(struct watch *w, struct pollfd __user *ufds)
{
	struct pollfd chunk[CHUNK];
	unsigned int i, n;

	for (i = 0; i < w->n; i++) {
		struct pollfd *p = &chunk[i % CHUNK];
		struct watched *f = &w->fds[i];

		n = min_t(unsigned int, w->n - i, CHUNK);
		if (p == chunk && copy_from_user(chunk, &ufds[i], n * sizeof(*p)))
			return -EFAULT;
		f->events = demangle_poll(p->events) | EPOLLERR | EPOLLHUP;
		if (p->fd >= 0) {
			f->file = fget(p->fd);
			f->bad = !f->file;
		}
	}
	return 0;
}

/**
 * rump_watch() - Poll, and see to it that the host is told when that changes
 * @ufds:	as for poll(2); negative ones are skipped
 * @n:		elements
 * @hostfd:	an eventfd of the host process
 * @uhandle:	filled with a handle, 0 if nothing stays registered
 * @flags:	RUMP_WATCH_KEEP: register even if something is ready, kick at every wake-up
 *
 * Return: how many are ready, or -errno
 */
long rump_watch(struct pollfd __user *ufds, unsigned int n, int hostfd,
		unsigned long __user *uhandle, unsigned int flags)
{
	struct watch_table table = { };
	struct watch *w;
	long ret;
	int err;

	/* The servers that kick for other processes are the first one's. */
	if (current->thread.ht->proc != &rump_first_process)
		return -EOPNOTSUPP;
	if ((flags & ~RUMP_WATCH_KEEP) || n > rlimit_max(RLIMIT_NOFILE))
		return -EINVAL;
	w = kvzalloc(struct_size(w, fds, n), GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	refcount_set(&w->refs, 1);
	w->hostfd = hostfd;
	w->keep = flags & RUMP_WATCH_KEEP;
	w->mm = current->mm;
	w->task = w->keep ? NULL : current;
	w->n = n;
	ret = watch_fds(w, ufds);
	if (!ret) {
		init_poll_funcptr(&table.pt, watch_queue);
		table.watch = w;
		ret = watch_look(w, ufds, &table);
	}
	if (ret < 0 || (ret > 0 && !w->keep) || !w->entries) {
		if (put_user(0UL, uhandle))
			ret = -EFAULT;
		goto unregister;
	}
	err = watch_publish(w);
	if (err) {
		ret = err;
		goto unregister;
	}
	if (put_user((unsigned long)w->handle, uhandle)) {
		rump_unwatch(w->handle);
		return -EFAULT;
	}
	return ret;
unregister:
	unregister(w);
	watch_put(w);
	return ret;
}

/**
 * rump_watch_poll() - Poll a watch's descriptors again; it stays registered
 * @handle:	the watch
 * @ufds:	whose revents are filled
 * @n:		elements, as many as it was made with
 *
 * Return: how many are ready, or -errno
 */
long rump_watch_poll(unsigned long handle, struct pollfd __user *ufds, unsigned int n)
{
	struct watch_table table = { };
	struct watch *w;
	long ret;

	spin_lock(&watch_lock);
	w = watch_find(handle);
	if (w && w->n == n)
		refcount_inc(&w->refs);
	else
		w = NULL;
	spin_unlock(&watch_lock);
	if (!w)
		return -EINVAL;
	xchg(&w->kicked, 0);
	ret = watch_look(w, ufds, &table);
	watch_put(w);
	return ret;
}

/**
 * rump_unwatch() - Remove a watch
 * @handle:	the watch
 *
 * Return: 0, or -EINVAL if this process has no such watch
 */
long rump_unwatch(unsigned long handle)
{
	struct watch *w;

	spin_lock(&watch_lock);
	w = watch_find(handle);
	if (w)
		watch_take(w);
	spin_unlock(&watch_lock);
	if (!w)
		return -EINVAL;
	unregister(w);
	watch_put(w);
	return 0;
}

static void remove_all(bool (*match)(const struct watch *w, const void *of), const void *of)
{
	struct watch *w, *next;
	LIST_HEAD(gone);

	spin_lock(&watch_lock);
	list_for_each_entry_safe(w, next, &watches, list) {
		if (match(w, of)) {
			watch_take(w);
			list_add(&w->list, &gone);
		}
	}
	spin_unlock(&watch_lock);
	list_for_each_entry_safe(w, next, &gone, list) {
		unregister(w);
		watch_put(w);
	}
}

static bool of_task(const struct watch *w, const void *task)
{
	return w->task == task;
}

static bool of_mm(const struct watch *w, const void *mm)
{
	return w->mm == mm;
}

/**
 * rump_watch_task_exit() - The current task ends: so do the watches of its polls
 */
void rump_watch_task_exit(void)
{
	remove_all(of_task, current);
}

/**
 * rump_watch_mm_exit() - A process ends: so do its watches
 * @mm:	its memory
 */
void rump_watch_mm_exit(struct mm_struct *mm)
{
	remove_all(of_mm, mm);
}

static int __init watch_init(void)
{
	entry_cache = KMEM_CACHE(watch_entry, SLAB_PANIC | SLAB_ACCOUNT);
	return 0;
}
core_initcall(watch_init);
