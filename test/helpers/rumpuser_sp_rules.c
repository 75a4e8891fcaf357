/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp_rules.c - tests of the system call server with clients that are wrong, bad or slow
 */
#include <poll.h>

#include "rumpuser_sp_test.h"

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

/** bad_reply() - Lies in replies are faults of the system call, not of the kernel */
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
		client_reply(conn, msg, 0, noise, 100);
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

static const struct test tests[] = {
	{"refused", refused},
	{"kernel_refuses", kernel_refuses},
	{"malformed", malformed},
	{"liar", liar},
	{"too_many", too_many},
	{"slow", slow},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return sp_main(tests, argc, argv);
}
