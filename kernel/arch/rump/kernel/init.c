// SPDX-License-Identifier: GPL-2.0-only
/*
 * init.c - process 1 and the processes of the host
 *
 * Process 1 belongs to no host process: it reaps, and it makes the first
 * process. kernel_init() wants to execute a program to become it, so there is
 * a file /init with a binary format of its own, whose "program" is init_main()
 * below, run in place of user mode.
 *
 * A process of the host (the first here, others in fork.c) is a thread group: the leader, which is the main
 * host thread's task and has the host's pid; a spawner, which clones a task for each further
 * host thread; and these.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/init_syscalls.h>
#include <linux/sysctl.h>
#include <linux/uaccess.h>
#include <asm/carrier.h>

#define INIT_MAGIC	"\177rump"

struct rump_process rump_first_process;

/*
 * Every signal has a handler as far as this kernel can tell, so that none is
 * dropped or kills on its own: rump_signal_work() passes them to the host,
 * which knows the program's handlers.
 */
void rump_set_handlers(void)
{
	int sig;

	spin_lock_irq(&current->sighand->siglock);
	for (sig = 1; sig <= _NSIG; sig++)
		if (!sig_kernel_only(sig))
			current->sighand->action[sig - 1].sa.sa_handler = (__sighandler_t)2;
	/* The host tells the program about its children; here they are reaped by themselves. */
	current->sighand->action[SIGCHLD - 1].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&current->sighand->siglock);
}

/**
 * rump_become() - The current task, which was cloned for it, is a host thread's
 * @ht:	host thread
 */
void rump_become(struct rump_hthread *ht)
{
	/* The spawner blocks what is for the program. */
	sigemptyset(&current->blocked);
	current->thread.ht = ht;
	ht->task = current;
	ht->ksp = (unsigned long)task_pt_regs(current);
}

/* A task for a host thread of this process; it runs only when set up. */
static int thread_start(void *arg)
{
	struct rump_hthread *ht = arg;

	rump_become(ht);
	rump_complete(ht, 0);
	return 0;
}

/*
 * Whose rights a new thread has: those of the threads that there are, which may have changed them since the
 * spawner was made.
 */
static const struct cred *rights_of_others(void)
{
	const struct cred *cred = NULL;
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(current, t) {
		if (!t->thread.ht || t->flags & PF_EXITING)
			continue;
		cred = get_task_cred(t);
		break;
	}
	rcu_read_unlock();
	return cred ?: get_current_cred();
}

static void attach_one(struct rump_hthread *ht)
{
	struct kernel_clone_args args = {
		.flags	= CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_IO,
		.fn	= thread_start,
		.fn_arg	= ht,
	};
	const struct cred *cred = rights_of_others(), *before;
	pid_t pid;

	ht->req = RUMP_REQ_RUNNING;
	WRITE_ONCE(ht->attaching, 0);
	WRITE_ONCE(ht->request_queued, 0);
	before = override_creds(cred);
	pid = kernel_clone(&args);
	revert_creds(before);
	put_cred(cred);
	if (pid < 0)
		rump_complete(ht, pid);
}

