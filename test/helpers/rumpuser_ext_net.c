/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_ext_net.c - tests of the extension group: networks
 *
 * Two ports of one process on one bus talk to each other, and one that joined in a forked child
 * to both. What stands for vde_plug(1) is cat(1), so frames come back.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/virtio_net.h>

#include <rump/rumpuser_ext.h>

#include "rumpuser_ext.h"

#define FRAME  60
#define MAC(n) (0x020000000000ul + (n))

struct packet {
	struct virtio_net_hdr header;
	unsigned char frame[FRAME];
};

static const struct rumpuser_ext_net_filter everything = {.all = 1};

/** packet_for() - Make one for an address */
static struct packet packet_for(unsigned long mac, int value)
{
	struct packet p;

	memset(&p, 0, sizeof(p));
	for (int i = 0; i < 6; i++)
		p.frame[i] = (unsigned char)(mac >> 8 * (5 - i));
	memset(p.frame + 6, value, FRAME - 6);
	return p;
}

/** pieces() - Name its memory, the header first */
static void pieces(struct packet *p, struct iovec iov[3])
{
	iov[0] = (struct iovec){&p->header, sizeof(p->header)};
	iov[1] = (struct iovec){p->frame, 14};
	iov[2] = (struct iovec){p->frame + 14, FRAME - 14};
}

/** send_by() - Send it */
static long send_by(unsigned int port, struct packet p)
{
	struct iovec iov[3];
	long err;

	pieces(&p, iov);
	QUIET(err = rumpuser_ext_net_send(port, 0, iov, 3));
	return err;
}

/** receive_by() - Receive one */
static long receive_by(unsigned int port, struct packet *p, int flags,
		       const struct rumpuser_ext_net_filter *filter)
{
	struct iovec iov[3];
	long n;

	pieces(p, iov);
	QUIET(n = rumpuser_ext_net_receive(port, 0, iov, 3, flags, filter));
	return n;
}

/** must_receive() - Receive one that is there and has one value */
static void must_receive(unsigned int port, int flags, const struct rumpuser_ext_net_filter *filter,
			 int value)
{
	struct packet p;

	CHECK(receive_by(port, &p, flags, filter) == (long)(sizeof(struct virtio_net_hdr) + FRAME));
	CHECK(p.frame[6] == value && p.frame[FRAME - 1] == value);
}

/** must_be_empty() - There is none */
static void must_be_empty(unsigned int port)
{
	struct packet p;

	CHECK(receive_by(port, &p, RUMPUSER_EXT_NET_NOWAIT, &everything) == -EAGAIN);
}

/** open_bus() - Open a port on a bus */
static void open_bus(unsigned int port, const char *file)
{
	struct rumpuser_ext_net net = {.kind = RUMPUSER_EXT_NET_BUS, .name = file};
	int err;

	QUIET(err = rumpuser_ext_net_open(port, &net));
	CHECK(err == 0 && net.mtu == 1500 && net.queues == 1);
	CHECK(net.features == (RUMPUSER_EXT_NET_OFFLOAD | RUMPUSER_EXT_NET_DIRECT));
}

/** refused() - Open what cannot be opened */
static int refused(unsigned int port, enum rumpuser_ext_net_kind kind, const char *name)
{
	struct rumpuser_ext_net net = {.kind = kind, .name = name, .path = "/nonexistent"};
	int err;

	QUIET(err = rumpuser_ext_net_open(port, &net));
	return err;
}

/** refused_queues() - Open a bus, which has one queue, with more */
static int refused_queues(const char *file, unsigned int queues)
{
	struct rumpuser_ext_net net = {
		.kind = RUMPUSER_EXT_NET_BUS, .name = file, .queues = queues, .cpus = queues};
	int err;

	QUIET(err = rumpuser_ext_net_open(0, &net));
	return err;
}

/** bad() - What is no network is refused, and the port stays free */
static void bad(char **args)
{
	struct rumpuser_ext_net_share share = {.kind = RUMPUSER_EXT_NET_BUS};

	test_boot(true);
	CHECK(refused(0, RUMPUSER_EXT_NET_NONE, "") == -EINVAL);
	CHECK(refused(0, RUMPUSER_EXT_NET_VDE + 1, "") == -EINVAL);
	CHECK(refused(RUMPUSER_EXT_NET_PORTS, RUMPUSER_EXT_NET_BUS, args[0]) == -EINVAL);
	CHECK(refused(0, RUMPUSER_EXT_NET_BUS, "/nonexistent/bus") == -ENOENT);
	CHECK(refused(0, RUMPUSER_EXT_NET_BUS, "/dev/null") == -EINVAL);
	CHECK(refused(0, RUMPUSER_EXT_NET_VDE, "") == -ENOENT);
	CHECK(refused(0, RUMPUSER_EXT_NET_PASST, "") == -ENOENT);
	CHECK(send_by(0, packet_for(MAC(1), 1)) == -ENODEV);
	QUIET(rumpuser_ext_net_share(0, &share));
	CHECK(share.kind == RUMPUSER_EXT_NET_NONE);
	QUIET(rumpuser_ext_net_join(1, getpid(), &share));
	CHECK(send_by(1, packet_for(MAC(1), 1)) == -ENODEV);
	CHECK(refused_queues(args[0], 2) == -EOPNOTSUPP);
	CHECK(refused_queues(args[0], RUMPUSER_EXT_NET_QUEUES + 1) == -EINVAL);
	open_bus(0, args[0]);
	CHECK(refused(0, RUMPUSER_EXT_NET_BUS, args[0]) == -EINVAL);
	QUIET(rumpuser_ext_net_end());
}

