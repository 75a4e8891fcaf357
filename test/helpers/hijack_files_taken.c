// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_taken.c - calls that take something and say what it was in pages of a mapping that are not there
 *
 * Each pointer of a call leads to a page of its own of @mapped. What a call takes it gives once: if it fails
 * for a page, the second one has nothing left.
 */
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hijack_files.h"

#define PAGE  4096
#define PAGES 8

#define C(name, ...) OK(syscall(SYS_##name, __VA_ARGS__))

static char *mapped;

/* The page with this number, with a word in it; none is there afterwards. */
static void *page(int n, int word)
{
	memset(mapped + n * PAGE, 0, 256);
	memcpy(mapped + n * PAGE, &word, sizeof(word));
	msync(mapped, PAGES * PAGE, MS_SYNC);
	madvise(mapped, PAGES * PAGE, MADV_DONTNEED);
	return mapped + n * PAGE;
}

static void away(void)
{
	madvise(mapped, PAGES * PAGE, MADV_DONTNEED);
}

static void names(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX}, *found = page(0, 0);
	socklen_t *length = page(1, sizeof(address));
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), client, server;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	T(bind(listening, (struct sockaddr *)&address, sizeof(address)));
	T(listen(listening, 5));
	for (int i = 0; i < 2; i++) {
		client = socket(AF_UNIX, SOCK_STREAM, 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s.%d", path, i);
		T(bind(client, (struct sockaddr *)&address, sizeof(address)));
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		T(connect(client, (struct sockaddr *)&address, sizeof(address)));
		page(0, 0);
		page(1, sizeof(address));
		errno = 0;
		server = i ? (int)syscall(SYS_accept4, listening, found, length, SOCK_CLOEXEC) :
			     (int)syscall(SYS_accept, listening, found, length);
		note("accepted: %d, %s", server >= 0, found->sun_path);
		C(accept, listening, NULL, NULL);
		page(0, 0);
		page(1, sizeof(address));
		C(getsockname, listening, found, length);
		note("own: %s", found->sun_path);
		page(0, 0);
		page(1, sizeof(address));
		C(getpeername, server, found, length);
		note("peer's: %s", found->sun_path);
		close(server);
		close(client);
	}
	close(listening);
}

static void children(void)
{
	siginfo_t *info = (void *)mapped;
	int *status = (void *)mapped, pid;
	struct rusage *usage = (void *)(mapped + PAGE);

	pid = fork();
	if (!pid)
		_exit(7);
	page(0, 0);
	memset(usage, 0, sizeof(*usage));
	away();
	OK(syscall(SYS_wait4, pid, status, 0, usage));
	note("status %d, used %d", WEXITSTATUS(*status), usage->ru_minflt > 0);
	T(waitpid(pid, NULL, WNOHANG));
	pid = fork();
	if (!pid)
		_exit(8);
	page(0, 0);
	memset(usage, 0, sizeof(*usage));
	away();
	C(waitid, P_PID, pid, info, WEXITED, usage);
	note("status %d, used %d", info->si_status, usage->ru_minflt > 0);
	T(waitpid(pid, NULL, WNOHANG));
	page(0, 0);
	pid = (int)syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, status, 0, 0);
	if (!pid)
		_exit(0);
	note("parent told: %d", *status == pid);
	T(waitpid(pid, NULL, 0) == pid);
}

static void taken_signal(void)
{
	const struct timespec none = {0};
	sigset_t set, before;
	siginfo_t *info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	raise(SIGUSR1);
	info = page(0, 0);
	T(syscall(SYS_rt_sigtimedwait, &set, info, &none, 8));
	note("signal %d", info->si_signo);
	T(syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 8));
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void from_sockets(void)
{
	char *control = mapped + PAGE, room[CMSG_SPACE(sizeof(int))] = {0}, byte = 'b';
	struct iovec piece = {&byte, 1};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	socklen_t *length;
	int pair[2], *error;

	T(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	*head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &pair[0], sizeof(int));
	T(sendmsg(pair[0], &message, 0));
	page(1, 0);
	message.msg_control = control;
	T(recvmsg(pair[1], &message, MSG_DONTWAIT));
	head = (struct cmsghdr *)control;
	note("descriptor: %d", head->cmsg_type == SCM_RIGHTS && fcntl(*(int *)CMSG_DATA(head), F_GETFD) >= 0);
	close(*(int *)CMSG_DATA(head));
	T(send(pair[0], "x", 1, 0));
	T(close(pair[1]));
	page(1, sizeof(int));
	error = page(0, 0);
	length = (socklen_t *)(mapped + PAGE);
	C(getsockopt, pair[0], SOL_SOCKET, SO_ERROR, error, length);
	note("error %d", *error);
	C(getsockopt, pair[0], SOL_SOCKET, SO_ERROR, error, length);
	note("error %d", *error);
	close(pair[0]);
}

