/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wakeup.c - bench-wakeup TSV SHIM: how long a wake-up from epoll_wait(2) takes when the set is of
 * two kernels; a line as of the other figures
 *
 * Two threads send each other 64 bytes over TCP or over pipes. Each waits with an epoll instance that has
 * a socket and a pipe as members. The program runs itself ("measure"), in turns on the host alone and with
 * SHIM preloaded, where the sockets are the rump kernel's and the pipes are the host's.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	1000
#define TURNS	5
#define MESSAGE	64
#define AIM	2.0

struct end {
	int in, out, other;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void tcp_pair(int pair[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, i;
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&addr, len) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
		die("bind");
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair[0], (struct sockaddr *)&addr, len) < 0)
		die("connect");
	pair[1] = accept(listener, NULL, NULL);
	for (i = 0; i < 2; i++)
		setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	close(listener);
}

static void add(int instance, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(instance, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
}

static void *answer(void *arg)
{
	struct end *end = arg;
	char buf[MESSAGE] = { 0 };
	struct epoll_event event;
	int i, instance = epoll_create1(0);

	add(instance, end->in);
	add(instance, end->other);
	for (i = 0; i < ROUNDS; i++) {
		if (epoll_wait(instance, &event, 1, -1) != 1 || event.data.fd != end->in)
			die("epoll_wait");
		if (read(end->in, buf, MESSAGE) != MESSAGE ||
		    write(end->out, buf, MESSAGE) != MESSAGE)
			die("answer");
	}
	close(instance);
	return NULL;
}

/* Nanoseconds a wake-up. */
static double ping_pong(struct end *here, struct end *there)
{
	char buf[MESSAGE] = { 0 };
	pthread_t thread;
	double t;

	pthread_create(&thread, NULL, answer, there);
	t = now();
	if (write(here->out, buf, MESSAGE) != MESSAGE)
		die("write");
	answer(here);
	pthread_join(thread, NULL);
	return (now() - t) / (2 * ROUNDS) * 1e9;
}

static int measure(void)
{
	int tcp[2], there[2], back[2], i;
	struct end ends[2], pipes[2];
	double t, best[2] = { 1e12, 1e12 };

	tcp_pair(tcp);
	if (pipe(there) < 0 || pipe(back) < 0)
		die("pipe");
	ends[0] = (struct end){ tcp[0], tcp[0], back[0] };
	ends[1] = (struct end){ tcp[1], tcp[1], there[0] };
	pipes[0] = (struct end){ back[0], there[1], tcp[0] };
	pipes[1] = (struct end){ there[0], back[1], tcp[1] };
	for (i = 0; i < TURNS; i++) {
		t = ping_pong(&ends[0], &ends[1]);
		read(tcp[1], &(char[MESSAGE]){ 0 }, MESSAGE);
		best[0] = t < best[0] ? t : best[0];
		t = ping_pong(&pipes[0], &pipes[1]);
		read(there[0], &(char[MESSAGE]){ 0 }, MESSAGE);
		best[1] = t < best[1] ? t : best[1];
	}
	printf("%.0f %.0f\n", best[0], best[1]);
	return 0;
}

static void run(const char *self, const char *shim, double best[2])
{
	char command[4200];
	double t[2];
	FILE *f;
	int i;

	snprintf(command, sizeof(command), "RUMPHIJACK=socket=all:nolocal LD_PRELOAD=%s exec %s measure",
		 shim, self);
	f = popen(command, "r");
	if (!f || fscanf(f, "%lf %lf", &t[0], &t[1]) != 2 || pclose(f))
		die(command);
	for (i = 0; i < 2; i++)
		best[i] = t[i] < best[i] ? t[i] : best[i];
}

int main(int argc, char **argv)
{
	static const char *const names[2] = {
		"mixed epoll wake-up, by a socket", "mixed epoll wake-up, by a pipe",
	};
	double rump[2] = { 1e12, 1e12 }, host[2] = { 1e12, 1e12 };
	FILE *tsv;
	int i;

	if (argc == 2 && !strcmp(argv[1], "measure"))
		return measure();
	tsv = argc == 3 ? fopen(argv[1], "a") : NULL;
	if (!tsv) {
		fprintf(stderr, "usage: bench-wakeup TSV SHIM\n");
		return 2;
	}
	for (i = 0; i < TURNS; i++) {
		run(argv[0], argv[2], rump);
		run(argv[0], "", host);
	}
	for (i = 0; i < 2; i++) {
		printf("%-34s %10.1f %10.1f %-5s %6.2f   (aim at most %.2f)\n", names[i], rump[i],
		       host[i], "ns", rump[i] / host[i], AIM);
		fprintf(tsv, "%s\t%.3f\t%.3f\tns\t%.4f\n", names[i], rump[i], host[i],
			rump[i] / host[i]);
	}
	fclose(tsv);
	return 0;
}
