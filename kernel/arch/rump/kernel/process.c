// SPDX-License-Identifier: GPL-2.0-only
/* process.c - tasks as the machine sees them */
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <asm/carrier.h>
#include <asm/files.h>

/* Below the stack's top: where rump_switch() finds a task that never ran. */
struct first_frame {
	unsigned long callee[6];
	unsigned long ip;
};

static void stack_base_init(struct task_struct *p)
{
	struct kstack_base *base = task_stack_page(p);

	base->task = p;
	base->irqs_off = 1;
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct first_frame *frame;

	stack_base_init(p);
	memset(task_pt_regs(p), 0, sizeof(struct pt_regs));
	task_pt_regs(p)->nr = -1;
	frame = (struct first_frame *)task_pt_regs(p) - 1;
	memset(frame, 0, sizeof(*frame));
	frame->ip = (unsigned long)rump_ret_from_fork;
	memset(&p->thread, 0, sizeof(p->thread));
	p->thread.sp = (unsigned long)frame;
	p->thread.fn = args->fn;
	p->thread.fn_arg = args->fn_arg;
	/*
	 * Only this kernel's own code clones here; a host thread's task gets
	 * its struct from the spawner before it first runs.
	 */
	return rump_files_copied(p);
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	regs->ip = ip;
	regs->sp = sp;
}

void flush_thread(void)
{
}

unsigned long __get_wchan(struct task_struct *p)
{
	return 0;
}

void show_regs(struct pt_regs *regs)
{
}

void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
	unsigned long *end, n = 0;
	extern char _stext[], _etext[];

	if (!task)
		task = current;
	if (!sp)
		sp = task == current ? (unsigned long *)current_stack_pointer :
				       (unsigned long *)task->thread.sp;
	end = (unsigned long *)task_pt_regs(task);
	printk("%sCall trace (addr2line -e build/lib/rump/vmlinux):\n", loglvl);
	for (; sp < end && n < 40; sp++) {
		if (*sp >= (unsigned long)_stext && *sp < (unsigned long)_etext) {
			printk("%s  %lx\n", loglvl, *sp);
			n++;
		}
	}
}

/*
 * Where debuggers find the contexts that nobody carries at the moment; read by
 * rump-gdb.py, which knows the order.
 */
const unsigned long rump_debug[] = {
	(unsigned long)&init_task,
	offsetof(struct task_struct, tasks),
	offsetof(struct task_struct, signal),
	offsetof(struct signal_struct, thread_head),
	offsetof(struct task_struct, thread_node),
	offsetof(struct task_struct, comm),
	offsetof(struct task_struct, pid),
	offsetof(struct task_struct, thread.sp),
	(unsigned long)&rump_vcpus[0].curr,
	sizeof(struct rump_vcpu),
};

static void __noreturn machine_end(void)
{
	hyp->panic("the kernel asked for the machine to stop");
	for (;;)
		hyp->yield();
}

void machine_restart(char *cmd)
{
	machine_end();
}

void machine_halt(void)
{
	machine_end();
}

void machine_power_off(void)
{
	machine_end();
}
void (*pm_power_off)(void);

/**
 * rump_cpu_relax() - One turn of a loop that waits for another virtual CPU
 *
 * The one waited for may wait for an interrupt to be taken here, or for a
 * host processor.
 */
void rump_cpu_relax(void)
{
	static u32 turns;

	asm volatile("pause");
	if (unlikely(READ_ONCE(rump_dead)))
		rump_abandon();
	if (!(++turns & 0xff) && rump_boot.ncpu > 1)
		hyp->yield();
	if (!irqs_disabled())
		rump_look_around(kstack_base());
}