static int spawner_main(void *arg)
{
	struct rump_process *proc = arg;
	struct rump_hthread *ht, *next;
	struct llist_node *node;

	set_task_comm(current, "rump-spawner");
	sigfillset(&current->blocked);
	for (;;) {
		set_current_state(TASK_KILLABLE | TASK_NOLOAD);
		node = llist_del_all(&proc->attaching);
		if (!node) {
			if (fatal_signal_pending(current))
				do_exit(0);
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		llist_for_each_entry_safe(ht, next, node, request_node)
			attach_one(ht);
	}
}

/**
 * rump_lead() - The current task is the leader of a process: give it a spawner
 * @proc:	the process
 *
 * Return: 0 or -errno
 */
int rump_lead(struct rump_process *proc)
{
	struct kernel_clone_args args = {
		.flags	= CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM,
		.fn	= spawner_main,
		.fn_arg	= proc,
	};
	pid_t pid;

	proc->leader = current;
	proc->pid = task_pid_nr(current);
	current->mm->context.proc = proc;
	pid = kernel_clone(&args);
	if (pid < 0)
		return pid;
	rcu_read_lock();
	proc->spawner = find_task_by_vpid(pid);
	rcu_read_unlock();
	return 0;
}

/* First run of the first process's leader: @arg is the host thread that waits for it. */
static int process_start(void *arg)
{
	struct rump_hthread *ht = arg;
	int err;

	rump_set_handlers();
	set_task_comm(current, rump_boot.comm);
	ht->proc->hostpid = rump_boot.pid;
	err = rump_take_over(&rump_boot) ?: rump_lead(ht->proc);
	if (err) {
		rump_complete(ht, err);
		do_exit(0);
	}
	return thread_start(ht);
}

/*
 * An eighth of memory in kernel stacks, as fork_init() allows, but of all that there may be; and the
 * kernel's own tasks, before the first of them: 16 CPUs have 130.
 */
static int __init allow_threads(void)
{
	const struct ctl_table table = { .procname = "threads-max", .maxlen = sizeof(int), .mode = 0644 };
	char value[24];
	size_t length = scnprintf(value, sizeof(value), "%lu", rump_boot.ram / 8 / THREAD_SIZE + 512);
	loff_t pos = 0;

	return sysctl_max_threads(&table, 1, value, &length, &pos);
}
early_initcall(allow_threads);

/* Numbers of the kernel's own tasks, where the host has none but on machines that wrap. */
#define OWN_PIDS	(PID_MAX_LIMIT - (1 << 20))

/**
 * rump_own_pids() - Leave the lower process ids to the host's processes
 */
void __init rump_own_pids(void)
{
	pid_max = pid_max_max;
	idr_set_cursor(&init_pid_ns.idr, OWN_PIDS);
}

static int __noreturn init_main(void)
{
	pid_t tid = rump_boot.pid;
	struct kernel_clone_args args = {
		.exit_signal	= SIGCHLD,
		.fn		= process_start,
		.fn_arg		= rump_boot_hthread,
		.set_tid	= &tid,
		.set_tid_size	= tid > 1 ? 1 : 0,
	};
	pid_t pid;

	set_task_comm(current, "rump-init");
	pid = kernel_clone(&args);
	if (pid == -EEXIST) {
		/* One of this kernel's own has that number. */
		args.set_tid_size = 0;
		pid = kernel_clone(&args);
	}
	if (pid < 0)
		rump_complete(rump_boot_hthread, pid);
	/* Children are reaped by themselves: SIGCHLD is ignored here. */
	rump_bury_forever();
}

static int load_init(struct linux_binprm *bprm);

static struct linux_binfmt init_format = {
	.load_binary = load_init,
};

static int load_init(struct linux_binprm *bprm)
{
	int err;

	if (memcmp(bprm->buf, INIT_MAGIC, sizeof(INIT_MAGIC)) || !is_global_init(current))
		return -ENOEXEC;
	err = begin_new_exec(bprm);
	if (err)
		return err;
	setup_new_exec(bprm);
	err = setup_arg_pages(bprm, STACK_TOP, EXSTACK_DEFAULT);
	if (err)
		return err;
	current->mm->start_stack = bprm->p;
	set_binfmt(&init_format);
	finalize_exec(bprm);
	spin_lock_irq(&current->sighand->siglock);
	current->sighand->action[SIGCHLD - 1].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&current->sighand->siglock);
	return 0;
}

/* User mode of process 1, see rump_first_run(). */
int rump_init_user(void)
{
	init_main();
}

static int __init make_init(void)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t n;

	register_binfmt(&init_format);
	file = filp_open("/init", O_CREAT | O_WRONLY | O_TRUNC, 0700);
	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, INIT_MAGIC, sizeof(INIT_MAGIC), &pos);
	__fput_sync(file);
	return n < 0 ? n : 0;
}
late_initcall(make_init);
