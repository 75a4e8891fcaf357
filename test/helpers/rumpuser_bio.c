/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_bio.c - tests of asynchronous block I/O
 *
 * The host's calls are interposed: they can be made to wait at a gate, as a slow
 * device does, or to do less than they were asked for.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "rumpuser_test.h"

#define BLOCK 512
#define POOL  8 /* threads that the library has for block I/O at most */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_shut; /* lock: I/O waits */
static unsigned int waiting; /* lock: calls that wait at the gate */
static size_t step_limit; /* most bytes a call moves, 0 for any number */
static int step_error; /* error the second call gives */
static bool no_threads;
static bool no_memory;
static unsigned int finished; /* lock: completions */
static __thread bool in_bio; /* the caller is inside rumpuser_bio() */

/** gate_pass() - Wait until the gate is open */
static void gate_pass(void)
{
	pthread_mutex_lock(&lock);
	waiting++;
	pthread_cond_broadcast(&changed);
	while (gate_shut)
		pthread_cond_wait(&changed, &lock);
	waiting--;
	pthread_mutex_unlock(&lock);
}

/** gate_set() - Shut or open the gate */
static void gate_set(bool shut)
{
	pthread_mutex_lock(&lock);
	gate_shut = shut;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/** limited() - Cut a transfer short, or fail it, as the test wants */
static bool limited(size_t *len)
{
	static int calls;

	if (step_error && ++calls == 2) {
		errno = step_error;
		step_error = 0;
		return false;
	}
	if (step_limit && *len > step_limit)
		*len = step_limit;
	return true;
}

/** pread() - log, wait at the gate, and perform */
ssize_t pread(int fd, void *data, size_t len, off_t off)
{
	CHECK_OFF_CPU();
	gate_pass();
	note("pread");
	return limited(&len) ? syscall(SYS_pread64, fd, data, len, off) : -1;
}

/** pwrite() - log, wait at the gate, and perform */
ssize_t pwrite(int fd, const void *data, size_t len, off_t off)
{
	CHECK_OFF_CPU();
	gate_pass();
	note("pwrite");
	return limited(&len) ? syscall(SYS_pwrite64, fd, data, len, off) : -1;
}

/** fdatasync() - log and perform */
int fdatasync(int fd)
{
	CHECK_OFF_CPU();
	note("fdatasync");
	return (int)syscall(SYS_fdatasync, fd);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t len);

/** malloc() - There may be nothing inside rumpuser_bio() */
void *malloc(size_t len)
{
	if (no_memory && in_bio) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(len);
}

/** pthread_create() - There may be no threads */
int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*f)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (no_threads)
		return EAGAIN;
	real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_create");
	return real(t, attr, f, arg);
}
#endif

/** done_note() - Log a completion */
static void done_note(void *arg, size_t count, int error)
{
	CHECK_ON_CPU();
	note("done %s %zu %s", (const char *)arg, count, error ? strerrorname_np(error) : "ok");
	pthread_mutex_lock(&lock);
	finished++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/** start() - Call rumpuser_bio() and mark that */
static void start(int fd, int op, void *data, size_t len, int64_t off, rump_biodone_fn done,
		  void *arg)
{
	in_bio = true;
	rumpuser_bio(fd, op, data, len, off, done, arg);
	in_bio = false;
	CHECK_ON_CPU();
}

/** await() - Leave the CPU until so many completions were seen */
static void await(unsigned int n)
{
	cpu_leave();
	pthread_mutex_lock(&lock);
	while (finished < n)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	/* A completion comes before hyp_unschedule(): wait for that too. */
	cpu_take();
	CHECK(finished == n);
}

/** must_open() - Open a file for both */
static int must_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0);
	return fd;
}

/** one() - A request returns at once; it is done between hyp_schedule and hyp_unschedule */
static void one(char **args)
{
	static char data[] = "data";
	int fd = must_open(args[0]);

	test_boot(true);
	gate_set(true);
	start(fd, RUMPUSER_BIO_WRITE, data, 4, 0, done_note, "write");
	note("returned");
	gate_set(false);
	await(1);
	start(fd, RUMPUSER_BIO_READ, data, 4, 0, done_note, "read");
	await(2);
	start(fd, RUMPUSER_BIO_WRITE | RUMPUSER_BIO_SYNC, data, 4, 0, done_note, "sync");
	await(3);
}