/** bus() - Frames reach all other members, of which each takes what it wants */
static void bus(char **args)
{
	const struct rumpuser_ext_net_filter one = {.mac = MAC(1)};

	test_boot(true);
	for (unsigned int port = 0; port < 3; port++)
		open_bus(port, args[0]);
	must_be_empty(0);
	for (int i = 0; i < 3; i++)
		CHECK(send_by(0, packet_for(MAC(i), i)) == 0);
	CHECK(send_by(0, packet_for(0xfffffffffffful, 9)) == 0);
	must_be_empty(0);
	must_receive(1, RUMPUSER_EXT_NET_NOWAIT, &one, 1);
	must_receive(1, 0, &one, 9);
	must_be_empty(1);
	for (int i = 0; i < 3; i++)
		must_receive(2, RUMPUSER_EXT_NET_NOWAIT, &everything, i);
	must_receive(2, 0, &everything, 9);
	must_be_empty(2);
}

/** receive_one() - A thread that waits for a frame */
static void *receive_one(void *arg)
{
	must_receive(1, 0, &everything, 7);
	return arg;
}

/** bus_wait() - Who waits is woken, whether or not it had gone to sleep */
static void bus_wait(char **args)
{
	pthread_t t;

	test_boot(true);
	open_bus(0, args[0]);
	open_bus(1, args[0]);
	for (int i = 0; i < 100; i++) {
		CHECK(pthread_create(&t, NULL, receive_one, NULL) == 0);
		if (i % 2)
			sched_yield();
		CHECK(send_by(0, packet_for(MAC(1), 7)) == 0);
		CHECK(pthread_join(t, NULL) == 0);
	}
}

/** bus_share() - Another process sends by a port that this one has opened */
static void bus_share(char **args)
{
	struct rumpuser_ext_net_share share;
	pid_t child, parent = getpid();
	int status;

	test_boot(true);
	open_bus(0, args[0]);
	open_bus(1, args[0]);
	QUIET(rumpuser_ext_net_share(0, &share));
	CHECK(share.kind == RUMPUSER_EXT_NET_BUS);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		QUIET(rumpuser_ext_net_join(5, parent, &share));
		CHECK(send_by(5, packet_for(MAC(1), 3)) == 0);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	must_receive(1, 0, &everything, 3);
	/* It was the port's own, so that does not see it. */
	must_be_empty(0);
	/* A process that is no more shares nothing. */
	QUIET(rumpuser_ext_net_join(5, child, &share));
	CHECK(send_by(5, packet_for(MAC(1), 3)) == -ENODEV);
}

static volatile sig_atomic_t faults;

/** on_fault() - As the kernel's handler of SIGBUS does */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	int ours;

	(void)sig;
	(void)context;
	faults++;
	QUIET(ours = rumpuser_ext_net_fault((unsigned long)info->si_addr));
	CHECK(ours == 1);
}

/** bus_cut() - A file that is cut short is a pulled cable, once its fault is handled */
static void bus_cut(char **args)
{
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	struct packet p;
	int ours;

	test_boot(true);
	CHECK(sigaction(SIGBUS, &act, NULL) == 0);
	open_bus(0, args[0]);
	open_bus(1, args[0]);
	QUIET(ours = rumpuser_ext_net_fault((unsigned long)&act));
	CHECK(ours == 0);
	CHECK(truncate(args[0], 0) == 0);
	CHECK(send_by(0, packet_for(MAC(1), 3)) == -ENOLINK);
	CHECK(faults == 1);
	CHECK(receive_by(1, &p, 0, &everything) == -ENOLINK);
	CHECK(faults == 2);
}

static volatile sig_atomic_t children;

/** on_child() - The end of a child */
static void on_child(int sig)
{
	(void)sig;
	children++;
}

/** has_ended() - Whether a process is no more, or only waited for */
static bool has_ended(int pid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	CHECK(fscanf(f, "%*d (%*[^)]) %c", &state) == 1 || state == 0);
	fclose(f);
	return state == 0 || state == 'Z' || state == 'X';
}

/** stream() - Frames go through a program, which ends when the network does */
static void stream(char **args)
{
	struct rumpuser_ext_net net = {
		.kind = RUMPUSER_EXT_NET_VDE, .name = args[1], .path = args[0]};
	struct packet p;
	FILE *f;
	int err, program;

	test_boot(true);
	CHECK(signal(SIGCHLD, on_child) != SIG_ERR);
	QUIET(err = rumpuser_ext_net_open(3, &net));
	CHECK(err == 0 && net.mtu == 1500 && net.features == 0);
	must_be_empty(3);
	for (int i = 0; i < 100; i++)
		CHECK(send_by(3, packet_for(MAC(1), i)) == 0);
	for (int i = 0; i < 100; i++)
		must_receive(3, 0, &everything, i);
	must_be_empty(3);
	f = fopen(args[1], "r");
	CHECK(f && fscanf(f, "%d", &program) == 1);
	fclose(f);
	CHECK(!has_ended(program));
	QUIET(rumpuser_ext_net_end());
	CHECK(has_ended(program));
	CHECK(receive_by(3, &p, 0, &everything) == -ENOLINK);
	CHECK(send_by(3, packet_for(MAC(1), 1)) == -EPIPE);
	/* Of which nobody is told who has children of his own. */
	CHECK(children == 0);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
}

static const struct test tests[] = {
	{"bad", bad},	      {"bus", bus},	  {"bus_wait", bus_wait}, {"bus_share", bus_share},
	{"bus_cut", bus_cut}, {"stream", stream}, {NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
