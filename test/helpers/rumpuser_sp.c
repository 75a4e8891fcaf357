/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp.c - tests of what the system call server does for its clients
 */
#include <poll.h>
#include <signal.h>

#include "rumpuser_sp_test.h"

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

/** exec_late() - What the system calls of before an exec want is not asked of the new program */
static void exec_late(char **args)
{
	struct message *msg = malloc(sizeof(*msg));
	uint64_t late[2] = {(uintptr_t)msg, 8}, seq;
	struct conn *conn;

	(void)args;
	if (fork_client()) {
		conn = client_connect(url);
		client_guest(conn, "before");
		seq = client_request(conn, SP_SYSCALL, CALL_LATE, late, sizeof(late));
		poll(NULL, 0, 50);
		client_request(conn, SP_EXEC, 0, "after", 6);
		CHECK(client_await(conn, msg));
		CHECK(msg->frame.seq == seq && msg->frame.error == EFAULT);
		CHECK(client_await(conn, msg) && msg->frame.error == 0);
		CHECK(conn->served == 0);
		client_close(conn);
		leave();
	}
	serve(false);
	await_clients();
	kernel_await(1);
	free(msg);
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

static const struct test tests[] = {
	{"banner", banner},	    {"guest", guest},
	{"copies", copies},	    {"strings", strings},
	{"favours", favours},	    {"moments", moments},
	{"crowd", crowd},	    {"die_in_copyin", die_in_copyin},
	{"die_asleep", die_asleep}, {"exec", exec},
	{"exec_late", exec_late},   {"forking", forking},
	{"fork_log", fork_log},	    {NULL, NULL},
};

int main(int argc, char **argv)
{
	return sp_main(tests, argc, argv);
}
