/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp.c - tests of the system call server
 *
 * Each test is a server with a pretended kernel, and clients that were forked off
 * before it had any thread. A client that fails makes the test fail.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rumpuser_sp_client.h"
#include "rumpuser_sp_kernel.h"

static const char *url;
static int ready[2]; /* closed by the server when it serves */
static pid_t children[64];
static int nchildren;

/** serve() - Become the server, with its clients already forked */
static void serve(bool logging)
{
	kernel_boot(logging);
	CHECK(rumpuser_sp_init(url, "Test OS", "1.2", "x86_64") == 0);
	close(ready[0]);
	close(ready[1]);
}

/** fork_client() - Fork off a client; true in it, once the server serves */
static bool fork_client(void)
{
	char c;

	if (!nchildren)
		CHECK(pipe(ready) == 0);
	fflush(stdout);
	children[nchildren] = fork();
	CHECK(children[nchildren] >= 0);
	if (children[nchildren++])
		return false;
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 0);
	return true;
}

/** leave() - End a client that is content */
static void leave(void)
{
	fflush(stdout);
	_exit(0);
}

/** await_clients() - Wait, off the CPU, until all clients have ended well */
static void await_clients(void)
{
	int status;

	cpu_leave();
	for (int i = 0; i < nchildren; i++)
		CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
	cpu_take();
}

/** banner() - What a client is greeted with */
static void banner(char **args)
{
	char line[SP_BANNER_MAX];

	(void)args;
	if (fork_client()) {
		client_banner(client_socket(url), line, sizeof(line));
		printf("%s\n", line);
		leave();
	}
	serve(true);
	await_clients();
	kernel_await(0);
}

/** guest() - A client becomes a process, makes system calls, and leaves */
static void guest(char **args)
{
	struct message msg;
	struct conn *conn;
	uint64_t six[6] = {1, 2, 3, 4, 5, 600};
	struct sp_retval result;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "tester");
		CHECK(client_call(conn, SP_SYSCALL, CALL_GETPID, six, sizeof(six), &msg) == 0);
		memcpy(&result, msg.payload, sizeof(result));
		CHECK(result.value[0] == 1 && result.value[1] == 615);
		/* Arguments that were not sent are 0. */
		CHECK(client_call(conn, SP_SYSCALL, CALL_GETPID, six, 12, &msg) == 0);
		memcpy(&result, msg.payload, sizeof(result));
		CHECK(result.value[1] == 3);
		CHECK(client_call(conn, SP_SYSCALL, CALL_GETPID, NULL, 0, &msg) == 0);
		CHECK(client_syscall(conn, CALL_FAIL, ENOTBLK, 0, 0, &ret) == ENOTBLK);
		CHECK(client_syscall(conn, 12345, 0, 0, 0, &ret) == ENOSYS);
		client_close(conn);
		leave();
	}
	serve(false);
	test_logging = true;
	await_clients();
	kernel_await(1);
}

/** copies() - Memory of every size goes to and fro */
static void copies(char **args)
{
	static const size_t sizes[] = {
		0, 1, 4095, 4096, 65537, SP_CHUNK - 1, SP_CHUNK, SP_CHUNK + 1, 3 * SP_CHUNK + 5};
	static unsigned char mem[4 * SP_CHUNK];
	struct conn *conn;
	int64_t ret, sum;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "copier");
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			sum = 0;
			for (size_t i = 0; i < sizeof(mem); i++)
				mem[i] = (unsigned char)(i * 7 + i / 255);
			for (size_t i = 0; i < sizes[s]; i++)
				sum += mem[i];
			CHECK(client_syscall(conn, CALL_COPYIN, (uintptr_t)mem, sizes[s], 0,
					     &ret) == 0);
			CHECK(ret == sum);
			memset(mem, 1, sizeof(mem));
			CHECK(client_syscall(conn, CALL_COPYOUT, (uintptr_t)mem, sizes[s], 9,
					     &ret) == 0);
			for (size_t i = 0; i < sizeof(mem); i++)
				CHECK(mem[i] == (i < sizes[s] ? 9 : 1));
		}
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
}

