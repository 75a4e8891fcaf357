// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill.c - a process kills or stops others, which must not be in the middle of the kernel then
 *
 * Theory of operation
 *
 * Who runs kernel code has a virtual CPU, so nobody but the caller does while it has all of
 * them. The stopper threads of the others hold theirs, as stop_machine() does it, but each
 * carried by a thread of the process that keeps the kernel: the one that carried before may be
 * one of those that are killed. The caller's own goes on with its host thread, as the host is to
 * look at that one's credentials.
 *
 * Invariant: from @held counting all others until @over, every virtual CPU is owned by the caller
 * or by a thread of the first process, neither of which is killed here. A victim may be anywhere on
 * its host stack, and what it can leave there undone death.c puts right.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/stop_machine.h>
#include <asm/carrier.h>

static DEFINE_MUTEX(one_at_a_time);
static struct cpu_stop_work works[RUMP_MAX_NCPU];
static atomic_t held;
static bool over;

static int hold(void *unused)
{
	struct rump_vcpu *v = rump_this_vcpu();

	if (v->carrier->proc != &rump_first_process)
		rump_handoff(v, v->helper);
	atomic_inc(&held);
	while (!READ_ONCE(over))
		cpu_relax();
	atomic_dec(&held);
	return 0;
}

/* With preemption off, so it stays where it is. */
static void hold_others(void)
{
	unsigned int cpu, others = 0;

	over = false;
	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			others += stop_one_cpu_nowait(cpu, hold, NULL, &works[cpu]);
	while (atomic_read(&held) < others)
		cpu_relax();
}

static void let_go(void)
{
	WRITE_ONCE(over, true);
	while (atomic_read(&held))
		cpu_relax();
}

static long kill_those(int pid, int group, int sig)
{
	struct rump_process *proc, *self = current->thread.ht->proc;
	unsigned int i;
	long n = 0;

	for (i = 0; i < RUMP_PROCESSES; i++) {
		proc = rump_process_at(i);
		if (proc && proc != self && READ_ONCE(proc->state) != RUMP_PROC_GONE &&
		    (!pid || pid == rump_process_pid(proc)))
			n += !hyp->kill(rump_process_pid(proc), group, sig);
	}
	return n;
}

/**
 * rump_kill() - Kill or stop other processes, by the host
 * @pid:	host pid, or 0 for all
 * @group:	only those of this process group of the host, or -1
 * @sig:	SIGKILL or SIGSTOP, or 0 to see whether there are any
 *
 * Return: how many it was, or -EINTR if the caller is killed itself
 */
long rump_kill(int pid, int group, int sig)
{
	long n;

	if (!sig)
		return kill_those(pid, group, sig);
	if (mutex_lock_killable(&one_at_a_time))
		return -EINTR;
	preempt_disable();
	hold_others();
	rump_carry_self();
	n = kill_those(pid, group, sig);
	let_go();
	preempt_enable();
	mutex_unlock(&one_at_a_time);
	return n;
}
