/* SPDX-License-Identifier: BSD-2-Clause */
/* special.h - the calls with functions of their own, by subject */
#ifndef HIJACK_SPECIAL_H
#define HIJACK_SPECIAL_H

#include "call.h"

/* files.c */
hijack_fn route_close, route_close_range, route_dup, route_dup2, route_dup3, route_fcntl;
hijack_fn route_ioctl, route_mount, route_prlimit64;

/* crossing.c */
hijack_fn route_sendfile, route_splice, route_tee, route_copy_file_range, route_io_submit;
hijack_fn route_io_uring_setup;

/* names.c */
hijack_fn route_getcwd, route_chdir, route_fchdir, route_chroot, route_readlink, route_readlinkat;

/* mtab.c */
bool mtab_open(const char *path, unsigned long flags, long *result);

/* sockets.c */
hijack_fn route_socket, route_socketpair, route_sendmsg, route_recvmsg, route_sendmmsg;
hijack_fn route_recvmmsg, sockets_ask_interfaces;

/* unix.c */
hijack_fn route_connect, route_bind, route_sendto, route_getsockname, route_getpeername;
hijack_fn route_recvfrom, route_accept, route_accept4;

/* poll.c */
hijack_fn route_poll, route_ppoll;

/* select.c */
hijack_fn route_select, route_pselect6;

/* epoll.c */
hijack_fn route_epoll_create, route_epoll_create1, route_epoll_ctl, route_epoll_wait;
hijack_fn route_epoll_pwait, route_epoll_pwait2;

/* capset.c */
hijack_fn route_capset;

/* inotify.c */
hijack_fn route_inotify_init, route_inotify_init1, route_inotify_add_watch;

/* memory.c */
hijack_fn route_mmap, route_munmap, route_mremap;

/* process.c */
hijack_fn route_clone, route_clone3, route_fork, route_vfork;
hijack_fn route_exit, route_exit_group;

/* group.c */
hijack_fn route_setpgid, route_setsid;

/* kill.c */
hijack_fn route_kill, route_tkill, route_tgkill;
hijack_fn route_rt_sigqueueinfo, route_rt_tgsigqueueinfo, route_pidfd_send_signal;

/* reap.c */
hijack_fn route_wait4, route_waitid;

/* execute.c */
hijack_fn route_execve, route_execveat;

#endif