/** strings() - Strings fit, just fit, do not fit, or are not there */
static void strings(char **args)
{
	static char text[] = "from the client", big[SP_CHUNK * 2];
	struct conn *conn;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "stringer");
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)text, 100, 0, &ret) == 0);
		CHECK(ret == sizeof(text));
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)text, sizeof(text), 0,
				     &ret) == 0);
		CHECK(ret == sizeof(text));
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)text, sizeof(text) - 1, 0,
				     &ret) == ENAMETOOLONG);
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)text, 0, 0, &ret) ==
		      ENAMETOOLONG);
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t) "", 1, 0, &ret) == 0 &&
		      ret == 1);
		CHECK(client_syscall(conn, CALL_COPYINSTR, 8, 100, 0, &ret) == EFAULT);
		memset(big, 'x', SP_CHUNK + 10);
		CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)big, sizeof(big), 0, &ret) ==
		      0);
		CHECK(ret == SP_CHUNK + 11);

		memset(big, 'x', 100);
		CHECK(client_syscall(conn, CALL_COPYOUTSTR, (uintptr_t)big, 16, 0, &ret) == 0);
		CHECK(ret == 16 && memcmp(big, "from the kernel\0x", 17) == 0);
		memset(big, 'x', 100);
		CHECK(client_syscall(conn, CALL_COPYOUTSTR, (uintptr_t)big, 15, 0, &ret) ==
		      ENAMETOOLONG);
		CHECK(big[0] == 'x');
		CHECK(client_syscall(conn, CALL_COPYOUTSTR, 8, 50, 0, &ret) == EFAULT);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
}

/** favours() - Mappings, signals, and addresses that are bad */
static void favours(char **args)
{
	struct conn *conn;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "favoured");
		CHECK(client_syscall(conn, CALL_ANONMMAP, 8192, 0, 0, &ret) == 0);
		memset((void *)ret, 7, 8192);
		CHECK(client_syscall(conn, CALL_COPYIN, (uint64_t)ret, 8192, 0, &ret) == 0);
		CHECK(ret == 7 * 8192);
		CHECK(client_syscall(conn, CALL_ANONMMAP, UINT64_MAX / 2, 0, 0, &ret) == ENOMEM);
		CHECK(client_syscall(conn, CALL_RAISE, SIGUSR2, 0, 0, &ret) == 0);
		CHECK(conn->raised == SIGUSR2);
		CHECK(client_syscall(conn, CALL_COPYIN, 8, 8, 0, &ret) == EFAULT);
		CHECK(client_syscall(conn, CALL_COPYOUT, 8, 8, 0, &ret) == EFAULT);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
}

/** moments() - A copy is made off the CPU; the rest on one of its own */
static void moments(char **args)
{
	struct conn *conn;
	char c = 5;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "one");
		printf("-- system call\n");
		fflush(stdout);
		CHECK(client_syscall(conn, CALL_COPYIN, (uintptr_t)&c, 1, 0, NULL) == 0);
		client_close(conn);
		leave();
	}
	serve(true);
	await_clients();
	kernel_await(1);
}

enum { CROWD = 6, CROWD_CALLS = 100 };

/** crowd_client() - Have many system calls outstanding, all of which copy */
static void crowd_client(int self)
{
	static unsigned char mem[64][512];
	struct conn *conn = client_connect(url);
	struct message *msg = malloc(sizeof(*msg));
	struct sp_retval result;
	uint64_t first;

	client_guest(conn, "crowd");
	for (int round = 0; round < CROWD_CALLS; round += 25) {
		first = conn->seq + 1;
		for (int i = 0; i < 25; i++) {
			uint64_t a[2] = {(uintptr_t)mem[i], sizeof(mem[i])};

			memset(mem[i], self * 10 + i, sizeof(mem[i]));
			client_request(conn, SP_SYSCALL, CALL_COPYIN, a, sizeof(a));
		}
		for (int i = 0; i < 25; i++) {
			CHECK(client_await(conn, msg) && msg->frame.error == 0);
			memcpy(&result, msg->payload, sizeof(result));
			CHECK(msg->frame.seq >= first && msg->frame.seq < first + 25);
			CHECK(result.value[0] ==
			      (long)sizeof(mem[0]) * (self * 10 + (int)(msg->frame.seq - first)));
		}
	}
	CHECK(conn->served == CROWD_CALLS);
	free(msg);
	client_close(conn);
	leave();
}

