// SPDX-License-Identifier: BSD-2-Clause
/* gen_rules.c - does hijack_table.h say what the manual pages say of these calls? Prints what not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "hijack_table.h"

#define EXPECT(nr, what)                                                                           \
	do {                                                                                       \
		const struct hijack_rule *r = &hijack_rules[nr];                                   \
                                                                                                   \
		if (!(what))                                                                       \
			printf("%s: not " #what "\n", r->name);                                    \
	} while (0)

int main(void)
{
	int i;

	for (i = 0; i < HIJACK_RULES; i++)
		if (!hijack_rules[i].name[0] != (hijack_rules[i].route == RULE_UNKNOWN))
			printf("%d: a name or a route is missing\n", i);

	EXPECT(SYS_read, r->route == RULE_ARGS && r->fd[0] == 1 && r->fd[1] == 0);
	EXPECT(SYS_read, r->nargs == 3 && r->subject == RULE_FILE && !r->newfd);
	EXPECT(SYS_splice, r->route == RULE_SPECIAL && r->fd[0] == 1 && r->fd[1] == 3);
	EXPECT(SYS_stat, r->path[0].path == 1 && !r->path[0].dir && !r->path[0].link);
	EXPECT(SYS_lstat, r->path[0].path == 1 && r->path[0].link);
	EXPECT(SYS_openat, r->path[0].dir == 1 && r->path[0].path == 2 && r->open == 3);
	EXPECT(SYS_openat, r->newfd && r->cloexec == 3 && r->cloexec_bit == O_CLOEXEC);
	EXPECT(SYS_openat2, r->how == 3 && r->newfd && !r->open);
	EXPECT(SYS_newfstatat, r->at == 4);
	EXPECT(SYS_linkat, r->at == 5 && r->path[0].dir == 1 && r->path[0].path == 2);
	EXPECT(SYS_linkat, r->path[1].dir == 3 && r->path[1].path == 4 && r->path[1].link);
	EXPECT(SYS_symlinkat, r->path[0].dir == 2 && r->path[0].path == 3 && !r->path[1].path);
	EXPECT(SYS_rename, r->path[0].path == 1 && r->path[1].path == 2);
	EXPECT(SYS_connect, r->addr == 2 && r->length == 3 && !r->addrout);
	EXPECT(SYS_recvfrom, r->addr == 5 && r->length == 6 && r->addrout);
	EXPECT(SYS_sendmmsg, r->fd[0] == 1 && r->msgs == 2 && r->length == 3);
	EXPECT(SYS_ppoll, r->pollfds == 1 && r->length == 2);
	EXPECT(SYS_select, r->fdsets == 2 && r->length == 1);
	EXPECT(SYS_write, !r->fills && r->room == 2 && r->count == 3 && r->size == 1);
	EXPECT(SYS_recvfrom, (r->fills & 0x3f) == 0x32 && r->room == 2 && r->count == 3);
	EXPECT(SYS_sendto, !r->fills && r->room == 2 && r->count == 3);
	EXPECT(SYS_readv, r->vector == 2 && r->length == 3 && (r->fills & 2));
	EXPECT(SYS_writev, r->vector == 2 && r->length == 3 && !(r->fills & 2));
	EXPECT(SYS_recvmsg, r->msg == 2 && r->fills == 2);
	EXPECT(SYS_sendmsg, r->msg == 2 && !r->fills);
	EXPECT(SYS_wait4, r->fills == 0xa && !r->room);
	EXPECT(SYS_epoll_wait, r->fills == 2 && r->room == 2 && r->count == 3 && r->size == 12);
	EXPECT(SYS_rt_sigtimedwait, r->fills == 2);
	EXPECT(SYS_mmap, r->fd[0] == 5 && r->range == 1 && r->length == 2);
	EXPECT(SYS_socketpair, r->fds == 4 && r->cloexec == 2);
	EXPECT(SYS_memfd_create, r->cloexec == 2 && r->cloexec_bit == 1);
	EXPECT(SYS_pidfd_open, r->newfd && r->cloexec == RULE_CLOEXEC_ALWAYS);
	EXPECT(SYS_umask, r->route == RULE_BOTH);
	EXPECT(SYS_setuid, r->route == RULE_BOTH && r->subject == RULE_CRED);
	EXPECT(SYS_getpid, r->route == RULE_HOST && r->nargs == 0);
	EXPECT(SYS_uselib, r->route == RULE_HOST && r->nargs == 6);
	EXPECT(400, r->route == RULE_UNKNOWN);
	return 0;
}
