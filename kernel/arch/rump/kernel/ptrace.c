// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptrace.c - generic code wants an architecture's half of ptrace
 *
 * Registers and stepping belong to the host's ptrace(2); between tasks of
 * this kernel there is nothing to see or to step.
 */
#include <linux/ptrace.h>
#include <linux/seq_file.h>

void user_enable_single_step(struct task_struct *task)
{
}

void user_disable_single_step(struct task_struct *task)
{
}

void ptrace_disable(struct task_struct *task)
{
}

long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	return -EIO;
}

static void *c_start(struct seq_file *m, loff_t *pos)
{
	return *pos < nr_cpu_ids ? (void *)(*pos + 1) : NULL;
}

static void *c_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return c_start(m, pos);
}

static void c_stop(struct seq_file *m, void *v)
{
}

static int c_show(struct seq_file *m, void *v)
{
	seq_printf(m, "processor\t: %lu\nmodel name\t: rump virtual CPU\n\n",
		   (unsigned long)v - 1);
	return 0;
}

/* /proc/cpuinfo */
const struct seq_operations cpuinfo_op = {
	.start	= c_start,
	.next	= c_next,
	.stop	= c_stop,
	.show	= c_show,
};