/** crowd() - Several clients, each with many system calls at once, mix nothing up */
static void crowd(char **args)
{
	(void)args;
	for (int i = 0; i < CROWD; i++)
		if (fork_client())
			crowd_client(i);
	serve(false);
	await_clients();
	kernel_await(CROWD);
}

/** die_at_request() - Die when the server asks for something */
static void die_at_request(struct conn *conn, struct message *msg)
{
	(void)conn;
	(void)msg;
	leave();
}

/** hang_up_at_request() - Disconnect when the server asks for the third time */
static void hang_up_at_request(struct conn *conn, struct message *msg)
{
	static int n;

	if (++n == 3)
		shutdown(conn->fd, SHUT_RDWR);
	else
		client_serve(conn, msg);
}

/** die_in_copyin() - Clients that die mid-copyin leave nothing behind and harm nobody */
static void die_in_copyin(char **args)
{
	static char mem[4096];
	struct conn *conn;
	int64_t ret;

	(void)args;
	for (int i = 0; i < 20; i++) {
		if (!fork_client())
			continue;
		conn = client_connect(url);
		client_guest(conn, "mortal");
		if (i % 3 == 0)
			conn->on_request = die_at_request;
		if (i % 3 == 1)
			conn->on_request = hang_up_at_request;
		if (i % 3 == 2) {
			CHECK(client_syscall(conn, CALL_COPYIN_SLOW, (uintptr_t)mem, 300, 0,
					     &ret) == 0);
			leave();
		}
		CHECK(client_syscall(conn, CALL_COPYIN_SLOW, (uintptr_t)mem, sizeof(mem), 0,
				     &ret) == -1);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(20);
}

/** die_asleep() - System calls that sleep end when their client dies */
static void die_asleep(char **args)
{
	struct conn *conn;

	(void)args;
	for (int i = 0; i < 4; i++) {
		if (!fork_client())
			continue;
		conn = client_connect(url);
		client_guest(conn, "sleeper");
		for (int c = 0; c < 10; c++)
			client_request(conn, SP_SYSCALL, CALL_SLEEP, NULL, 0);
		/* The first two wait until all sleep, the others leave at once. */
		if (i < 2)
			poll(NULL, 0, 200);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(4);
	CHECK(sleeping == 0);
}

/** exec() - A client that execs loses the system calls of its other threads only */
static void exec(char **args)
{
	struct message *msg = malloc(sizeof(*msg));
	uint64_t sleep_seq, exec_seq;
	struct conn *conn;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		CHECK(client_call(conn, SP_EXEC, 0, "early", 6, msg) == EPERM);
		client_guest(conn, "before");
		sleep_seq = client_request(conn, SP_SYSCALL, CALL_SLEEP, NULL, 0);
		poll(NULL, 0, 50);
		exec_seq = client_request(conn, SP_EXEC, 0, "after", 6);
		CHECK(client_await(conn, msg));
		CHECK(msg->frame.seq == sleep_seq && msg->frame.error == EINTR);
		CHECK(client_await(conn, msg));
		CHECK(msg->frame.seq == exec_seq && msg->frame.error == 0);
		CHECK(client_syscall(conn, CALL_GETPID, 0, 0, 0, &ret) == 0 && ret == 1);
		CHECK(client_call(conn, SP_EXEC, 0, "no end", 6, msg) == EINVAL);
		client_close(conn);
		leave();
	}
	serve(false);
	test_logging = true;
	await_clients();
	kernel_await(1);
	free(msg);
}

/** forked_conn() - Connect with a key */
static int forked_conn(struct conn **connp, const struct sp_key *key)
{
	struct message *msg = malloc(sizeof(*msg));
	int error;

	*connp = client_connect(url);
	error = client_call(*connp, SP_FORKED, 0, key, sizeof(*key), msg);
	free(msg);
	return error;
}

/** prefork() - Get a key */
static struct sp_key prefork(struct conn *conn)
{
	struct message *msg = malloc(sizeof(*msg));
	struct sp_key key;

	CHECK(client_call(conn, SP_PREFORK, 0, NULL, 0, msg) == 0);
	CHECK(msg->frame.size == sizeof(msg->frame) + sizeof(key));
	memcpy(&key, msg->payload, sizeof(key));
	free(msg);
	return key;
}

/** forking() - A key makes one copy of the process that got it */
static void forking(char **args)
{
	struct conn *parent, *child, *other;
	struct sp_key key, second, wrong;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		parent = client_connect(url);
		client_guest(parent, "parent");
		key = prefork(parent);
		second = prefork(parent);
		CHECK(memcmp(&key, &second, sizeof(key)) != 0);
		wrong = key;
		wrong.secret[1] ^= 1;
		CHECK(forked_conn(&other, &wrong) == EPERM);
		client_close(other);
		CHECK(forked_conn(&child, &key) == 0);
		CHECK(client_syscall(child, CALL_GETPID, 0, 0, 0, &ret) == 0 && ret == 2);
		CHECK(client_syscall(parent, CALL_GETPID, 0, 0, 0, &ret) == 0 && ret == 1);
		CHECK(forked_conn(&other, &key) == EPERM);
		/* Refused, it may still try something else. */
		client_guest(other, "other");
		client_close(other);
		/* A key is good as long as its owner's connection: wait until that is seen. */
		client_close(parent);
		poll(NULL, 0, 100);
		CHECK(forked_conn(&other, &second) == EPERM);
		client_close(other);
		CHECK(client_syscall(child, CALL_GETPID, 0, 0, 0, &ret) == 0 && ret == 2);
		client_close(child);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(3);
}

/** fork_log() - How the kernel is asked for a copy */
static void fork_log(char **args)
{
	struct conn *parent, *child;
	struct sp_key key;

	(void)args;
	if (fork_client()) {
		parent = client_connect(url);
		client_guest(parent, "parent");
		key = prefork(parent);
		CHECK(forked_conn(&child, &key) == 0);
		client_close(child);
		poll(NULL, 0, 100);
		client_close(parent);
		leave();
	}
	serve(false);
	test_logging = true;
	await_clients();
	kernel_await(2);
}

/** refused() - Requests out of turn or malformed, but well framed, get an error */
static void refused(char **args)
{
	static char big[SP_ARGS_MAX + 1];
	struct message *msg = malloc(sizeof(*msg));
	struct sp_frame stray = {.kind = SP_REPLY, .type = SP_COPYIN, .seq = 4711};
	struct conn *conn;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		CHECK(client_call(conn, SP_SYSCALL, CALL_GETPID, NULL, 0, msg) == EPERM);
		CHECK(client_call(conn, SP_PREFORK, 0, NULL, 0, msg) == EPERM);
		CHECK(client_call(conn, SP_GUEST, 0, "no end", 6, msg) == EINVAL);
		CHECK(client_call(conn, SP_GUEST, 0, NULL, 0, msg) == EINVAL);
		CHECK(client_call(conn, SP_GUEST, 0, big, SP_COMM_MAX + 1, msg) == EINVAL);
		CHECK(client_call(conn, SP_FORKED, 0, big, 5, msg) == EINVAL);
		client_guest(conn, "guest");
		CHECK(client_call(conn, SP_GUEST, 0, "again", 6, msg) == EISCONN);
		CHECK(client_call(conn, SP_FORKED, 0, big, sizeof(struct sp_key), msg) == EISCONN);
		CHECK(client_call(conn, SP_SYSCALL, CALL_GETPID, big, sizeof(big), msg) == EINVAL);
		CHECK(client_call(conn, 99, 0, NULL, 0, msg) == ENOSYS);
		CHECK(client_call(conn, SP_COPYIN, 0, NULL, 0, msg) == ENOSYS);
		CHECK(client_send(conn, stray, big, 100));
		CHECK(client_syscall(conn, CALL_GETPID, 0, 0, 0, NULL) == 0);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
	free(msg);
}

/** kernel_refuses() - What the kernel refuses is told, and may be tried again */
static void kernel_refuses(char **args)
{
	struct message *msg = malloc(sizeof(*msg));
	struct conn *conn, *child;
	struct sp_key key;
	int step[2], done[2];
	char c;

	(void)args;
	CHECK(pipe(step) == 0 && pipe(done) == 0);
	if (fork_client()) {
		conn = client_connect(url);
		CHECK(client_call(conn, SP_GUEST, 0, "guest", 6, msg) == EAGAIN);
		CHECK(write(done[1], "x", 1) == 1 && read(step[0], &c, 1) == 1);
		client_guest(conn, "guest");
		key = prefork(conn);
		CHECK(write(done[1], "x", 1) == 1 && read(step[0], &c, 1) == 1);
		CHECK(client_syscall(conn, CALL_GETPID, 0, 0, 0, NULL) == ESRCH);
		CHECK(forked_conn(&child, &key) == ESRCH);
		client_close(child);
		client_close(conn);
		leave();
	}
	refuse_rfork = true;
	serve(false);
	cpu_leave();
	CHECK(read(done[0], &c, 1) == 1);
	cpu_take();
	refuse_rfork = false;
	CHECK(write(step[1], "x", 1) == 1);
	cpu_leave();
	CHECK(read(done[0], &c, 1) == 1);
	cpu_take();
	refuse_newlwp = true;
	CHECK(write(step[1], "x", 1) == 1);
	await_clients();
	kernel_await(1);
	free(msg);
}

/** is_disconnected() - Whether the server has closed a connection */
static bool is_disconnected(int fd)
{
	char buf[256];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

/** breaks_rules() - Send something to the server after its banner; it must disconnect */
static void breaks_rules(const char *mine, const void *data, size_t len)
{
	char line[SP_BANNER_MAX];
	int fd = client_socket(url);

	client_banner(fd, line, sizeof(line));
	if (transfer_all(fd, (void *)mine, strlen(mine), true))
		transfer_all(fd, (void *)data, len, true);
	CHECK(is_disconnected(fd));
	close(fd);
}

/** malformed() - Broken frames and banners disconnect their sender and nobody else */
static void malformed(char **args)
{
	static const char good_banner[] = "RUMPSP 1.7 x\n";
	static const struct sp_frame bad[] = {
		{.size = 0, .kind = SP_REQUEST},
		{.size = sizeof(struct sp_frame) - 1, .kind = SP_REQUEST},
		{.size = UINT32_MAX, .kind = SP_REQUEST},
		{.size = sizeof(struct sp_frame) + SP_PAYLOAD_MAX + 1, .kind = SP_REQUEST},
		{.size = sizeof(struct sp_frame), .kind = 0},
		{.size = sizeof(struct sp_frame), .kind = 3},
		{.size = sizeof(struct sp_frame), .kind = UINT16_MAX, .type = UINT16_MAX},
	};
	static char noise[4096];
	struct conn *good;

	(void)args;
	if (fork_client()) {
		good = client_connect(url);
		client_guest(good, "good");
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			breaks_rules(good_banner, &bad[i], sizeof(bad[i]));
		breaks_rules("RUMPSP 2.0 x\n", "", 0);
		breaks_rules("GET / HTTP/1.0\n", "", 0);
		breaks_rules("\n", "", 0);
		memset(noise, 'x', sizeof(noise));
		breaks_rules("RUMPSP 1.0 ", noise, sizeof(noise));
		srand(42);
		for (int round = 0; round < 200; round++) {
			struct sp_frame *frame = (struct sp_frame *)noise;

			for (size_t i = 0; i < sizeof(noise); i++)
				noise[i] = (char)rand();
			if (round % 2) /* a good frame before the noise */
				*frame = (struct sp_frame){.size = sizeof(*frame) + (unsigned)round,
							   .kind = 1 + round % 4 / 2,
							   .type = (uint16_t)(round % 24)};
			breaks_rules(good_banner, noise, sizeof(noise));
		}
		CHECK(client_syscall(good, CALL_GETPID, 0, 0, 0, NULL) == 0);
		client_close(good);
		leave();
	}
	serve(false);
	await_clients();
	while (lwps)
		kernel_pause();
	CHECK(!procs);
}

/** bad_replies() - Lies in replies are faults of the system call, not of the kernel */
static void bad_reply(struct conn *conn, struct message *msg)
{
	static char noise[SP_PAYLOAD_MAX];
	static int n;

	switch (n++) {
	case 0: /* too little */
		client_reply(conn, msg, 0, noise, 3);
		break;
	case 1: /* too much */
		client_reply(conn, msg, 0, noise, sizeof(noise));
		break;
	case 2: /* nothing */
		client_reply(conn, msg, 0, noise, 0);
		break;
	case 3: /* to another question */
		msg->frame.type = SP_ANONMMAP;
		client_reply(conn, msg, 0, noise, 8);
		break;
	default: /* a string without end */
		memset(noise, 'x', sizeof(noise));
		client_reply(conn, msg, 0, noise, n == 5 ? sizeof(noise) : 5);
		break;
	}
}

/** liar() - A client whose replies are wrong */
static void liar(char **args)
{
	static char mem[100];
	struct conn *conn;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "liar");
		conn->on_request = bad_reply;
		for (int i = 0; i < 4; i++)
			CHECK(client_syscall(conn, CALL_COPYIN, (uintptr_t)mem, 100, 0, NULL) ==
			      EFAULT);
		for (int i = 0; i < 2; i++)
			CHECK(client_syscall(conn, CALL_COPYINSTR, (uintptr_t)mem, 100, 0, NULL) ==
			      EFAULT);
		CHECK(client_syscall(conn, CALL_ANONMMAP, 100, 0, 0, NULL) == EFAULT);
		conn->on_request = NULL;
		CHECK(client_syscall(conn, CALL_COPYIN, (uintptr_t)mem, 100, 0, NULL) == 0);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
}

/** too_many() - More requests than allowed disconnect, as many are served */
static void too_many(char **args)
{
	struct message *msg = malloc(sizeof(*msg));
	struct conn *conn;
	int allowed = atoi(args[1]) == 0 ? SP_MAX_REQUESTS - 1 : SP_MAX_REQUESTS;

	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "greedy");
		for (int i = 0; i < allowed; i++)
			client_request(conn, SP_SYSCALL, CALL_SLEEP, NULL, 0);
		client_request(conn, SP_SYSCALL, CALL_GETPID, NULL, 0);
		if (allowed < SP_MAX_REQUESTS)
			CHECK(client_await(conn, msg) && msg->frame.error == 0);
		else
			CHECK(!client_await(conn, msg) || msg->frame.error == EINTR);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
	free(msg);
}

