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
#include <asm/unistd.h>

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

/* Is a process meant? @whom: its pid, the negated id of a group of the host's, or 0 for all. */
static bool is_meant(const struct rump_process *proc, int pid, long whom)
{
	if (proc == current->thread.ht->proc || READ_ONCE(proc->state) == RUMP_PROC_GONE)
		return false;
	return !whom || pid == whom || (whom < 0 && hyp->group(pid) == -whom);
}

/* Signal all that are meant and of this kernel but the caller's own; how many it was. */
static long signal_known(long whom, int sig)
{
	struct rump_process *proc;
	unsigned int i;
	long n = 0;

	for (i = 0; i < RUMP_PROCESSES; i++) {
		proc = rump_process_at(i);
		if (proc && is_meant(proc, rump_process_pid(proc), whom)) {
			const long call[5] = { __NR_kill, rump_process_pid(proc), sig };

			n += !hyp->kill(call[1], call);
		}
	}
	return n;
}

/*
 * The call itself is made here as well: it is for a process that is not of this kernel yet, too, or that has
 * just executed a program, and before it is in the kernel.
 */
static long signal_all(long whom, const long call[5])
{
	long n = 0, ret;

	if (whom <= 0)
		n = signal_known(whom, call[2]);
	if (!call[0])
		return n;
	ret = hyp->kill(whom > 0 ? whom : 0, call);
	/* Those that are dead may have been waited for already. */
	return ret == -ESRCH && n ? 0 : ret;
}

/**
 * rump_kill() - Kill or stop other processes, by the host
 * @whom:	a process, by its host pid; a process group of the host, by its negated id; 0 for all
 * @call:	call of the host that does, its number and four arguments, the caller being none of those it
 *		is for; or number 0 and the arguments of kill(2), for all that are meant and of this kernel
 *
 * With number 0 and signal 0 those are counted.
 *
 * Return: the result of the call, or how many it was; -EINTR if the caller is killed itself
 */
long rump_kill(long whom, const long call[5])
{
	long ret;

	if (!call[0] && !call[2])
		return signal_known(whom, 0);
	if (mutex_lock_killable(&one_at_a_time))
		return -EINTR;
	preempt_disable();
	hold_others();
	rump_carry_self();
	ret = signal_all(whom, call);
	let_go();
	preempt_enable();
	mutex_unlock(&one_at_a_time);
	return ret;
}
