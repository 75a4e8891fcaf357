// SPDX-License-Identifier: BSD-2-Clause
/* execute.c - execve(2) of programs of either kernel
 *
 * Theory of operation
 *
 * The process stays what it is in the rump kernel. The new program is told who it is there by
 * RUMP_SERVER (client.c) and joins again at its first call; descriptors that are to be closed are
 * closed then. Other threads, which the host is about to end, wait outside of the kernel meanwhile.
 *
 * The host can execute its own files only. So an ELF file of the rump kernel's is copied into a memory
 * file first (copies.c). Of a script the first line is read here, and its interpreter is executed, on whichever side that is.
 *
 * A vfork child comes here on its parent's stack, which is why small arrays are on it, and nothing else
 * stays in that memory.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/stat.h>

#include "execute.h"
#include "lifeline.h"
#include "outsider.h"
#include "route.h"
#include "server.h"
#include "special.h"
#include "state.h"
#include "str.h"

#define X_OK		1
#define HEAD_SIZE	256 /* BINPRM_BUF_SIZE */
#define MAX_SCRIPTS	5   /* that are each other's interpreters, as in Linux */
#define STACK_ARGUMENTS 500
#define MAX_ARGUMENTS	1000000

/**
 * struct program - What is to be executed
 * @dir, @path, @flags: as given to execveat(2)
 * @argv, @envp: as given
 * @scripts:	how many scripts have led here
 * @call:	the call that the program made
 * @moved:	this is not what the call says, so that has to be changed
 * @copy:	descriptor of its copy, if it is a rump file, or -1
 */
struct program {
	long dir;
	const char *path;
	unsigned long flags;
	char *const *argv;
	char *const *envp;
	unsigned int scripts;
	struct hijack_call *call;
	bool moved;
	long copy;
};

static long execute(const struct program *program);

/**
 * struct before - What is to be undone if a program could not be executed
 * @held:	the other threads wait
 * @disarmed:	the lifeline is
 */
struct before {
	bool held, disarmed;
};

/**
 * before_exec() - This process is about to execute a program that is there
 */
static struct before before_exec(void)
{
	struct before before = {false, false};
	long how = RUMP_EXEC_ALONE;

	/* What RUMP_MOUNT names is where this program has started, not the next. */
	if (!kernel_up && (places_now()->n || places_families)) {
		kernel_settle();
		kernel_settled();
	}
	if (!kernel_up)
		return before;
	client_executes(*paths_cwd(), places_now()->all);
	while (kernel_call(RUMP_CALL_EXEC, how, 0, 0, 0, 0, 0) == 1) {
		rump__still(before.held);
		before.held = true;
		how = RUMP_EXEC_HELD;
	}
	fds_before_exec();
	before.disarmed = lifeline_disarm();
	return before;
}

/**
 * after_exec() - It has failed
 */
static void after_exec(struct before before)
{
	if (before.disarmed)
		lifeline_rearm();
	if (kernel_up)
		kernel_call(RUMP_CALL_EXEC, RUMP_EXEC_FAILED, 0, 0, 0, 0, 0);
	if (before.held)
		rump__still_over();
}

/**
 * name_program() - What a program is called, for others than the one that executes it
 * @room:	PATH_ROOM bytes
 */
static const char *name_program(const struct program *program, char *room)
{
	if (program->path[0] == '/' || (int)program->dir == AT_FDCWD)
		return program->path;
	str_printf(room, PATH_ROOM, "/dev/fd/%d%s%s", (int)program->dir,
		   program->path[0] ? "/" : "", program->path);
	return room;
}

/**
 * leave() - A program is about to be executed that the shim is not loaded into
 *
 * rump(1) refuses that of its command, and leaves to the shim what only that can find.
 */
static __attribute__((noinline)) void leave(const struct program *program, const char *reason)
{
	char room[PATH_ROOM];
	const char *name = name_program(program, room);

	if (!hijack_config.command) {
		outsider_leaves(name, reason);
		return;
	}
	rump__error("%s cannot be hijacked: %s", name, reason);
	hijack_on_exit();
	for (;;)
		raw1(__NR_exit_group, EXIT_REFUSED);
}

/**
 * look() - Look whether the shim is loaded into a program that is about to be executed
 * @dir, @path:	for the host
 */
static void look(const struct program *program, long dir, const char *path)
{
	const char *reason;

	if (!client_has_kernel || (!places_now()->n && !places_families) || hijack_sealed || guest_is_here())
		return;
	if (dir == program->copy)
		reason = outsider_file(dir, program->path);
	else
		reason = outsider_on_host(dir, path, program->flags);
	if (reason)
		leave(program, reason);
}

/**
 * execute_on_host() - Execute what the host has
 * @dir, @path:	for the host
 */
