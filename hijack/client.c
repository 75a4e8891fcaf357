// SPDX-License-Identifier: BSD-2-Clause
/* client.c - how a process finds the kernel of its tree, and joins it
 *
 * RUMP_SERVER=fd:N,ROOT[,PID,PROCESS,CWD,CHROOT] says how: N is the control socket (server.h), ROOT the first
 * process of the tree. The rest is added by a process of the kernel when it executes a program: who it is
 * there, and whether its working directory and its root are the kernel's. A name, or unix:// and a path, stand
 * for a kernel that somebody keeps (connect.c). Without the variable the first process that needs the kernel
 * starts a server.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "kernel.h"
#include "call.h"
#include "connect.h"
#include "high.h"
#include "lifeline.h"
#include "message.h"
#include "mounts.h"
#include "raw.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define AF_UNIX	       1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC   02000000
#define SPAWN_STACK    16384
#define NUMBER_ROOM    24
#define COMM_ROOM      16

static int control = -1;
static int root;
static unsigned long process; /* who this process is for the rump kernel, or 0 */
__thread struct borrower client_borrower;
static __thread bool cwd_is_rump, root_is_rump; /* when it executes a program */
static bool executed;	      /* it was that before it executed this program */
static bool started;	      /* the server, by this process */
bool client_has_kernel, client_cwd_is_rump, client_root_is_rump;
static int server = -1;	      /* the other end, in the process that starts the server */
static char spawn_stack[SPAWN_STACK] RARELY __attribute__((aligned(16)));

/**
 * mistake() - RUMP_SERVER cannot be understood
 */
static _Noreturn void mistake(const char *value)
{
	hijack_say("RUMP_SERVER is not fd:NUMBER,PID:", value, 0);
	for (;;)
		raw1(__NR_exit_group, EXIT_CONFIG);
}

/**
 * next_number() - Read a number and the comma behind it
 */
static unsigned long next_number(const char **at, const char *whole)
{
	unsigned long number;

	if (!str_to_number(*at, &number, at) || (**at && **at != ','))
		mistake(whole);
	*at += **at == ',';
	return number;
}

/**
 * client_was_process() - Whether this process was one of the kernel's before it executed this program
 */
bool client_was_process(void)
{
	return executed;
}

/**
 * client_executes() - This process is about to execute a program
 * @cwd:	whether its working directory is the kernel's
 * @root_too:	whether its root is
 */
void client_executes(bool cwd, bool root_too)
{
	cwd_is_rump = cwd;
	root_is_rump = root_too;
}

/**
 * client_is() - This process has become another one
 */
void client_is(unsigned long other)
{
	process = other;
}

/**
 * client_process() - Who the caller is for the kernel, or 0
 */
unsigned long client_process(void)
{
	return client_borrower.is ? client_borrower.process : process;
}

/**
 * client_variable() - RUMP_SERVER for a program that this process executes
 *
 * Return: NULL if there is none
 */
const char *client_variable(char *room, size_t size)
{
	unsigned long self = client_process();

	if (control < 0)
		return NULL;
	if (kernel_up && self && !guest_is_here())
		str_printf(room, size, "RUMP_SERVER=fd:%d,%d,%d,%lu,%d,%d", control,
			   root, (int)raw0(__NR_getpid), self, cwd_is_rump, root_is_rump);
	else
		str_printf(room, size, "RUMP_SERVER=fd:%d,%d", control, root);
	return room;
}

/**
 * run_server() - In a vfork child: become the server
 */
