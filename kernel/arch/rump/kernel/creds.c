// SPDX-License-Identifier: GPL-2.0-only
/*
 * creds.c - the first process takes over from the host's
 *
 * The kernel and what it has mounted belong to the user who runs it, who may
 * read and write the bytes of the image anyhow: so there he may do what root may.
 * But what he makes is to be his. A process of a user other than root gets
 * the user's ids together with all capabilities, and SECBIT_NO_SETUID_FIXUP, by
 * which generic code does not mind that the ids are not root's, in access(2) too.
 */
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/resource.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/securebits.h>
#include <linux/syscalls.h>
#include <linux/uidgid.h>
#include <asm/carrier.h>

static int take_groups(const struct rump_bootinfo *info)
{
	unsigned int i, n = min_t(unsigned int, info->ngroups, ARRAY_SIZE(info->groups));
	struct group_info *gi = groups_alloc(n);
	int err;

	if (!gi)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		gi->gid[i] = make_kgid(current_user_ns(), info->groups[i]);
	groups_sort(gi);
	err = set_current_groups(gi);
	put_group_info(gi);
	return err;
}

static int keep_capabilities(void)
{
	struct cred *new = prepare_creds();

	if (!new)
		return -ENOMEM;
	new->securebits |= issecure_mask(SECURE_NO_SETUID_FIXUP);
	return commit_creds(new);
}

static void take_limit(unsigned int resource, const unsigned long *limit, unsigned long most)
{
	struct rlimit *rlim = &current->signal->rlim[resource];

	rlim->rlim_cur = min(limit[0], most);
	rlim->rlim_max = min(limit[1], most);
}

/*
 * How many processes a user has is the host's to say, which has made them. What the kernel would allow
 * follows from the memory that it began with: 35 processes, and as many signals in queues, timers' included.
 */
static void lift_limits(void)
{
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	current->signal->rlim[RLIMIT_NPROC] = none;
	current->signal->rlim[RLIMIT_SIGPENDING] = none;
}

/**
 * rump_take_over() - Give the current process what the host process has
 * @info:	ids, groups, umask, limits
 *
 * Return: 0 or -errno
 */
int rump_take_over(const struct rump_bootinfo *info)
{
	int err = 0;

	take_limit(RLIMIT_NOFILE, info->nofile, sysctl_nr_open);
	take_limit(RLIMIT_FSIZE, info->fsize, RLIM_INFINITY);
	lift_limits();
	current->fs->umask = info->umask & 0777;
	if (info->uid[1])
		err = keep_capabilities();
	err = err ?: take_groups(info) ?:
	      sys_setresgid(info->gid[0], info->gid[1], info->gid[2]) ?:
	      sys_setresuid(info->uid[0], info->uid[1], info->uid[2]);
	/* As after exec: /proc shows the process as the user's. */
	set_dumpable(current->mm, SUID_DUMP_USER);
	return err;
}
