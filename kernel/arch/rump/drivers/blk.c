// SPDX-License-Identifier: GPL-2.0-only
/*
 * blk.c - host files and devices as disks
 *
 * A read that the host can serve from its page cache is done at once, in
 * queue_rq. Everything else is host work (hostwork.c): reads that wait for a
 * device, writes, and the flush, which is the host's fdatasync. Completed
 * writes are in the host's page cache, so they survive the process; flushed
 * ones survive the machine.
 *
 * Large writes are data that the kernel has held back already, so the host is
 * told to begin with them at once: a flush then waits for little. It is told by
 * one thread at a time, after the writes are completed, so that a slow device
 * holds up nobody who does not flush; what is written meanwhile waits in the
 * range unstarted.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

#define INLINE_SEGMENTS	16
#define WORK_SEGMENTS	64
#define QUEUE_DEPTH	32
#define START_BYTES	SZ_256K

struct extent {
	u64 begin, end;			/* bytes of the host file, end excluded */
};

struct rump_disk {
	struct list_head list;
	struct blk_mq_tag_set tags;
	struct gendisk *gendisk;
	struct rump_disk_info info;
	char *path;
	int index;
	spinlock_t start_lock;		/* of what follows */
	struct extent unstarted;	/* written, and not told to the host */
	struct rump_hostwork start;	/* tells it, and while starting is set, */
	struct extent started;		/* has this to itself */
	bool starting;
	wait_queue_head_t start_idle;
	bool written;			/* what a flush that begins now would bring to the device */
	atomic_t flushing;
};

struct rump_request {
	struct rump_hostwork work;
	struct rump_disk *disk;
	long error;
};

static LIST_HEAD(disks);
static DEFINE_MUTEX(disks_mutex);
static int disk_major;
static struct rnd_state fail_state;

/* RUMP_BLKFAIL: one request in so many fails, reproducibly for one seed. */
static bool fail_this(void)
{
	return unlikely(rump_boot.blkfail) &&
	       prandom_u32_state(&fail_state) % rump_boot.blkfail == 0;
}

/*
 * Turn what follows the first @skip bytes of a request into at most @max host vectors, adjacent
 * segments into one. The loop is two, over bios and their segments, so only return ends it.
 */
static unsigned int fill_iov(struct request *rq, unsigned long skip, struct rump_iovec *iov,
			     unsigned int max, unsigned long *bytes)
{
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0;
	void *p;

	*bytes = 0;
	rq_for_each_segment(bv, rq, iter) {
		unsigned long len = bv.bv_len;

		p = page_address(bv.bv_page) + bv.bv_offset;
		if (skip >= len) {
			skip -= len;
			continue;
		}
		p += skip;
		len -= skip;
		skip = 0;
		if (n && iov[n - 1].base + iov[n - 1].len == p) {
			iov[n - 1].len += len;
		} else {
			if (n == max)
				return n;
			iov[n].base = p;
			iov[n++].len = len;
		}
		*bytes += len;
	}
	return n;
}

static long transfer(struct rump_disk *disk, struct request *rq, int op)
{
	unsigned long total = blk_rq_bytes(rq), done = 0, bytes;
	struct rump_iovec iov[WORK_SEGMENTS];
	u64 pos = disk->info.begin + (blk_rq_pos(rq) << SECTOR_SHIFT);
	unsigned int n;
	long ret;

	while (done < total) {
		n = fill_iov(rq, done, iov, WORK_SEGMENTS, &bytes);
		ret = hyp->io(disk->info.fd, op, iov, n, pos + done, 0);
		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		if (ret <= 0)
			return ret ?: -EIO;	/* the file was cut short under us */
		done += ret;
	}
	return 0;
}

/* On a host stack: a request that may wait for the host's device. */
static long blk_work(struct rump_hostwork *work)
{
	struct rump_request *r = container_of(work, struct rump_request, work);
	struct request *rq = blk_mq_rq_from_pdu(r);
	struct rump_disk *disk = r->disk;
	u64 pos = disk->info.begin + (blk_rq_pos(rq) << SECTOR_SHIFT);
	u64 until;
	u32 word = 0;
	long ret;

	if (unlikely(rump_boot.blkdelay)) {
		until = hyp->clock_mono() + rump_boot.blkdelay * (u64)NSEC_PER_MSEC;
		while (hyp->clock_mono() < until)
			hyp->park(&word, 0, until);
	}
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return transfer(disk, rq, RUMP_IO_READ);
	case REQ_OP_WRITE:
		ret = transfer(disk, rq, RUMP_IO_WRITE);
		if (!ret && (rq->cmd_flags & REQ_FUA))
			ret = hyp->io(disk->info.fd, RUMP_IO_FLUSH, NULL, 0, 0, 0);
		return ret;
	case REQ_OP_FLUSH:
		return hyp->io(disk->info.fd, RUMP_IO_FLUSH, NULL, 0, 0, 0);
	case REQ_OP_DISCARD:
		return hyp->io(disk->info.fd, RUMP_IO_DISCARD, NULL, 0, pos, blk_rq_bytes(rq));
	case REQ_OP_WRITE_ZEROES:
		return hyp->io(disk->info.fd, RUMP_IO_ZERO, NULL, 0, pos, blk_rq_bytes(rq));
	default:
		return -EOPNOTSUPP;
	}
}

