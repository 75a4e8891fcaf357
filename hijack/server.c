// SPDX-License-Identifier: BSD-2-Clause
/* server.c - the process that keeps the kernel
 *
 * Theory of operation
 *
 * The kernel belongs to a tree of processes, none of which is there from its beginning to its end. So
 * a process of its own, which runs none of the program, boots it, has the host threads for its
 * timers and its work, and its disks; and waits. It is no server in the sense that calls would go
 * through it: they are made in the memory that all share (kernel/lib/join.c). It is asked when a process
 * wants to join, told when one has been born by fork, and watches each (watched.c).
 *
 * Invariant: its main thread makes no call into the kernel while processes use that. A process that is
 * killed in the middle of the kernel keeps its virtual CPU, and the main thread is who finds out. So
 * what has to be done in the kernel is a job for another thread, the clerk (clerk.c).
 *
 * All processes have the reading end of a pipe, the lifeline, whose other end only the server has, so the
 * host tells them when the server has ended (client.c).
 *
 * At the end of the last process, or when the tree's first one says that it is about to end and is
 * the last, the kernel syncs and unmounts. One that is to be kept does so when it is halted.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "claims.h"
#include "clerk.h"
#include "kernel.h"
#include "message.h"
#include "raw.h"
#include "server.h"
#include "sources.h"
#include "state.h"
#include "str.h"

#define PARCELS		2048
#define TOLD		256
#define SOCK_CLOEXEC	02000000
#define SOL_SOCKET	1
#define SO_PEERCRED	17

/* What SO_PEERCRED gives. */
struct credentials {
	int pid;
	uint32_t uid;
	uint32_t gid;
};

static struct standing standing; /* as the kernel has it from this process */
static int lifeline;	/* the end that processes get; the other one is never used */
static int last_reply = -1;
static bool dropping;	/* the clerk has a parcel */
static bool ending;	/* as soon as nothing is under way */

/**
 * server_unlink() - Nobody shall find this kernel any more
 */
void server_unlink(void)
{
	if (hijack_config.serve_path)
		raw1(__NR_unlink, hijack_config.serve_path);
}

/**
 * finish() - End; the images are clean
 *
 * Who waits for that is told by the closing of the socket that would carry the answer, after the images are
 * closed.
 */
static _Noreturn void finish(void)
{
	server_unlink();
	rump__kernel.ops->die(RUMP_DEAD_HALTED, NULL);
	if (last_reply > 3)
		raw3(__NR_close_range, 3, last_reply - 1, 0);
	raw3(__NR_close_range, last_reply < 3 ? 3 : last_reply + 1, ~0u, 0);
	for (;;)
		raw1(__NR_exit_group, 0);
}

/**
 * peer_of() - Who has made a socket, or is at its other end
 */
static struct credentials peer_of(int socket)
{
	struct credentials peer = {0, ~0u, ~0u};
	uint32_t size = sizeof(peer);

	if (raw_call(__NR_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, &peer, &size, 0))
		peer.uid = ~0u;
	return peer;
}

/**
 * server_send_kernel() - Tell a process what it has to have to be one of the kernel's
 */
void server_send_kernel(int reply, long result)
{
	struct answer answer = {.result = result, .layout = rump__kernel.layout};
	struct credentials peer = peer_of(reply);

	answer.identity = (struct identity){peer.uid, peer.gid, standing};
	message_send(reply, &answer, sizeof(answer), raw_failed(result) ? -1 : rump__kernel.fd);
	if (!raw_failed(result))
		message_send(reply, "", 1, lifeline);
}

/**
 * halt() - End as soon as the images are clean
 */
static void halt(void)
{
	const struct request request = {REQUEST_HALT, 0, 0};

	if (!ending && !clerk_give(&request, -1))
		ending = true;
}

/**
 * take_parcel() - Watch the ticket of a file that is under way
 * @reply:	socket that its writing end comes by
 *
 * Return: 0 or a negated errno
 */
static long take_parcel(uint64_t ticket, int reply)
{
	struct source *source;
	char byte;
	int fd;
	long result = message_receive(reply, &byte, 1, &fd);

	if (fd < 0)
		return raw_failed(result) ? result : -EBADF;
	if (sources_count[SOURCE_PARCEL] + sources_count[SOURCE_LEFT] >= PARCELS) {
		raw1(__NR_close, fd);
		return -ETOOMANYREFS;
	}
	source = source_add(SOURCE_PARCEL, fd);
	if (!source)
		return -ETOOMANYREFS;
	source->process = ticket;
	return 0;
}

/**
 * drop_parcel() - Let the clerk drop a parcel that nobody can ask for, if there is one
 *
 * One at a time: many may be left at once, and others wait.
 */
static void drop_parcel(void)
{
	struct request request = {REQUEST_DROPPED, 0, 0};
	struct source *source = NULL;

	if (!dropping && sources_count[SOURCE_LEFT])
		source = source_of_type(SOURCE_LEFT);
	if (!source)
		return;
	request.process = source->process;
	if (clerk_give(&request, -1))
		return;
	source_forget(source);
	dropping = true;
}

