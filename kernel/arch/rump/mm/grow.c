// SPDX-License-Identifier: GPL-2.0-only
/*
 * grow.c - memory comes when it is needed
 *
 * The kernel boots with a part of its RAM, as every page costs a struct page
 * to initialise. The rest is added by sections, as memory that is plugged in,
 * when most of what is there has been used once; and in the end before
 * anybody is killed for lack of memory.
 *
 * Host memory comes in chunks: the first use of a page makes the host
 * allocate its neighbours too, in one call instead of a fault each. A bit per
 * chunk says that this has been done.
 */
#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/carrier.h>

#define CHUNK_SHIFT	RUMP_CHUNK_SHIFT
#define CHUNK_PAGES	(1UL << (CHUNK_SHIFT - PAGE_SHIFT))
#define SECTION		(1UL << SECTION_SIZE_BITS)

unsigned long *rump_chunks __read_mostly;	/* NULL while booting */
static unsigned long chunks_left;		/* of the memory that is there */
static unsigned long grown_to, grow_end;

static void grow_work(struct work_struct *work)
{
	unsigned int flags = memalloc_noreclaim_save();
	unsigned long start = grown_to, size;

	/* Double, so that a large memory takes few steps. */
	size = min(max(start & ~(SECTION - 1), SECTION), grow_end - start);
	if (size && add_memory(0, start, size, MHP_NONE) == 0) {
		grown_to = start + size;
		high_memory = __va(grown_to);
		WRITE_ONCE(chunks_left, chunks_left + (size >> CHUNK_SHIFT));
	}
	memalloc_noreclaim_restore(flags);
}
static DECLARE_WORK(grow, grow_work);

static bool can_grow(void)
{
	return grown_to < grow_end;
}

/**
 * rump_populate_chunk() - A page of a fresh chunk is about to be used
 * @chunk:	number of the chunk
 */
void rump_populate_chunk(unsigned long chunk)
{
	if (test_and_set_bit(chunk, rump_chunks))
		return;
	hyp->populate((unsigned long)__va(chunk << CHUNK_SHIFT), 1UL << CHUNK_SHIFT);
	if (can_grow() && chunks_left && --chunks_left < (grown_to >> CHUNK_SHIFT) / 4)
		rump_raise(kstack_base()->vcpu, RUMP_IRQ_GROW);
}

/**
 * rump_grow_irq() - Add memory soon
 *
 * An interrupt, as pages are allocated in contexts that cannot queue work.
 */
void rump_grow_irq(void)
{
	schedule_work(&grow);
}

/*
 * Nobody is to be killed: the tasks are the program's. The allocation of the
 * current call fails instead, for which the generic code has a state, that of a
 * task chosen to be killed; rump_oom_over() takes it back at the end of the call.
 */
static void fail_instead(void)
{
	struct task_struct *task = current->mm ? current : rump_first_process.leader;

	if (!task || !task->mm || cmpxchg(&task->signal->oom_mm, NULL, task->mm))
		return;
	mmgrab(task->mm);
	set_tsk_thread_flag(task, TIF_MEMDIE);
	set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
}

/**
 * rump_oom_over() - The call whose allocation failed is over
 */
void rump_oom_over(void)
{
	struct mm_struct *mm = xchg(&current->signal->oom_mm, NULL);

	clear_thread_flag(TIF_MEMDIE);
	if (mm)
		mmdrop(mm);
}

static int grow_before_kill(struct notifier_block *nb, unsigned long unused, void *freed)
{
	if (can_grow()) {
		schedule_work(&grow);
		flush_work(&grow);
		*(unsigned long *)freed += SECTION >> PAGE_SHIFT;
	} else {
		fail_instead();
		*(unsigned long *)freed += 1;
	}
	return NOTIFY_OK;
}

static struct notifier_block oom_block = { .notifier_call = grow_before_kill };

static int __init grow_start(void)
{
	unsigned long *chunks;

	grown_to = PFN_PHYS(max_pfn);
	grow_end = ALIGN_DOWN(rump_boot.image_end - PAGE_OFFSET + rump_boot.ram, SECTION);
	mhp_set_default_online_type(MMOP_ONLINE_KERNEL);
	register_oom_notifier(&oom_block);
	chunks_left = global_zone_page_state(NR_FREE_PAGES) / CHUNK_PAGES;
	chunks = kcalloc(BITS_TO_LONGS(grow_end >> CHUNK_SHIFT), sizeof(long), GFP_KERNEL);
	if (!chunks)
		return -ENOMEM;
	rump_chunks = chunks;
	return 0;
}
late_initcall(grow_start);
