// SPDX-License-Identifier: BSD-2-Clause
/* hijack_everycall.c - a system call from each place that users report as missed
 *
 *	hijack_everycall DIRECTORY LIBRARY
 *
 * Every place makes a call that names DIRECTORY/mark-<place>, a directory or file that the test has
 * made, so that the trace shows whether it was seen. LIBRARY is hijack_everylib.so, to be dlopened.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *directory;

/**
 * mark() - The path of a place's mark
 */
static char *mark(const char *place)
{
	static char path[10][4096];
	static int last;
	char *at = path[last++ % 10];

	snprintf(at, sizeof(path[0]), "%s/mark-%s", directory, place);
	return at;
}

/**
 * asm_access() - access(2) by an instruction of this program
 */
static long asm_access(const char *path)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_access), "D"(path), "S"(F_OK)
			 : "rcx", "r11", "memory");
	return result;
}

/**
 * asm_openat() - openat(2) likewise, with the number moved right before the instruction
 */
static long asm_openat(const char *path)
{
	register long flags __asm__("rdx") = O_RDONLY;
	register long mode __asm__("r10") = 0;
	long result;

	__asm__ volatile("mov $257, %%eax\n\tsyscall"
			 : "=&a"(result)
			 : "D"(AT_FDCWD), "S"(path), "r"(flags), "r"(mode)
			 : "rcx", "r11", "memory");
	return result;
}

/**
 * before_constructors() - The program's .preinit_array
 */
static void before_constructors(int argc, char **argv)
{
	if (argc > 1) {
		directory = argv[1];
		asm_access(mark("preinit"));
	}
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const preinit)(int, char **) = before_constructors;

/**
 * constructor() - The program's constructor
 */
__attribute__((constructor)) static void constructor(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		access(mark("constructor"), F_OK);
}

/**
 * destructor() - The program's destructor
 */
__attribute__((destructor)) static void destructor(void)
{
	access(mark("destructor"), F_OK);
}

/**
 * handler() - A signal handler
 */
static void handler(int signal)
{
	(void)signal;
	access(mark("handler"), F_OK);
}

/**
 * thread() - A thread
 */
static void *thread(void *argument)
{
	access(mark("thread"), F_OK);
	return argument;
}

/**
 * visit() - nftw()'s callback
 */
static int visit(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)path;
	(void)status;
	(void)kind;
	(void)where;
	return 0;
}

/**
 * run() - Run "cat mark-<place>" by posix_spawnp()
 */
static void run(const char *place)
{
	char *argv[] = {"cat", mark(place), NULL};
	pid_t child;

	if (posix_spawnp(&child, "cat", NULL, NULL, argv, environ))
		errx(1, "posix_spawnp");
	waitpid(child, NULL, 0);
}

/**
 * children() - The places that make a process
 */
static void children(void)
{
	char command[5000];
	FILE *pipe;

	snprintf(command, sizeof(command), "cat %s", mark("system"));
	if (system(command))
		errx(1, "system");
	snprintf(command, sizeof(command), "cat %s", mark("popen"));
	pipe = popen(command, "r");
	while (fgetc(pipe) != EOF)
		;
	pclose(pipe);
	run("posix_spawnp");
	if (fork() == 0) {
		access(mark("fork"), F_OK);
		execlp("cat", "cat", mark("execvp"), NULL);
		_exit(127);
	}
	wait(NULL);
	if (vfork() == 0) {
		syscall(SYS_access, mark("vfork"), F_OK);
		_exit(0);
	}
	wait(NULL);
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
		access(mark("clone"), F_OK);
		_exit(0);
	}
	wait(NULL);
}

/**
 * libc() - The places inside libc that no symbol leads to
 */
static void libc(void)
{
	char template[4096], resolved[4096];
	struct addrinfo *address;
	glob_t found;
	FILE *file;
	DIR *dir;

	file = fopen(mark("fopen"), "w");
	fputs("stdio writes this\n", file);
	fclose(file);
	dir = opendir(mark("opendir"));
	while (readdir(dir))
		;
	closedir(dir);
	glob(strcat(mark("glob"), "/*"), 0, NULL, &found);
	globfree(&found);
	nftw(mark("nftw"), visit, 5, FTW_PHYS);
	strcpy(template, mark("mkstemp-XXXXXX"));
	close(mkstemp(template));
	if (!realpath(mark("realpath"), resolved))
		err(1, "realpath");
	if (getaddrinfo("localhost", "80", NULL, &address) == 0)
		freeaddrinfo(address);
	remove(mark("remove"));
}

int main(int argc, char **argv)
{
	pthread_t id;
	void (*opened)(const char *);
	void *library;

	if (argc != 3)
		errx(2, "usage: hijack_everycall DIRECTORY LIBRARY");
	libc();
	syscall(SYS_access, mark("syscall"), F_OK);
	asm_access(mark("asm"));
	asm_openat(mark("asm-immediate"));
	library = dlopen(argv[2], RTLD_NOW);
	if (!library)
		errx(1, "%s", dlerror());
	opened = (void (*)(const char *))dlsym(library, "everylib_access");
	opened(mark("dlopen"));
	dlclose(library);
	pthread_create(&id, NULL, thread, NULL);
	pthread_join(id, NULL);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	children();
	return 0;
}
