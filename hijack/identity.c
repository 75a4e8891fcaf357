// SPDX-License-Identifier: BSD-2-Clause
/* identity.c - who a process is that joins the kernel
 *
 * Theory of operation
 *
 * A process that joins is a clone of the server's until it has taken over what it is on the host: limits,
 * groups, ids, capabilities. What it changes later it changes in both kernels.
 *
 * The user who has started the kernel may do more there than on the host (arch/rump/kernel/creds.c). So
 * a process that is still that user, or root, gives up only those capabilities that the server has on
 * the host and it has not. One that root has become has those of the host.
 *
 * In another user namespace the host gives numbers that mean nothing outside. There the process is
 * whoever it is for the server, which tells.
 */
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "identity.h"
#include "kernel.h"
#include "raw.h"
#include "state.h"
#include "str.h"

/* As getresuid(2) and getresgid(2) give them. */
struct ids {
	uint32_t real, effective, saved;
};

/* As capget(2) gives them, in one piece. */
struct capabilities {
	uint64_t effective, permitted, inheritable;
};

/**
 * get_capabilities() - Those of the calling thread
 * @in_rump:	there, not on the host
 */
static struct capabilities get_capabilities(bool in_rump)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (in_rump)
		kernel_call(__NR_capget, (long)&header, (long)data, 0, 0, 0, 0);
	else
		raw2(__NR_capget, &header, data);
	return (struct capabilities){
		data[0].effective | (uint64_t)data[1].effective << 32,
		data[0].permitted | (uint64_t)data[1].permitted << 32,
		data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
}

/**
 * set_capabilities() - Those of the calling thread in the rump kernel
 */
static long set_capabilities(const struct capabilities *c)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{(uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable},
		{(uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		 (uint32_t)(c->inheritable >> 32)},
	};

	return kernel_call(__NR_capset, (long)&header, (long)data, 0, 0, 0, 0);
}

/**
 * identity_standing() - What this process is on the host
 */
void identity_standing(struct standing *s)
{
	struct capabilities c = get_capabilities(false);
	long ngroups;

	memset(s, 0, sizeof(*s));
	raw3(__NR_getresuid, &s->uid[0], &s->uid[1], &s->uid[2]);
	raw3(__NR_getresgid, &s->gid[0], &s->gid[1], &s->gid[2]);
	ngroups = raw2(__NR_getgroups, STANDING_GROUPS, s->groups);
	s->ngroups = raw_failed(ngroups) ? STANDING_MANY : (uint32_t)ngroups;
	s->effective = c.effective;
	s->permitted = c.permitted;
	s->inheritable = c.inheritable;
	raw4(__NR_prlimit64, 0, RLIMIT_FSIZE, 0, s->fsize);
}

/**
 * take_groups() - Have the host's supplementary groups
 */
static long take_groups(void)
{
	long count = raw2(__NR_getgroups, 0, NULL), memory, result;
	size_t size = ((size_t)count + 1) * sizeof(uint32_t);

	if (raw_failed(count))
		return count;
	memory = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (raw_failed(memory))
		return memory;
	result = raw2(__NR_getgroups, count, memory);
	if (!raw_failed(result))
		result = kernel_call(__NR_setgroups, result, memory, 0, 0, 0, 0);
	raw2(__NR_munmap, memory, size);
	return result;
}

/**
 * reduce() - What this process may do in the rump kernel
 * @c:		what the server may there; result
 * @host:	what this process may on the host
 * @users:	who it is
 * @server:	who the server is
 * @theirs:	what that may on the host
 */
static void reduce(struct capabilities *c, const struct capabilities *host, const struct ids *users,
		   uint32_t server, uint64_t theirs)
{
	bool root = !users->real || !users->effective || !users->saved;

	c->permitted = server || root ? c->permitted & ~(theirs & ~host->permitted) :
					host->permitted;
	c->effective = server || !users->effective ? c->permitted & ~(theirs & ~host->effective) :
						     c->permitted & host->effective;
}

/**
 * take_ids() - Have the host's groups, ids and capabilities
 * @seen:	what the server says
 * @own:	what the process is on the host
 */
static long take_ids(const struct identity *seen, const struct standing *own)
{
	struct capabilities host = {own->effective, own->permitted, own->inheritable};
	struct capabilities c = get_capabilities(true);
	struct ids users = {own->uid[0], own->uid[1], own->uid[2]};
	struct ids groups = {own->gid[0], own->gid[1], own->gid[2]};
	struct ids server;
	long result = 0;

	kernel_call(__NR_getresuid, (long)&server.real, (long)&server.effective,
		    (long)&server.saved, 0, 0, 0);
	if (users.effective == seen->uid && groups.effective == seen->gid) {
		result = take_groups();
	} else if (seen->uid == server.effective) {
		/* As one that has joined before it has gone there. */
		return 0;
	} else {
		users = (struct ids){seen->uid, seen->uid, seen->uid};
		groups = (struct ids){seen->gid, seen->gid, seen->gid};
		memset(&host, 0, sizeof(host));
		result = kernel_call(__NR_setgroups, 0, 0, 0, 0, 0, 0);
	}
	reduce(&c, &host, &users, server.effective, seen->server.permitted);
	if (!result)
		result = kernel_call(__NR_setresgid, groups.real, groups.effective, groups.saved, 0,
				     0, 0);
	if (!result)
		result = kernel_call(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0, 0);
	if (!result)
		result = kernel_call(__NR_setresuid, users.real, users.effective, users.saved, 0, 0,
				     0);
	if (!result)
		result = set_capabilities(&c);
	if (!result)
		result = kernel_call(__NR_prctl, PR_SET_KEEPCAPS, 0, 0, 0, 0, 0);
	return result;
}

/**
 * identity_take() - Be in the rump kernel who this process is on the host
 * @seen:	what the server says of it
 *
 * It must not go on as the server.
 */
void identity_take(const struct identity *seen)
{
	struct standing own;
	long result;

	identity_standing(&own);
	/* Most are what the server is, and so is its clone. */
	if (seen->uid == own.uid[1] && seen->gid == own.gid[1] && own.ngroups != STANDING_MANY &&
	    !memcmp(&own, &seen->server, sizeof(own)))
		return;
	result = kernel_call(__NR_prlimit64, 0, RLIMIT_FSIZE, (long)own.fsize, 0, 0, 0);
	if (!result)
		result = take_ids(seen, &own);
	if (result) {
		rump__error("cannot have this process's rights in the kernel: %s", str_error(result));
		raw1(__NR_exit_group, EXIT_KERNEL);
	}
}