/** start_and_wait() - Start a request and wait until it is done */
static void start_and_wait(int fd, int op, size_t len, int64_t off, const char *name)
{
	static char data[8];
	static unsigned int n;

	start(fd, op, data, len, off, done_note, (void *)name);
	await(++n);
}

/** bad() - Requests that make no sense are done with an error, in order */
static void bad(char **args)
{
	int fd = must_open(args[0]);
	int rd = open(args[0], O_RDONLY), ends[2];

	test_boot(false);
	test_logging = true;
	CHECK(pipe(ends) == 0);
	start_and_wait(fd, 0, 8, 0, "no direction");
	start_and_wait(fd, RUMPUSER_BIO_READ | RUMPUSER_BIO_WRITE, 8, 0, "both directions");
	start_and_wait(fd, RUMPUSER_BIO_READ | 8, 8, 0, "unknown bit");
	start_and_wait(fd, RUMPUSER_BIO_READ, 8, -1, "negative offset");
	start_and_wait(-1, RUMPUSER_BIO_READ, 8, 0, "no file");
	start_and_wait(rd, RUMPUSER_BIO_WRITE, 8, 0, "read-only file");
	start_and_wait(ends[0], RUMPUSER_BIO_READ, 8, 0, "pipe");
	start_and_wait(fd, RUMPUSER_BIO_READ, 8, 1000, "behind the end");
	start_and_wait(fd, RUMPUSER_BIO_READ, 0, 0, "nothing");
	start_and_wait(fd, RUMPUSER_BIO_WRITE, 5, 0, "short write");
	start_and_wait(fd, RUMPUSER_BIO_READ, 8, 2, "short read");
}

/** pieces() - A host that moves little at a time is asked again, an error ends that */
static void pieces(char **args)
{
	static char data[10] = "0123456789", back[10];
	int fd = must_open(args[0]);

	test_boot(true);
	step_limit = 4;
	start(fd, RUMPUSER_BIO_WRITE, data, 10, 0, done_note, "write");
	await(1);
	step_error = EINTR;
	start(fd, RUMPUSER_BIO_READ, back, 10, 0, done_note, "interrupted");
	await(2);
	CHECK(memcmp(data, back, 10) == 0);
}

/** partial() - An error after some bytes tells both */
static void partial(char **args)
{
	static char data[10] = "0123456789";
	int fd = must_open(args[0]);

	test_boot(true);
	step_limit = 4;
	step_error = ENOSPC;
	start(fd, RUMPUSER_BIO_WRITE, data, 10, 0, done_note, "write");
	await(1);
}

enum { MANY = 5000 };

struct many {
	uint32_t block[BLOCK / 4];
	unsigned int done;
};