static void run_server(void *argument)
{
	static char variable[sizeof("RUMP_SERVE=,") + NUMBER_ROOM + COMM_ROOM];
	static char comm[COMM_ROOM];
	const char *argv[] = {hijack_config.server, NULL};
	const char *envp[40];
	size_t n = 0;
	long null, result;

	(void)argument;
	for (size_t i = 0; i < hijack_config.nsaved && n < 36; i++)
		if (!str_starts(hijack_config.saved[i], "RUMPHIJACK") &&
		    !str_starts(hijack_config.saved[i], "RUMP_SERVE"))
			envp[n++] = hijack_config.saved[i];
	raw2(__NR_prctl, PR_GET_NAME, comm); /* of the program still */
	str_printf(variable, sizeof(variable), "RUMP_SERVE=%d,%s", server, comm);
	envp[n++] = "RUMPHIJACK=";
	envp[n++] = variable;
	envp[n++] = hijack_config.preload;
	envp[n] = NULL;
	/* Nothing of the program's stays open, or who waits for its end would wait for ever. */
	null = raw4(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	raw2(__NR_dup2, null, 0);
	raw2(__NR_dup2, null, 1);
	raw3(__NR_close_range, 3, server - 1, 0);
	raw3(__NR_close_range, server + 1, ~0u, 0);
	raw3(__NR_fcntl, server, F_SETFD, 0);
	/* The program may have gone elsewhere. */
	result = mounts_directory ? raw1(__NR_chdir, mounts_directory) : 0;
	if (result) {
		hijack_say("cannot change to", mounts_directory, result);
		raw1(__NR_exit, EXIT_KERNEL);
	}
	raw3(__NR_execve, hijack_config.server, argv, envp);
	raw1(__NR_exit, 127);
}

/**
 * run_errand() - In a vfork child: start the server, which is nobody's child then
 */
static void run_errand(void *argument)
{
	static char stack[SPAWN_STACK] RARELY __attribute__((aligned(16)));
	long child;

	raw0(__NR_setsid);
	child = hijack_spawn(run_server, argument, stack + sizeof(stack));
	raw1(__NR_exit, raw_failed(child) ? 127 : 0);
}

/**
 * start_server() - Have the control socket, and a server at its other end
 */
static long start_server(void)
{
	int pair[2], status;
	long child, result;

	result = raw4(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
	if (raw_failed(result))
		return result;
	control = high_move(pair[0]);
	raw3(__NR_fcntl, control, F_SETFD, 0);
	server = high_move(pair[1]);
	hijack_on_own(control, true);
	client_has_kernel = true;
	root = (int)raw0(__NR_getpid);
	started = true;
	child = hijack_spawn(run_errand, NULL, spawn_stack + sizeof(spawn_stack));
	if (!raw_failed(child))
		raw4(__NR_wait4, child, &status, __WALL, 0);
	raw1(__NR_close, server);
	return raw_failed(child) ? child : 0;
}

/**
 * client_prepare() - See to it that children find the same server
 */
void client_prepare(void)
{
	if (control < 0)
		start_server();
}

/**
 * request_send() - Make a request
 * @pass:	descriptor for the server, or -1
 *
 * Return: socket that the answer comes by, or a negated errno
 */
static long request_send(const struct request *request, int pass)
{
	int pair[2];
	long result = raw4(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);

	if (raw_failed(result))
		return result;
	if (pass >= 0)
		message_send(pair[0], "", 1, pass);
	do {
		result = message_send(control, request, sizeof(*request), pair[1]);
	} while (result == -EINTR);
	raw1(__NR_close, pair[1]);
	if (!raw_failed(result))
		return pair[0];
	raw1(__NR_close, pair[0]);
	return result;
}

/**
 * answer_receive() - Wait for the answer to a request
 * @socket:	from request_send(); it is closed
 * @answer:	begins with the result
 * @fd:		what comes with the answer, or NULL
 */
static long answer_receive(const struct request *request, int socket, void *answer, size_t size, int *fd)
{
	int received = -1, second;
	char byte;
	long result;

	do {
		result = message_receive(socket, answer, size, &received);
	} while (result == -EINTR);
	/* The lifeline comes behind the memory. */
	if (result == (long)size && received >= 0 &&
	    (request->type == REQUEST_ATTACH || request->type == REQUEST_LAYOUT) &&
	    message_receive(socket, &byte, 1, &second) == 1 && second >= 0) {
		second = high_move(second);
		lifeline_is(second);
		hijack_on_own(second, true);
	}
	raw1(__NR_close, socket);
	if (fd)
		*fd = received < 0 ? -1 : high_move(received);
	else if (received >= 0)
		raw1(__NR_close, received);
	if (raw_failed(result))
		return result;
	return result == (long)size ? (long)*(int64_t *)answer : -ECONNREFUSED;
}

/**
 * ask() - Make a request and wait for its answer
 * @pass:	descriptor for the server, or -1
 * @answer:	begins with the result
 * @fd:		what comes with the answer, or NULL
 */
static long ask(const struct request *request, int pass, void *answer, size_t size, int *fd)
{
	long socket = request_send(request, pass);

	return raw_failed(socket) ? socket : answer_receive(request, (int)socket, answer, size, fd);
}

/**
 * attach() - RUMP_SERVER names a kernel that somebody keeps
 */
static void attach(const char *value, const char *runtime)
{
	struct request request = {REQUEST_HELLO, (int)raw0(__NR_getpid), 0};
	struct answer answer;

	control = high_move(connect_named(value, runtime));
	raw3(__NR_fcntl, control, F_SETFD, 0);
	root = (int)raw0(__NR_getpid);
	hijack_on_own(control, true);
	client_has_kernel = true;
	connect_checked(value, ask(&request, -1, &answer, sizeof(answer), NULL));
}

/**
 * client_places() - RUMPHIJACK, as the kernel that this process has attached to is to be used
 *
 * Return: NULL if there is none to ask
 */
const char *client_places(void)
{
	static struct places_answer answer RARELY;
	struct request request = {REQUEST_PLACES, 0, 0};

	if (control < 0 || root != raw0(__NR_getpid) || executed)
		return NULL;
	answer.text[PLACES_TEXT - 1] = 0;
	if (raw_failed(ask(&request, -1, &answer, sizeof(answer), NULL)))
		return NULL;
	return answer.text;
}

/**
 * client_configure() - Read RUMP_SERVER
 * @value:	NULL if it is not set
 * @runtime:	XDG_RUNTIME_DIR, or NULL
 */
void client_configure(const char *value, const char *runtime)
{
	const char *at = value;
	unsigned long pid;

	if (!value || !*value)
		return;
	if (!str_starts(value, "fd:")) {
		attach(value, runtime);
		return;
	}
	at += 3;
	control = (int)next_number(&at, value);
	root = (int)next_number(&at, value);
	hijack_on_own(control, true);
	client_has_kernel = true;
	if (!*at)
		return;
	pid = next_number(&at, value);
	process = next_number(&at, value);
	if ((long)pid != raw0(__NR_getpid)) {
		process = 0;
		return;
	}
	client_cwd_is_rump = next_number(&at, value);
	client_root_is_rump = next_number(&at, value);
	executed = true;
	hijack_config.boot = true;
}

/**
 * client_bell() - Let the server have an eventfd of this process
 *
 * Return: its number there, or a negated errno
 */
long client_bell(int fd)
{
	struct request request = {REQUEST_BELL, (int)raw0(__NR_getpid), 0};
	struct answer answer;

	return ask(&request, fd, &answer, sizeof(answer), NULL);
}

/**
 * client_bell_drop() - The kernel does not ring an eventfd of this process any more
 * @number:	of the server's
 */
void client_bell_drop(int number)
{
	struct request request = {REQUEST_BELL_DROP, (int)raw0(__NR_getpid), (uint64_t)number};

	message_send(control, &request, sizeof(request), -1);
}

/**
 * client_parcel() - Let the server see when nobody can receive a file any more that is under way
 * @fd:		writing end of the ticket
 *
 * Return: 0 or a negated errno
 */
long client_parcel(int fd, uint64_t ticket)
{
	struct request request = {REQUEST_PARCEL, (int)raw0(__NR_getpid), ticket};
	struct answer answer;

	return ask(&request, fd, &answer, sizeof(answer), NULL);
}

/**
 * client_claim() - Let the server hold a file that is to go through a socket of the rump kernel
 *
 * Return: the number of the claim, whose reading end waits as a parcel (claims.c), or a negated errno
 */
long client_claim(int fd)
{
	struct request request = {REQUEST_CLAIM, (int)raw0(__NR_getpid), 0};
	struct answer answer;

	return ask(&request, fd, &answer, sizeof(answer), NULL);
}

/**
 * client_claimed() - The file that a claim is for
 *
 * Return: descriptor of its own, or a negated errno
 */
long client_claimed(uint64_t number)
{
	struct request request = {REQUEST_CLAIMED, 0, number};
	struct answer answer;
	int fd = -1;
	long result = ask(&request, -1, &answer, sizeof(answer), &fd);

	return raw_failed(result) ? result : fd < 0 ? -EMFILE : fd;
}

static int never(void)
{
	return 0;
}

/**
 * client_join() - Become a process of the tree's kernel
 *
 * Return: 0 or a negated errno
 */
long client_join(const struct rump__setup *setup)
{
	struct request request = {executed ? REQUEST_LAYOUT : REQUEST_ATTACH,
				  (int)raw0(__NR_getpid), process};
	struct answer answer;
	long result = 0;
	int fd;

	if (control < 0)
		result = start_server();
	if (!result)
		result = request_send(&request, -1);
	if (!raw_failed(result)) {
		/* While the server makes it a process. */
		rump__join_early(setup);
		result = answer_receive(&request, (int)result, &answer, sizeof(answer), &fd);
	}
	/* The server that could not boot has said why. */
	if (!started && (result == -ECONNREFUSED || result == -ECONNRESET || result == -EPIPE))
		rump__error("cannot join the kernel: the process that kept it has ended");
	if (raw_failed(result))
		return result;
	if (!executed)
		process = (unsigned long)result;
	result = -rump__join(&answer.layout, fd, (struct rump_process *)process, never);
	if (result)
		return result;
	lifeline_arm();
	if (!executed)
		identity_take(&answer.identity);
	return 0;
}

/**
 * client_lifeline() - A description of the lifeline from the server
 *
 * Return: descriptor or a negated errno
 */
long client_lifeline(void)
{
	struct request request = {REQUEST_LIFELINE, 0, 0};
	struct answer answer;
	int fd = -1;
	long result = ask(&request, -1, &answer, sizeof(answer), &fd);

	return raw_failed(result) ? result : fd;
}

/**
 * client_born() - A child of this process is one of the kernel's
 */
void client_born(int pid, unsigned long child)
{
	struct request request = {REQUEST_BORN, pid, child};

	message_send(control, &request, sizeof(request), -1);
}

/**
 * client_first() - Whether no process of the kernel has asked the same before
 */
bool client_first(uint64_t what)
{
	struct request request = {REQUEST_FIRST, 0, what};
	struct answer answer;

	return ask(&request, -1, &answer, sizeof(answer), NULL) == 1;
}

/**
 * client_knows() - Whether a process uses the kernel of the tree, or is about to
 * @whom:	its pid, the negated id of a process group, or 0 for any process
 */
bool client_knows(int whom)
{
	struct request request = {REQUEST_KNOWS, whom, 0};
	struct answer answer;

	return control >= 0 && !hijack_sealed && ask(&request, -1, &answer, sizeof(answer), NULL) == 1;
}

/**
 * client_end() - This process is about to end
 *
 * The tree's first one is who somebody waits for, to look at the images.
 */
void client_end(void)
{
	struct request request = {REQUEST_END, 0, 0};
	struct answer answer;

	if (control < 0)
		return;
	request.pid = (int)raw0(__NR_getpid);
	if (request.pid == root)
		ask(&request, -1, &answer, sizeof(answer), NULL);
}
