/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_ipc.c - timers, memory, semaphores and queues between processes */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "librump_test.h"

#define UNUSED(argc, argv) ((void)(argc), (void)(argv))

static volatile sig_atomic_t fired;
static volatile sig_atomic_t fired_value;

static void on_timer(int sig, siginfo_t *info, void *context)
{
	(void)context;
	(void)sig;
	fired_value = info->si_value.sival_int;
	fired++;
}

static void posix_timers(int argc, char **argv)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL,
			      .sigev_signo = SIGRTMIN + 3,
			      .sigev_value.sival_int = 4711};
	struct itimerspec it = {{0, 0}, {10, 0}}, left;
	struct sigaction act = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
	struct timespec wait = {2, 0};
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_timer_create(CLOCK_MONOTONIC, &none, &id));
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	CHECK(!rump_sys_timer_gettime(id, &left));
	CHECK(left.it_value.tv_sec == 9);
	CHECK(!rump_sys_timer_delete(id));
	CHECK_ERR(rump_sys_timer_gettime(id, &left), EINVAL);
	/* One that sends a signal: the program's handler runs, and knows why. */
	CHECK(!sigaction(SIGRTMIN + 3, &act, NULL));
	CHECK(!rump_sys_timer_create(CLOCK_MONOTONIC, &ev, &id));
	it = (struct itimerspec){{0, 0}, {0, 50000000}};
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	CHECK_ERR(rump_sys_nanosleep(&wait, NULL), EINTR);
	CHECK(fired == 1 && fired_value == 4711);
	/* And without a call in progress. */
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	for (int i = 0; i < 200 && fired < 2; i++)
		usleep(10000);
	CHECK(fired == 2);
}

static void shared_memory(int argc, char **argv)
{
	struct shmid_ds ds;
	char *a, *b;
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	id = rump_sys_shmget(1234, 100000, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(id >= 0);
	CHECK_ERR(rump_sys_shmget(1234, 100000, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	a = rump_sys_shmat(id, NULL, 0);
	CHECK(a != MAP_FAILED);
	memset(a, 'm', 100000);
	b = rump_sys_shmat(id, NULL, SHM_RDONLY);
	CHECK(b != MAP_FAILED && b != a);
	CHECK(b[0] == 'm' && b[99999] == 'm');
	a[50000] = 'n';
	CHECK(b[50000] == 'n');
	CHECK(!rump_sys_shmctl(id, IPC_STAT, &ds));
	CHECK(ds.shm_segsz == 100000 && ds.shm_nattch == 2);
	CHECK(!rump_sys_shmdt(a) && !rump_sys_shmdt(b));
	a = rump_sys_shmat(id, NULL, 0);
	CHECK(a[50000] == 'n');
	CHECK(!rump_sys_shmctl(id, IPC_RMID, NULL));
	CHECK(!rump_sys_shmdt(a));
	CHECK_ERR(rump_sys_shmget(1234, 100000, 0600), ENOENT);
}

static int semaphores_id;

static void *release_later(void *unused)
{
	struct sembuf add = {0, 2, 0};

	(void)unused;
	usleep(100000);
	CHECK(!rump_sys_semop(semaphores_id, &add, 1));
	return NULL;
}

static void semaphores(int argc, char **argv)
{
	struct sembuf take = {0, -2, 0}, try = {1, -1, IPC_NOWAIT};
	struct timespec brief = {0, 50000000};
	unsigned short values[2] = {0, 1};
	pthread_t t;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	semaphores_id = rump_sys_semget(IPC_PRIVATE, 2, 0600);
	CHECK(semaphores_id >= 0);
	CHECK(!rump_sys_semctl(semaphores_id, 0, SETALL, values));
	CHECK_ERR(rump_sys_semtimedop(semaphores_id, &take, 1, &brief), EAGAIN);
	CHECK(!pthread_create(&t, NULL, release_later, NULL));
	CHECK(!rump_sys_semop(semaphores_id, &take, 1));
	pthread_join(t, NULL);
	CHECK(rump_sys_semctl(semaphores_id, 0, GETVAL) == 0);
	CHECK(!rump_sys_semop(semaphores_id, &try, 1));
	CHECK_ERR(rump_sys_semop(semaphores_id, &try, 1), EAGAIN);
	CHECK(!rump_sys_semctl(semaphores_id, 0, IPC_RMID));
}

static void messages(int argc, char **argv)
{
	struct {
		long type;
		char text[5000];
	} m = {5, "five"};
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	id = rump_sys_msgget(IPC_PRIVATE, 0600);
	CHECK(id >= 0);
	CHECK(!rump_sys_msgsnd(id, &m, 4, 0));
	m.type = 6;
	memset(m.text, 's', 5000);
	CHECK(!rump_sys_msgsnd(id, &m, 5000, 0));
	memset(&m, 0, sizeof(m));
	CHECK(rump_sys_msgrcv(id, &m, 5000, 6, 0) == 5000 && m.text[4999] == 's');
	CHECK(rump_sys_msgrcv(id, &m, 5000, 0, 0) == 4 && m.type == 5);
	CHECK(!memcmp(m.text, "five", 4));
	CHECK_ERR(rump_sys_msgrcv(id, &m, 5000, 0, IPC_NOWAIT), ENOMSG);
	CHECK(!rump_sys_msgctl(id, IPC_RMID, NULL));
}

static void *send_later(void *q)
{
	usleep(100000);
	CHECK(!rump_sys_mq_timedsend(*(int *)q, "late", 4, 1, NULL));
	return NULL;
}

static void posix_queues(int argc, char **argv)
{
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64};
	struct timespec past = {1, 0};
	unsigned int prio;
	char buf[64];
	pthread_t t;
	int q;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	q = rump_sys_mq_open("queue", O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	CHECK(q >= 0);
	CHECK(!rump_sys_mq_timedsend(q, "low", 3, 1, NULL));
	CHECK(!rump_sys_mq_timedsend(q, "high!", 5, 9, NULL));
	CHECK(!rump_sys_mq_getsetattr(q, NULL, &attr));
	CHECK(attr.mq_curmsgs == 2 && attr.mq_maxmsg == 4);
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 5 && prio == 9);
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 3 && prio == 1);
	CHECK_ERR(rump_sys_mq_timedreceive(q, buf, 64, &prio, &past), ETIMEDOUT);
	CHECK(!pthread_create(&t, NULL, send_later, &q));
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 4);
	pthread_join(t, NULL);
	CHECK(!rump_sys_mq_unlink("queue"));
	CHECK_ERR(rump_sys_mq_open("queue", O_RDWR, 0, NULL), ENOENT);
}

/* Host name and IPC of a name space of one's own. */
static void uts_ipc(int argc, char **argv)
{
	struct utsname before, after;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_uname(&before));
	CHECK(rump_sys_shmget(99, 4096, IPC_CREAT | 0600) >= 0);
	CHECK(!rump_sys_unshare(CLONE_NEWUTS | CLONE_NEWIPC));
	CHECK(!rump_sys_sethostname("elsewhere", 9));
	CHECK(!rump_sys_uname(&after));
	CHECK(!strcmp(after.nodename, "elsewhere"));
	CHECK_ERR(rump_sys_shmget(99, 4096, 0600), ENOENT);
}

static const struct test tests[] = {
	{"posix_timers", posix_timers},
	{"shared_memory", shared_memory},
	{"semaphores", semaphores},
	{"messages", messages},
	{"posix_queues", posix_queues},
	{"uts_ipc", uts_ipc},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