/* On a host stack. Errors of the device come with the flush. */
static long start_work(struct rump_hostwork *work)
{
	struct rump_disk *disk = container_of(work, struct rump_disk, start);
	struct extent *e = &disk->started;

	return hyp->io(disk->info.fd, RUMP_IO_START, NULL, 0, e->begin, e->end - e->begin);
}

/* Under start_lock. */
static void start_next(struct rump_disk *disk)
{
	disk->starting = disk->unstarted.end != 0;
	if (!disk->starting)
		return;
	disk->started = disk->unstarted;
	disk->unstarted = (struct extent){ };
	rump_hostwork_submit(&disk->start);
}

static void start_done(struct rump_hostwork *work)
{
	struct rump_disk *disk = container_of(work, struct rump_disk, start);

	spin_lock(&disk->start_lock);
	start_next(disk);
	if (!disk->starting)
		wake_up(&disk->start_idle);
	spin_unlock(&disk->start_lock);
}

static void start_extent(struct rump_disk *disk, u64 pos, u64 len)
{
	struct extent *e = &disk->unstarted;

	spin_lock(&disk->start_lock);
	e->begin = e->end ? min(e->begin, pos) : pos;
	e->end = max(e->end, pos + len);
	if (!disk->starting)
		start_next(disk);
	spin_unlock(&disk->start_lock);
}

static void blk_done(struct rump_hostwork *work)
{
	struct rump_request *r = container_of(work, struct rump_request, work);
	struct request *rq = blk_mq_rq_from_pdu(r);

	if (req_op(rq) == REQ_OP_FLUSH)
		atomic_dec(&r->disk->flushing);
	if (req_op(rq) == REQ_OP_FLUSH ? work->ret < 0 : op_is_write(req_op(rq)))
		WRITE_ONCE(r->disk->written, true);
	if (req_op(rq) == REQ_OP_WRITE && !work->ret && blk_rq_bytes(rq) >= START_BYTES)
		start_extent(r->disk, r->disk->info.begin + (blk_rq_pos(rq) << SECTOR_SHIFT),
			     blk_rq_bytes(rq));
	blk_mq_end_request(rq, errno_to_blk_status(work->ret));
}

static bool read_inline(struct rump_disk *disk, struct request *rq)
{
	struct rump_iovec iov[INLINE_SEGMENTS];
	unsigned long bytes;
	unsigned int n;

	if (rump_carrier()->proc != &rump_first_process)
		return false;
	n = fill_iov(rq, 0, iov, INLINE_SEGMENTS, &bytes);
	return bytes == blk_rq_bytes(rq) &&
	       hyp->io_nowait(disk->info.fd, iov, n,
			      disk->info.begin + (blk_rq_pos(rq) << SECTOR_SHIFT)) == bytes;
}

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct rump_disk *disk = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct rump_request *r = blk_mq_rq_to_pdu(rq);

	blk_mq_start_request(rq);
	if (fail_this()) {
		blk_mq_end_request(rq, BLK_STS_IOERR);
		return BLK_STS_OK;
	}
	if (req_op(rq) == REQ_OP_READ && !rump_boot.blkdelay && read_inline(disk, rq)) {
		blk_mq_end_request(rq, BLK_STS_OK);
		return BLK_STS_OK;
	}
	if (req_op(rq) == REQ_OP_FLUSH) {
		/* Nothing was written since the last one, which is over: it would find nothing. */
		if (!READ_ONCE(disk->written) && !atomic_read(&disk->flushing) &&
		    !rump_boot.blkdelay) {
			blk_mq_end_request(rq, BLK_STS_OK);
			return BLK_STS_OK;
		}
		atomic_inc(&disk->flushing);
		WRITE_ONCE(disk->written, false);
	}
	r->disk = disk;
	r->work.fn = blk_work;
	r->work.done = blk_done;
	rump_hostwork_submit(&r->work);
	return BLK_STS_OK;
}

static const struct blk_mq_ops blk_ops = {
	.queue_rq	= queue_rq,
};

static const struct block_device_operations disk_ops = {
	.owner		= THIS_MODULE,
};

static int free_index(void)
{
	struct rump_disk *disk;
	int i;

	for (i = 0; ; i++) {
		bool taken = false;

		list_for_each_entry(disk, &disks, list)
			taken |= disk->index == i;
		if (!taken)
			return i;
	}
}

