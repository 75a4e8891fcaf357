// SPDX-License-Identifier: GPL-2.0-only
/* smp.c - virtual CPUs: RUMP_NCPU of them, each with a helper thread */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <asm/carrier.h>

void __init rump_setup_cpus(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < rump_boot.ncpu; cpu++) {
		set_cpu_possible(cpu, true);
		set_cpu_present(cpu, true);
	}
}

void __init smp_prepare_boot_cpu(void)
{
	kstack_base()->pcpu_off = __per_cpu_offset[0];
}

void __init smp_prepare_cpus(unsigned int max_cpus)
{
	rump_own_pids();
}

/* First code of a secondary CPU, on its idle task's stack. */
static asmlinkage void __noreturn secondary_start(void)
{
	unsigned int cpu = smp_processor_id();

	mmgrab(&init_mm);
	current->active_mm = &init_mm;
	notify_cpu_starting(cpu);
	set_cpu_online(cpu, true);
	rump_timer_start();
	local_irq_enable();
	cpu_startup_entry(CPUHP_AP_ONLINE_IDLE);
	BUG();
}

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	struct kstack_base *base = task_stack_page(idle);
	struct rump_vcpu *v = &rump_vcpus[cpu];
	unsigned long *sp = (unsigned long *)task_pt_regs(idle);

	base->vcpu = v;
	base->pending = &v->pending;
	base->pcpu_off = __per_cpu_offset[cpu];
	base->irqs_off = 1;
	v->curr = idle;
	/* What rump_resume() pops: six registers and the address; 16-aligned after it. */
	*--sp = 0;
	*--sp = (unsigned long)secondary_start;
	sp -= 6;
	v->resume = (unsigned long)sp;
	/* A raised bit makes the helper carry it. */
	rump_raise(v, RUMP_IRQ_RESCHED);
	while (!READ_ONCE(v->helper))
		hyp->yield();
	rump_kick(v);
	while (!cpu_online(cpu))
		cpu_relax();
	return 0;
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

static void raise_and_kick(int cpu, unsigned int irq)
{
	rump_raise(&rump_vcpus[cpu], irq);
	rump_kick(&rump_vcpus[cpu]);
}

void arch_smp_send_reschedule(int cpu)
{
	raise_and_kick(cpu, RUMP_IRQ_RESCHED);
}

void arch_send_call_function_single_ipi(int cpu)
{
	raise_and_kick(cpu, RUMP_IRQ_CALL);
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	int cpu;

	for_each_cpu(cpu, mask)
		raise_and_kick(cpu, RUMP_IRQ_CALL);
}

void smp_send_stop(void)
{
	/* Others keep their virtual CPUs; the process is about to end. */
}

/**
 * rump_spin_wait() - Wait for a spinlock that another virtual CPU holds
 * @lock:	lock, taken when this returns
 */
void rump_spin_wait(arch_spinlock_t *lock)
{
	unsigned int turns = 0;

	do {
		while (READ_ONCE(lock->lock)) {
			asm volatile("pause");
			if (unlikely(READ_ONCE(rump_dead)))
				rump_abandon();
			if (!(++turns & 0x3f))
				hyp->yield();
		}
	} while (!arch_spin_trylock(lock));
}