/**
 * lose_parcel() - The last descriptor of a ticket is closed
 */
static void lose_parcel(struct source *source)
{
	source_end(source, SOURCE_LEFT);
	drop_parcel();
}

/**
 * take_claim() - Hold a file that is to go through a socket of the rump kernel
 * @reply:	socket that it comes by
 *
 * Return: 0, and the clerk answers, or a negated errno
 */
static long take_claim(int pid, int reply)
{
	struct request request = {REQUEST_CLAIM, pid, 0};
	long index = claims_take(pid, reply), result;

	if (raw_failed(index))
		return index;
	request.process = (uint64_t)index;
	result = clerk_give(&request, reply);
	if (result)
		claims_refuse((unsigned long)index);
	return result;
}

/**
 * sweep() - Have the clerk look which claims nobody has any more
 * @needed:	whether he is to
 */
static void sweep(bool needed)
{
	const struct request request = {REQUEST_SWEEP, 0, 0};

	if (needed && clerk_give(&request, -1))
		claims_missed();
}

/**
 * server_ended() - A process has ended
 */
void server_ended(int pid)
{
	ringers_drop_all(pid);
	sweep(claims_ended(pid));
}

/**
 * send_claimed() - Let a process have the file that it has a claim to
 */
static void send_claimed(uint64_t number, int reply)
{
	int file = claims_file(number);
	struct answer answer = {.result = file < 0 ? file : 0};

	message_send(reply, &answer, sizeof(answer), file < 0 ? -1 : file);
}

/**
 * new_lifeline() - A description of its own of the lifeline, for a process that cannot make one
 *
 * Return: descriptor or a negated errno
 */
static long new_lifeline(void)
{
	char name[32];

	str_printf(name, sizeof(name), "/proc/self/fd/%d", lifeline);
	return raw4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
}

/**
 * request_halt() - rump halt
 *
 * Return: 0 if it ends now, or a negated errno
 */
static long request_halt(const struct request *request, int reply)
{
	if (sources_count[SOURCE_PROCESS] && !request->process)
		return -EBUSY;
	if (last_reply < 0)
		last_reply = (int)raw3(__NR_fcntl, reply, F_DUPFD_CLOEXEC, 3);
	halt();
	return 0;
}

/**
 * request_end() - The first process of a tree is about to end
 *
 * Return: whether the kernel ends with it, so that it has to wait
 */
static bool request_end(const struct request *request, int reply)
{
	if (hijack_config.serve_keep || !watched_is_last(request->pid) ||
	    sources_count[SOURCE_CONTROL] > 2)
		return false;
	if (last_reply < 0)
		last_reply = (int)raw3(__NR_fcntl, reply, F_DUPFD_CLOEXEC, 3);
	return true;
}

/**
 * is_first() - Whether nobody has asked the same before
 */
static bool is_first(uint64_t what)
{
	static uint64_t told[TOLD];
	static unsigned int ntold;

	for (unsigned int i = 0; i < ntold; i++)
		if (told[i] == what)
			return false;
	if (ntold < TOLD)
		told[ntold++] = what;
	return true;
}

/**
 * send_places() - Tell a process what the kernel is to be used for
 */
static void send_places(int reply)
{
	static struct places_answer answer RARELY;

	if (hijack_config.serve_places)
		str_printf(answer.text, sizeof(answer.text), "%s", hijack_config.serve_places);
	message_send(reply, &answer, sizeof(answer), -1);
}

/**
 * serve() - Do what a request wants
 * @reply:	where the answer goes, or -1
 */