/* Which lie on three pages. */
#define EVENTS 800

/* @beside: another descriptor of the instance, of whichever kernel */
static void events(int beside)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = 5}, *found;
	int instance = epoll_create1(0), channel[2];
	struct pollfd *polled;

	T(pipe(channel));
	T(epoll_ctl(instance, EPOLL_CTL_ADD, channel[0], &event));
	event.data.u32 = 6;
	T(epoll_ctl(instance, EPOLL_CTL_ADD, beside, &event));
	T(write(channel[1], "x", 1));
	found = page(0, 0);
	T(epoll_wait(instance, found, EVENTS, 0));
	note("event %u", found->data.u32);
	T(write(beside, "x", 1));
	found = page(0, 0);
	T(epoll_wait(instance, found, EVENTS, 0));
	note("event %u", found->data.u32);
	T(epoll_wait(instance, found, EVENTS, 0));
	polled = page(0, 0);
	for (int i = 0; i < EVENTS; i++)
		polled[i] = (struct pollfd){channel[0], POLLIN, 0};
	away();
	T(poll(polled, EVENTS, 0));
	note("polled %d %d", polled[0].revents, polled[EVENTS - 1].revents);
	close(channel[0]);
	close(channel[1]);
	close(beside);
	close(instance);
}

/* As long as two pages, in which it begins in the middle of the first. */
#define LONG (2 * PAGE - sizeof(long))

static void messages(void)
{
	struct {
		long type;
		char text[LONG];
	} sent = {.type = 3}, *got = (void *)(mapped + PAGE / 2);
	int queue = msgget(IPC_PRIVATE, 0600);

	memset(sent.text, 'm', sizeof(sent.text));
	OK(msgsnd(queue, &sent, sizeof(sent.text), IPC_NOWAIT));
	away();
	T(syscall(SYS_msgrcv, queue, got, sizeof(got->text), 0, IPC_NOWAIT));
	note_bytes("end", got->text + LONG - 3, 3);
	T(syscall(SYS_msgrcv, queue, got, sizeof(got->text), 0, IPC_NOWAIT));
	msgctl(queue, IPC_RMID, NULL);
}

/* A file whose pages a call of the host only reads is not changed. */
static void read_only(void)
{
	struct stat before, after;
	int fd = open(d("read"), O_RDWR | O_CREAT | O_TRUNC, 0600), channel[2];
	struct iovec piece;
	char *at;

	T(ftruncate(fd, PAGE));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	T(pipe(channel));
	T(futimens(fd, (const struct timespec[]){{1, 0}, {1, 0}}));
	T(fstat(fd, &before));
	T(write(channel[1], at, 10));
	madvise(at, PAGE, MADV_DONTNEED);
	piece = (struct iovec){at, 10};
	T(writev(channel[1], &piece, 1));
	T(msync(at, PAGE, MS_SYNC));
	T(fstat(fd, &after));
	note("changed: %d", before.st_mtim.tv_sec != after.st_mtim.tv_sec);
	close(channel[0]);
	close(channel[1]);
	munmap(at, PAGE);
	close(fd);
}

void taken(void)
{
	int fd = open(d("mapped"), O_RDWR | O_CREAT | O_TRUNC, 0600);

	T(ftruncate(fd, PAGES * PAGE));
	mapped = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	note("sockets of the host");
	names(h("sock"));
	note("sockets of the directory");
	names(d("sock"));
	note("children");
	children();
	note("signals");
	taken_signal();
	note("descriptors and errors");
	from_sockets();
	note("events");
	T(mkfifo(d("fifo"), 0600));
	T(mkfifo(h("fifo"), 0600));
	events(open(d("fifo"), O_RDWR | O_NONBLOCK));
	events(open(h("fifo"), O_RDWR | O_NONBLOCK));
	note("messages");
	messages();
	note("what is read");
	read_only();
	munmap(mapped, PAGES * PAGE);
	close(fd);
}
