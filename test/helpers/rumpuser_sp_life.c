/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp_life.c - tests of how the system call server starts and stops
 */
#include <sys/stat.h>

#include "rumpuser_sp_test.h"

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

/** free_port() - Print a URL of the TCP address args[0] that nobody uses */
static void free_port(char **args)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *ai;
	struct sockaddr_in6 sin;
	socklen_t len = sizeof(sin);
	int fd;

	CHECK(getaddrinfo(args[0], "0", &hints, &ai) == 0);
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	CHECK(bind(fd, ai->ai_addr, ai->ai_addrlen) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	/* IPv4 has the port at the same place. */
	printf(ai->ai_family == AF_INET6 ? "tcp://[%s]:%d\n" : "tcp://%s:%d\n", args[0],
	       ntohs(sin.sin6_port));
	close(fd);
	freeaddrinfo(ai);
}

static const struct test tests[] = {
	{"fini", fini},	      {"not_started", not_started},
	{"bad_url", bad_url}, {"bad_words", bad_words},
	{"stay", stay},	      {"free_port", free_port},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return sp_main(tests, argc, argv);
}