/** slow() - A client that does not read stops nobody else, and one that sends by the byte works */
static void slow(char **args)
{
	struct sp_frame frame = {.size = sizeof(frame) + 5, .kind = SP_REQUEST, .type = SP_GUEST};
	struct message *msg = malloc(sizeof(*msg));
	struct conn *conn, *deaf;
	char bytes[sizeof(frame) + 5];
	char *mem;
	int64_t ret;

	(void)args;
	if (fork_client()) {
		mem = calloc(64, SP_CHUNK);
		deaf = client_connect(url);
		client_guest(deaf, "deaf");
		for (int i = 0; i < 60; i++) {
			uint64_t a[3] = {(uintptr_t)mem, SP_CHUNK, 1};

			client_request(deaf, SP_SYSCALL, CALL_COPYOUT, a, sizeof(a));
		}
		conn = client_connect(url);
		memcpy(bytes, &frame, sizeof(frame));
		memcpy(bytes + sizeof(frame), "slow", 5);
		for (size_t i = 0; i < sizeof(bytes); i++) {
			CHECK(transfer_all(conn->fd, bytes + i, 1, true));
			poll(NULL, 0, 1);
		}
		CHECK(client_await(conn, msg) && msg->frame.error == 0);
		for (int i = 0; i < 50; i++)
			CHECK(client_syscall(conn, CALL_COPYIN, (uintptr_t)mem, SP_CHUNK, 0,
					     &ret) == 0);
		client_close(conn);
		client_close(deaf);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(2);
	free(msg);
}

/** reboot_client() - Stop the server by a system call */
static void reboot_client(bool anonymous)
{
	struct conn *conn = client_connect(url), *other = client_connect(url);
	struct message *msg = malloc(sizeof(*msg));
	uint64_t how = anonymous;
	int error;

	client_guest(other, "other");
	client_guest(conn, "admin");
	error = client_call(conn, SP_SYSCALL, CALL_REBOOT, &how, sizeof(how), msg);
	/* Nobody to be answered: the connection may close before the call has returned. */
	CHECK(error == 0 || (anonymous && error == -1));
	CHECK(error == -1 || !client_receive(conn, msg));
	CHECK(!client_receive(other, msg));
	CHECK(client_socket(url) == -1);
	leave();
}

/** fini() - After the kernel's last word everything is closed and nothing calls it */
static void fini(char **args)
{
	struct stat st;

	if (fork_client())
		reboot_client(args[1]);
	serve(false);
	await_clients();
	if (strncmp(url, "unix://", 7) == 0)
		CHECK(stat(url + 7, &st) == -1 && errno == ENOENT);
	while (cur)
		kernel_pause();
	kernel_pause();
	test_logging = true;
	rumpuser_sp_fini(NULL);
	test_logging = false;
	CHECK(rumpuser_sp_init(url, "a", "b", "c") == EBUSY);
}

/** not_started() - Stopping what was not started does nothing */
static void not_started(char **args)
{
	(void)args;
	kernel_boot(false);
	rumpuser_sp_fini(NULL);
	CHECK_ON_CPU();
}

/** bad_url() - Where one cannot listen */
static void bad_url(char **args)
{
	int error;

	(void)args;
	kernel_boot(false);
	error = rumpuser_sp_init(url, "a", "b", "c");
	printf("%s\n", error ? strerrorname_np(error) : "ok");
	if (!error)
		CHECK(rumpuser_sp_init(url, "a", "b", "c") == EBUSY);
}

/** bad_words() - A banner of nothing, or of too much, is refused; blanks are not */
static void bad_words(char **args)
{
	char text[500];

	(void)args;
	kernel_boot(false);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK(rumpuser_sp_init(url, "", "b", "c") == EINVAL);
	CHECK(rumpuser_sp_init(url, "a", text, "c") == EINVAL);
	CHECK(rumpuser_sp_init(url, "a", "b", "c c\n") == 0);
	rumpuser_sp_fini(NULL);
}

/** stay() - Serve until killed */
static void stay(char **args)
{
	(void)args;
	kernel_boot(false);
	CHECK(rumpuser_sp_init(url, "a", "b", "c") == 0);
	printf("serving\n");
	fflush(stdout);
	cpu_leave();
	pause();
}

/** tcp() - The same over TCP, on a free port of args[0] */
static void tcp(char **args)
{
	static char text[128];
	bool six = strchr(args[0], ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *ai;
	struct sockaddr_in6 sin;
	socklen_t len = sizeof(sin);
	char port[16];
	int fd;

	CHECK(getaddrinfo(args[0], "0", &hints, &ai) == 0);
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	CHECK(bind(fd, ai->ai_addr, ai->ai_addrlen) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	snprintf(port, sizeof(port), "%d", ntohs(sin.sin6_port)); /* IPv4 has it there too */
	close(fd);
	freeaddrinfo(ai);
	snprintf(text, sizeof(text), six ? "tcp://[%s]:%s" : "tcp://%s:%s", args[0], port);
	url = text;
	strcmp(args[1], "crowd") == 0 ? crowd(args) : fini((char *[]){NULL, NULL});
}

static const struct test tests[] = {
	{"banner", banner},
	{"guest", guest},
	{"copies", copies},
	{"strings", strings},
	{"favours", favours},
	{"moments", moments},
	{"crowd", crowd},
	{"die_in_copyin", die_in_copyin},
	{"die_asleep", die_asleep},
	{"exec", exec},
	{"forking", forking},
	{"fork_log", fork_log},
	{"refused", refused},
	{"kernel_refuses", kernel_refuses},
	{"malformed", malformed},
	{"liar", liar},
	{"too_many", too_many},
	{"slow", slow},
	{"fini", fini},
	{"not_started", not_started},
	{"bad_url", bad_url},
	{"bad_words", bad_words},
	{"stay", stay},
	{"tcp", tcp},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	url = argc > 2 ? argv[2] : NULL;
	return test_main(tests, argv);
}