static void serve(const struct source *source, const struct request *request, int reply)
{
	struct answer answer = {.layout = rump__kernel.layout};
	int fd = -1;

	if (source->refused)
		answer.result = -EPERM;
	else
		switch (request->type) {
		case REQUEST_ATTACH:
			/* Its number and those of its children would be other processes' here. */
			if (peer_of(reply).pid != request->pid) {
				answer.result = -EXDEV;
				break;
			}
			answer.result = clerk_give(request, reply);
			if (!answer.result)
				return;
			break;
		case REQUEST_LAYOUT:
			server_send_kernel(reply, 0);
			return;
		case REQUEST_STARTED:
			clerk_done();
			if (request->process)
				watched_add(request->pid, request->process);
			return;
		case REQUEST_DROPPED:
			clerk_done();
			dropping = false;
			drop_parcel();
			return;
		case REQUEST_HALTED:
			finish();
		case REQUEST_BORN:
			watched_add(request->pid, request->process);
			return;
		case REQUEST_BELL:
			answer.result = ringers_take(request->pid, reply);
			break;
		case REQUEST_BELL_DROP:
			ringers_drop(request->pid, (int)request->process);
			return;
		case REQUEST_PARCEL:
			answer.result = take_parcel(request->process, reply);
			break;
		case REQUEST_CLAIM:
			answer.result = take_claim(request->pid, reply);
			if (!answer.result)
				return;
			break;
		case REQUEST_CLAIMED:
			send_claimed(request->process, reply);
			return;
		case REQUEST_MADE:
			clerk_done();
			claims_close();
			return;
		case REQUEST_SWEEP:
			clerk_done();
			sweep(claims_swept());
			return;
		case REQUEST_KNOWS:
			answer.result = clerk_is_busy() || watched_knows(request->pid);
			break;
		case REQUEST_FIRST:
			answer.result = is_first(request->process);
			break;
		case REQUEST_LIFELINE:
			fd = (int)new_lifeline();
			answer.result = fd < 0 ? fd : 0;
			break;
		case REQUEST_END:
			if (request_end(request, reply))
				return;
			break;
		case REQUEST_PLACES:
			send_places(reply);
			return;
		case REQUEST_STATUS:
			answer.result = sources_count[SOURCE_PROCESS] | raw0(__NR_getpid) << 32;
			break;
		case REQUEST_HALT:
			answer.result = request_halt(request, reply);
			if (!answer.result)
				return;
			break;
		}
	if (reply >= 0)
		message_send(reply, &answer, sizeof(answer), fd);
	if (fd >= 0)
		raw1(__NR_close, fd);
	/* Whoever has started a kernel that stays is answered, and what follows is for nobody. */
	if (request->type == REQUEST_HELLO && hijack_config.serve_detached)
		raw2(__NR_dup2, 1, 2);
}

/**
 * receive() - A control socket has something
 */
static void receive(struct source *source)
{
	struct request request;
	int reply;
	long n = message_receive(source->fd, &request, sizeof(request), &reply);

	if (n == sizeof(request))
		serve(source, &request, reply);
	else if (n <= 0 && n != -EINTR && n != -EAGAIN)
		source_drop(source);
	if (reply >= 0)
		raw1(__NR_close, reply);
}

/**
 * welcome() - Somebody connects to the socket of a kernel with a name
 */
static void welcome(int listening)
{
	long fd = raw4(__NR_accept4, listening, 0, 0, SOCK_CLOEXEC);
	struct source *source;

	if (raw_failed(fd))
		return;
	source = source_add(SOURCE_CONTROL, (int)fd);
	if (source)
		source->refused = peer_of((int)fd).uid != (uint32_t)raw0(__NR_geteuid);
}

/**
 * start() - Have what is to be waited for
 * @control:	first control socket
 */
static bool start(int control)
{
	struct rlimit limit;
	int pipe[2];
	long clerk;

	if (!raw_failed(raw4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit))) {
		limit.rlim_cur = limit.rlim_max;
		raw4(__NR_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
	}
	if (raw_failed(sources_start()) || raw_failed(raw2(__NR_pipe2, pipe, O_CLOEXEC)) ||
	    raw_failed(clerk = clerk_start()))
		return false;
	lifeline = pipe[0];
	identity_standing(&standing);
	return source_add(SOURCE_CONTROL, control) && source_add(SOURCE_CONTROL, (int)clerk) &&
	       (!hijack_config.serve_listen ||
		source_add(SOURCE_LISTEN, (int)hijack_config.serve_listen));
}

/**
 * is_over() - Whether no process is left, and nothing is under way
 *
 * The clerk's socket is always there, and that of a process that waits for the end.
 */
static bool is_over(void)
{
	if (clerk_is_busy() || sources_count[SOURCE_UNDERTAKER] || watched_missed)
		return false;
	if (last_reply >= 0)
		return true;
	return !hijack_config.serve_keep && !sources_count[SOURCE_PROCESS] &&
	       sources_count[SOURCE_CONTROL] == 1;
}

/**
 * server_main() - Boot, mount, and keep the kernel until no process is left
 * @control:	this side's end of the control socket
 */
_Noreturn void server_main(int control)
{
	/* Whoever reads what it says may end before it. */
	const struct rump__action ignore = {.handler = (void *)SIG_IGN};
	struct source *source;

	raw2(__NR_prctl, PR_SET_NAME, hijack_config.serve_name);
	raw4(__NR_rt_sigaction, SIGPIPE, &ignore, NULL, sizeof(ignore.mask));
	kernel_boot();
	raw1(__NR_chdir, "/");
	if (!start(control)) {
		rump__error("the kernel's server cannot start");
		server_give_up();
	}
	for (;;) {
		source = source_wait();
		if (source->type == SOURCE_CONTROL)
			receive(source);
		else if (source->type == SOURCE_LISTEN)
			welcome(source->fd);
		else if (source->type == SOURCE_PARCEL)
			lose_parcel(source);
		else if (source->type == SOURCE_CLAIMS)
			sweep(claims_rung());
		else
			watched_ended(source);
		if (watched_missed)
			watched_search();
		if (!ending && is_over())
			halt();
	}
}