/** done_many() - Count a completion of one of many */
static void done_many(void *arg, size_t count, int error)
{
	struct many *m = arg;

	CHECK_ON_CPU();
	CHECK(count == BLOCK && error == 0);
	CHECK(__atomic_add_fetch(&m->done, 1, __ATOMIC_RELAXED) <= 2);
	pthread_mutex_lock(&lock);
	finished++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/** thousands() - Thousands of requests, all in flight before the device does any */
static void thousands(char **args)
{
	struct many *many = calloc(MANY, sizeof(*many));
	int fd = must_open(args[0]);

	test_boot(false);
	gate_set(true);
	for (uint32_t i = 0; i < MANY; i++) {
		for (uint32_t w = 0; w < BLOCK / 4; w++)
			many[i].block[w] = i * 1000 + w;
		start(fd, RUMPUSER_BIO_WRITE, many[i].block, BLOCK, (int64_t)i * BLOCK, done_many,
		      &many[i]);
	}
	CHECK(finished == 0);
	gate_set(false);
	await(MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		CHECK(many[i].done == 1);
		memset(many[i].block, 0, BLOCK);
	}
	for (uint32_t i = 0; i < MANY; i++)
		start(fd, RUMPUSER_BIO_READ, many[i].block, BLOCK, (int64_t)i * BLOCK, done_many,
		      &many[i]);
	await(2 * MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		CHECK(many[i].done == 2);
		for (uint32_t w = 0; w < BLOCK / 4; w++)
			CHECK(many[i].block[w] == i * 1000 + w);
	}
	free(many);
}

static int chain_fd;
static char chain_data[64][BLOCK];

struct chain {
	int id;
	int left;
};

/** done_chain() - Start the next request of a chain from within a completion */
static void done_chain(void *arg, size_t count, int error)
{
	struct chain *c = arg;

	CHECK_ON_CPU();
	CHECK(count == BLOCK && error == 0);
	if (--c->left > 0) {
		rumpuser_bio(chain_fd, RUMPUSER_BIO_WRITE, chain_data[c->id], BLOCK,
			     (int64_t)c->left * BLOCK, done_chain, c);
		return;
	}
	pthread_mutex_lock(&lock);
	finished++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/** chains() - Completions that start more I/O do not stop the pool */
static void chains(char **args)
{
	static struct chain chain[64];

	test_boot(false);
	chain_fd = must_open(args[0]);
	for (int i = 0; i < 64; i++) {
		chain[i] = (struct chain){i, 100};
		start(chain_fd, RUMPUSER_BIO_WRITE, chain_data[i], BLOCK, 0, done_chain, &chain[i]);
	}
	await(64);
}

/** submitter() - Start a share of the requests of submitters() */
static void *submitter(void *arg)
{
	struct many *m = arg;

	for (int i = 0; i < 250; i++) {
		cpu_take();
		start(chain_fd, RUMPUSER_BIO_WRITE, m[i].block, BLOCK, 0, done_many, &m[i]);
		cpu_leave();
	}
	return NULL;
}

/** submitters() - Several threads start requests at once, and none is lost or doubled */
static void submitters(char **args)
{
	struct many *many = calloc(2000, sizeof(*many));
	pthread_t threads[8];

	test_boot(false);
	chain_fd = must_open(args[0]);
	for (int t = 0; t < 8; t++)
		CHECK(pthread_create(&threads[t], NULL, submitter, &many[250 * t]) == 0);
	await(2000);
	for (int t = 0; t < 8; t++)
		pthread_join(threads[t], NULL);
	for (int i = 0; i < 2000; i++)
		CHECK(many[i].done == 1);
	free(many);
}

/** without() - A host without memory or threads: the caller does it, off the CPU */
static void without(char **args)
{
	static char data[4];
	int fd = must_open(args[0]);

	test_boot(true);
	no_memory = strcmp(args[1], "memory") == 0;
	no_threads = strcmp(args[1], "threads") == 0;
	start(fd, RUMPUSER_BIO_WRITE, data, 4, 0, done_note, "write");
	note("returned");
	CHECK(finished == 1);
}

/** forked() - A forked child has a pool of its own and leaves its parent's requests alone */
static void forked(char **args)
{
	static char data[4] = "abcd";
	int fd = must_open(args[0]), status;
	pid_t child;

	test_boot(false);
	gate_set(true);
	for (int i = 0; i < 20; i++)
		start(fd, RUMPUSER_BIO_WRITE, data, 4, 4 * i, done_note, "parent");
	pthread_mutex_lock(&lock);
	/* With every thread at the gate none is inside a sanitizer's allocator. */
	while (waiting < POOL)
		pthread_cond_wait(&changed, &lock);
	child = fork();
	if (child == 0) {
		/* The gate's lock and memory are this process's own now. */
		gate_shut = false;
		pthread_cond_init(&changed, NULL);
		pthread_mutex_unlock(&lock);
		start(fd, RUMPUSER_BIO_READ, data, 4, 400, done_note, "child");
		start(fd, RUMPUSER_BIO_WRITE, data, 4, 400, done_note, "child");
		await(2);
		_exit(finished == 2 ? 0 : 1);
	}
	pthread_mutex_unlock(&lock);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(finished == 0);
	CHECK(lseek(fd, 0, SEEK_END) == 404);
	gate_set(false);
	await(20);
}

static const struct test tests[] = {
	{"one", one},
	{"bad", bad},
	{"pieces", pieces},
	{"partial", partial},
	{"thousands", thousands},
	{"chains", chains},
	{"submitters", submitters},
	{"without", without},
	{"forked", forked},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