static long execute_on_host(const struct program *program, long dir, const char *path)
{
	struct hijack_call copy = *program->call;
	unsigned long flags = program->flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	struct before before = {false, false};
	long result;

	if (program->moved || dir != program->dir || path != program->path) {
		copy.nr = __NR_execveat;
		copy.arg[0] = (unsigned long)dir;
		copy.arg[1] = (unsigned long)path;
		copy.arg[2] = (unsigned long)program->argv;
		copy.arg[3] = (unsigned long)program->envp;
		copy.arg[4] = program->flags;
	}
	if (!raw_failed(raw4(__NR_faccessat2, dir, path, X_OK, flags))) {
		look(program, dir, path);
		before = before_exec();
	}
	result = hijack_host(&copy);
	after_exec(before);
	return result;
}

/**
 * execute_made() - Execute a copy of a program
 * @made:	descriptor, consumed
 */
static long execute_made(const struct program *program, long made)
{
	struct program copy = *program;
	long result;

	copy.flags = AT_EMPTY_PATH;
	copy.moved = true;
	copy.copy = made;
	result = execute_on_host(&copy, made, "");
	raw1(__NR_close, made);
	return result;
}

/**
 * execute_copy() - Execute an ELF file of the rump kernel's
 * @fd:		it, consumed
 */
static long execute_copy(const struct program *program, long fd)
{
	long made = execute_copy_file(fd);

	fds_close((unsigned int)fd);
	return raw_failed(made) ? made : execute_made(program, made);
}

/**
 * count_arguments() - Length of an argument list
 *
 * Return: -EFAULT if it cannot be read
 */
static long count_arguments(char *const *argv)
{
	char *argument;

	for (long count = 0; argv && count < MAX_ARGUMENTS; count++) {
		if (!peek(&argument, &argv[count], sizeof(argument)))
			return -EFAULT;
		if (!argument)
			return count;
	}
	return argv ? -E2BIG : 0;
}

/**
 * execute_with() - Execute an interpreter
 * @program:	it, with a script's arguments
 * @argument:	for it, or NULL
 * @script:	for it
 * @count:	of the script's arguments
 * @array:	room for @count and four more
 */
static long execute_with(struct program *program, const char *argument, const char *script,
			 long count, const char **array)
{
	size_t fill = 0;

	array[fill++] = program->path;
	if (argument)
		array[fill++] = argument;
	array[fill++] = script;
	for (long i = 1; i < count; i++)
		array[fill++] = program->argv[i];
	array[fill] = NULL;
	program->argv = (char *const *)array;
	return execute(program);
}

/**
 * execute_on_stack() - execute_with() with the array on the stack
 */
static __attribute__((noinline)) long execute_on_stack(struct program *program,
						       const char *argument, const char *script,
						       long count)
{
	const char *array[(size_t)count + 4];

	return execute_with(program, argument, script, count, array);
}

/**
 * execute_in_memory() - execute_with() with the array in memory of its own
 */
