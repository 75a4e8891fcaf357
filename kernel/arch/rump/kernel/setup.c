// SPDX-License-Identifier: GPL-2.0-only
/*
 * setup.c - from rump_image_ops.boot to start_kernel() and back
 *
 * The booting host thread carries init_task on its stack through
 * start_kernel(); its call is done when process 1 has made the first process
 * (init.c), whose main task is then its own.
 */
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/extable.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/sched/task_stack.h>
#include <linux/start_kernel.h>
#include <linux/utsname.h>
#include <generated/utsrelease.h>
#include <asm/carrier.h>
#include <asm/drivers.h>
#include <asm/setup.h>
#include <asm/unistd.h>
#include <asm/syscall.h>

struct rump_bootinfo rump_boot;
struct rump_hthread *rump_boot_hthread;

static void __noreturn __ref boot_on_kernel_stack(void)
{
	start_kernel();
	BUG();
}

static long boot(struct rump_hthread *ht, void *unused)
{
	struct kstack_base *base = (struct kstack_base *)init_stack;

	base->task = &init_task;
	base->vcpu = &rump_vcpus[0];
	base->pending = &rump_vcpus[0].pending;
	base->irqs_off = 1;
	base->magic = STACK_END_MAGIC;
	rump_vcpus[0].curr = &init_task;
	rump_vcpus[0].owner = ht->id;
	rump_vcpus[0].carrier = ht;
	ht->owns = &rump_vcpus[0];
	ht->req = RUMP_REQ_RUNNING;
	rump_call_on((unsigned long)task_pt_regs(&init_task), boot_on_kernel_stack);
}

static struct rump_hthread *image_boot(const struct rump_bootinfo *info, int tid)
{
	unsigned int cpu;

	rump_boot = *info;
	for (cpu = 0; cpu < RUMP_MAX_NCPU; cpu++) {
		rump_vcpus[cpu].cpu = cpu;
		rump_vcpus[cpu].deadline = ~0ULL;
		rump_vcpus[cpu].guarded = ~0ULL;
	}
	rump_boot_hthread = rump_hthread_get(RUMP_HT_THREAD, &rump_first_process, tid);
	if (rump_host_call(rump_boot_hthread, boot, NULL) < 0)
		return NULL;
	return rump_boot_hthread;
}

static unsigned long image_fixup(unsigned long ip)
{
	const struct exception_table_entry *e = search_exception_tables(ip);

	return e ? e->fixup : 0;
}

/* A lock prefix like all others (asm/alternative.h), to tell what became of them. */
asm(".pushsection .rodata\n"
    "rump_lock_probe: .byte 0xf0\n"
    ".popsection\n"
    ".pushsection .smp_locks,\"a\"\n"
    ".balign 4\n"
    ".long rump_lock_probe - .\n"
    ".popsection");
extern const unsigned char rump_lock_probe;

const struct rump_image_ops rump_image_ops = {
	.version	= RUMP_ABI_VERSION,
	.syscalls	= NR_syscalls,
	.lock_probe	= &rump_lock_probe,
	.boot		= image_boot,
	.enter		= rump_enter,
	.attach		= rump_attach,
	.detach		= rump_detach,
	.lwp		= rump_lwp,
	.lwp_switch	= rump_lwp_switch,
	.lwp_release	= rump_lwp_release,
	.helper		= rump_helper,
	.serve		= rump_serve,
	.interrupt	= rump_interrupt,
	.fixup		= image_fixup,
	.release	= UTS_RELEASE,
	.fork_child	= rump_fork_child,
	.process_pid	= rump_process_pid,
	.left		= rump_left,
	.bury		= rump_bury,
	.forget		= rump_forget,
	.lend		= rump_lend,
	.vmap_fault	= rump_vmap_fault,
	.zap		= rump_zap,
#ifdef CONFIG_NETDEVICES
	.net		= rump_net_run,
#endif
	.process_at	= rump_process_at,
	.die		= rump_die,
	.dead		= &rump_dead,
};

static char __initdata command_line[COMMAND_LINE_SIZE];

void __init setup_arch(char **cmdline_p)
{
	extern char _text[], _end[];

	snprintf(boot_command_line, COMMAND_LINE_SIZE, "%s %s", "panic=-1 rcupdate.rcu_expedited=1 dhash_entries=4096 ihash_entries=2048 nbd.nbds_max=0 bonding.max_bonds=0 dummy.numdummies=0",
		 rump_boot.cmdline);
	strscpy(command_line, boot_command_line, COMMAND_LINE_SIZE);
	*cmdline_p = command_line;
	setup_initial_init_mm(_text, _text, _end, _end);
	rump_setup_memory();
	rump_setup_cpus();
}

void __init arch_cpu_finalize_init(void)
{
	u8 seed[64];

	if (hyp->random(seed, sizeof(seed)) == 0)
		add_bootloader_randomness(seed, sizeof(seed));
	memzero_explicit(seed, sizeof(seed));
	strscpy(init_uts_ns.name.nodename, rump_boot.hostname);
	strscpy(init_uts_ns.name.machine, "x86_64");
}

static int panic_to_host(struct notifier_block *nb, unsigned long event, void *why)
{
	hyp->panic(why);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = panic_to_host };

static int __init panic_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}
early_initcall(panic_init);
