/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp_test.h - what the tests of the system call server share
 *
 * Each test is a server with a pretended kernel, and clients that were forked off
 * before it had any thread. A client that fails makes the test fail.
 */
#ifndef RUMPUSER_SP_TEST_H
#define RUMPUSER_SP_TEST_H

#include <sys/wait.h>

#include "rumpuser_sp_client.h"
#include "rumpuser_sp_kernel.h"

static const char *url;
static int ready[2]; /* closed by the server when it serves */
static pid_t children[64];
static int nchildren;

/** serve() - Become the server, with its clients already forked */
static inline void serve(bool logging)
{
	kernel_boot(logging);
	CHECK(rumpuser_sp_init(url, "Test OS", "1.2", "x86_64") == 0);
	close(ready[0]);
	close(ready[1]);
}

/** fork_client() - Fork off a client; true in it, once the server serves */
static inline bool fork_client(void)
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
static inline void leave(void)
{
	fflush(stdout);
	_exit(0);
}

/** await_clients() - Wait, off the CPU, until all clients have ended well */
static inline void await_clients(void)
{
	int status;

	cpu_leave();
	for (int i = 0; i < nchildren; i++)
		CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
	cpu_take();
}

/** forked_conn() - Connect with a key */
static inline int forked_conn(struct conn **connp, const struct sp_key *key)
{
	struct message *msg = malloc(sizeof(*msg));
	int error;

	*connp = client_connect(url);
	error = client_call(*connp, SP_FORKED, 0, key, sizeof(*key), msg);
	free(msg);
	return error;
}

/** prefork() - Get a key */
static inline struct sp_key prefork(struct conn *conn)
{
	struct message *msg = malloc(sizeof(*msg));
	struct sp_key key;

	CHECK(client_call(conn, SP_PREFORK, 0, NULL, 0, msg) == 0);
	CHECK(msg->frame.size == sizeof(msg->frame) + sizeof(key));
	memcpy(&key, msg->payload, sizeof(key));
	free(msg);
	return key;
}

/** sp_main() - Run the test that the command line names, at the URL it names */
static inline int sp_main(const struct test *tests, int argc, char **argv)
{
	url = argc > 2 ? argv[2] : NULL;
	return test_main(tests, argv);
}

#endif /* RUMPUSER_SP_TEST_H */