static long execute_in_memory(struct program *program, const char *argument, const char *script,
			      long count)
{
	size_t size = ((size_t)count + 4) * sizeof(char *);
	long array = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (raw_failed(array))
		return array;
	result = execute_with(program, argument, script, count, (const char **)array);
	raw2(__NR_munmap, array, size);
	return result;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/**
 * first_line() - Take the first line of a script apart, in place, as Linux does
 * @head:	the file's beginning, HEAD_SIZE bytes, then a zero
 * @argument:	result; NULL if there is none
 *
 * Return: the interpreter, or NULL
 */
static char *first_line(char *head, char **argument)
{
	char *interpreter = head + 2, *end = interpreter, *at;

	while (*end && *end != '\n')
		end++;
	/* A line without an end, whose interpreter may go on. */
	for (at = interpreter; is_blank(*at); at++)
		;
	while (*at && *at != '\n' && !is_blank(*at))
		at++;
	if (end == head + HEAD_SIZE && at == end)
		return NULL;
	while (end > interpreter && is_blank(end[-1]))
		end--;
	*end = 0;
	while (is_blank(*interpreter))
		interpreter++;
	for (at = interpreter; *at && !is_blank(*at); at++)
		;
	*argument = NULL;
	if (*at) {
		for (*at++ = 0; is_blank(*at); at++)
			;
		*argument = at;
	}
	return *interpreter ? interpreter : NULL;
}

/**
 * execute_script() - Execute the interpreter of a script
 * @head:	the file's beginning
 */
static long execute_script(const struct program *program, char *head)
{
	struct program next = *program;
	char name[PATH_ROOM], *argument;
	const char *script = name_program(program, name);
	long count = count_arguments(program->argv);

	next.path = first_line(head, &argument);
	if (!next.path)
		return -ENOEXEC;
	if (program->scripts == MAX_SCRIPTS)
		return -ELOOP;
	if (count < 0)
		return count;
	next.dir = AT_FDCWD;
	next.flags = 0;
	next.scripts++;
	next.moved = true;
	return (count <= STACK_ARGUMENTS ? execute_on_stack : execute_in_memory)(&next, argument,
										  script, count);
}

/**
 * open_program() - Open a rump file that is to be executed
 * @named:	which
 * @flags:	of execveat(2)
 *
 * Return: descriptor, or a negated errno
 */
static long open_program(const struct named *named, unsigned long flags)
{
	unsigned long nofollow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
	char link[32];
	struct hijack_call open = {
		.nr = __NR_openat,
		.arg = {(unsigned long)named->dir, (unsigned long)named->path,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | nofollow},
	};
	struct stat status;
	long result;

	result = kernel_call(__NR_faccessat2, named->dir, (long)named->path, X_OK,
			     (long)(AT_EACCESS | flags), 0, 0);
	if (raw_failed(result))
		return result;
	result = kernel_call(__NR_newfstatat, named->dir, (long)named->path, (long)&status,
			     (long)flags, 0, 0);
	if (raw_failed(result))
		return result;
	if ((status.st_mode & S_IFMT) == S_IFLNK)
		return -ELOOP;
	if ((status.st_mode & S_IFMT) != S_IFREG)
		return -EACCES;
	if (!*named->path) {
		str_printf(link, sizeof(link), "/proc/self/fd/%d", named->dir);
		open.arg[0] = (unsigned long)AT_FDCWD;
		open.arg[1] = (unsigned long)link;
	}
	return rump_newfd(&open);
}

/**
 * execute_in_rump() - Execute what the rump kernel has
 * @named:	where it is there
 */
static long execute_in_rump(const struct program *program, const struct named *named)
{
	char head[HEAD_SIZE + 1] = {0};
	long fd, result = kernel_need();

	program->call->side = HIJACK_RUMP;
	if (result)
		return result;
	fd = open_program(named, program->flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
	if (raw_failed(fd))
		return fd;
	result = kernel_call(__NR_pread64, fd, (long)head, HEAD_SIZE, 0, 0, 0);
	if (result > 4 && str_starts(head, "\177ELF"))
		return execute_copy(program, fd);
	fds_close((unsigned int)fd);
	if (raw_failed(result))
		return result;
	return str_starts(head, "#!") ? execute_script(program, head) : -ENOEXEC;
}

/**
 * execute_host_file() - Execute what the host has, so that the shim is loaded into it
 * @dir, @path:	for the host
 */
static long execute_host_file(const struct program *program, long dir, const char *path)
{
	long made = execute_copy_marked(dir, path, program->flags);

	return raw_failed(made) ? execute_on_host(program, dir, path) : execute_made(program, made);
}

/**
 * execute_named() - Execute a program on the side that its name is of
 */
static long execute_named(const struct program *program, const struct named *named)
{
	return named->side == HIJACK_HOST ? execute_host_file(program, named->dir, named->path) :
					    execute_in_rump(program, named);
}

/**
 * execute() - Execute a program, wherever it is
 */
static long execute(const struct program *program)
{
	char buffer[PATH_ROOM];
	struct named named;
	bool nofollow = program->flags & AT_SYMLINK_NOFOLLOW;
	long result;

	/*
	 * A child that is no process of the kernel, as that was lost before: the program could not be
	 * told where it is, and would take the host's directory for its own.
	 */
	if ((*paths_cwd() || places_now()->all) && (!kernel_up || !client_process()))
		return -EIO;
	if (!places_now()->n && !kernel_up)
		return execute_host_file(program, program->dir, program->path);
	result = readable_path(program->path);
	if (result)
		return result;
	if (!program->path[0] && !(program->flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (!paths_name(&named, program->dir, program->path, buffer))
		return -ENAMETOOLONG;
	result = execute_named(program, &named);
	if (result == -ENOENT &&
	    paths_again(&named, program->dir, program->path, nofollow, buffer))
		result = execute_named(program, &named);
	return result;
}

/**
 * route_execve() - execve(2)
 */
long route_execve(struct hijack_call *call)
{
	struct program program = {
		.dir = AT_FDCWD,
		.path = (const char *)call->arg[0],
		.argv = (char *const *)call->arg[1],
		.envp = (char *const *)call->arg[2],
		.call = call,
		.copy = -1,
	};

	return execute(&program);
}

/**
 * route_execveat() - execveat(2)
 */
long route_execveat(struct hijack_call *call)
{
	struct program program = {
		.dir = (int)call->arg[0],
		.path = (const char *)call->arg[1],
		.flags = call->arg[4],
		.argv = (char *const *)call->arg[2],
		.envp = (char *const *)call->arg[3],
		.call = call,
		.copy = -1,
	};

	return execute(&program);
}