static void disk_free(struct rump_disk *disk)
{
	wait_event(disk->start_idle, !READ_ONCE(disk->starting));
	spin_lock_irq(&disk->start_lock);	/* start_done() has let go of it */
	spin_unlock_irq(&disk->start_lock);
	blk_mq_free_tag_set(&disk->tags);
	kfree(disk->path);
	kfree(disk);
}

/**
 * rump_disk_add() - Make a host file a disk
 * @upath:	where its node is to be, or NULL
 * @uinfo:	the file
 *
 * Return: number N of the disk, whose other name is /dev/rumpN, or -errno
 */
long rump_disk_add(const char *upath, const struct rump_disk_info *uinfo)
{
	struct queue_limits lim = { };
	struct rump_disk *disk;
	long err;

	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk)
		return -ENOMEM;
	spin_lock_init(&disk->start_lock);
	init_waitqueue_head(&disk->start_idle);
	disk->start.fn = start_work;
	disk->start.done = start_done;
	err = -EFAULT;
	if (copy_from_user(&disk->info, (const void __user *)uinfo, sizeof(disk->info)))
		goto free;
	if (upath) {
		disk->path = strndup_user((const char __user *)upath, PATH_MAX);
		if (IS_ERR(disk->path)) {
			err = PTR_ERR(disk->path);
			disk->path = NULL;
			goto free;
		}
	}
	lim.logical_block_size = disk->info.blocksize ?: SECTOR_SIZE;
	lim.physical_block_size = max_t(unsigned int, lim.logical_block_size, PAGE_SIZE);
	lim.max_hw_sectors = SZ_1M >> SECTOR_SHIFT;
	lim.max_segments = 256;
	lim.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (disk->info.discard) {
		lim.max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
		lim.discard_granularity = PAGE_SIZE;
		lim.max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT;
	}
	disk->tags.ops = &blk_ops;
	disk->tags.nr_hw_queues = 1;
	disk->tags.queue_depth = QUEUE_DEPTH;
	disk->tags.numa_node = NUMA_NO_NODE;
	disk->tags.cmd_size = sizeof(struct rump_request);
	disk->tags.flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	err = blk_mq_alloc_tag_set(&disk->tags);
	if (err)
		goto free;
	disk->gendisk = blk_mq_alloc_disk(&disk->tags, &lim, disk);
	if (IS_ERR(disk->gendisk)) {
		err = PTR_ERR(disk->gendisk);
		goto free_tags;
	}
	mutex_lock(&disks_mutex);
	disk->index = free_index();
	disk->gendisk->major = disk_major;
	disk->gendisk->first_minor = disk->index << 4;
	disk->gendisk->minors = 16;
	disk->gendisk->fops = &disk_ops;
	disk->gendisk->private_data = disk;
	snprintf(disk->gendisk->disk_name, DISK_NAME_LEN, "rump%d", disk->index);
	set_capacity(disk->gendisk, disk->info.size >> SECTOR_SHIFT);
	set_disk_ro(disk->gendisk, disk->info.readonly);
	err = add_disk(disk->gendisk);
	if (err)
		goto put;
	if (disk->path) {
		err = rump_make_node(disk->path, disk_devt(disk->gendisk));
		if (err)
			goto del;
	}
	list_add_tail(&disk->list, &disks);
	err = disk->index;
	mutex_unlock(&disks_mutex);
	return err;
del:
	del_gendisk(disk->gendisk);
put:
	mutex_unlock(&disks_mutex);
	put_disk(disk->gendisk);
free_tags:
	blk_mq_free_tag_set(&disk->tags);
free:
	kfree(disk->path);
	kfree(disk);
	return err;
}

/**
 * rump_disk_del() - Take a disk away
 * @upath:	its path as given to rump_disk_add()
 *
 * Return: the host descriptor it used, for the caller to close; -ENOENT, or
 * -EBUSY while it is mounted or open
 */
long rump_disk_del(const char *upath)
{
	struct rump_disk *disk;
	long ret = -ENOENT;
	char *path;

	path = strndup_user((const char __user *)upath, PATH_MAX);
	if (IS_ERR(path))
		return PTR_ERR(path);
	mutex_lock(&disks_mutex);
	list_for_each_entry(disk, &disks, list) {
		if (!disk->path || strcmp(disk->path, path))
			continue;
		ret = -EBUSY;
		if (disk_openers(disk->gendisk))
			break;
		list_del(&disk->list);
		del_gendisk(disk->gendisk);
		rump_remove_node(path);
		put_disk(disk->gendisk);
		ret = disk->info.fd;
		disk_free(disk);
		break;
	}
	mutex_unlock(&disks_mutex);
	kfree(path);
	return ret;
}

static int __init blk_start(void)
{
	prandom_seed_state(&fail_state, rump_boot.blkfail_seed);
	disk_major = register_blkdev(0, "rump");
	return disk_major < 0 ? disk_major : 0;
}
device_initcall(blk_start);
