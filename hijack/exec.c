// SPDX-License-Identifier: BSD-2-Clause
/* exec.c - keep the shim in what the program executes
 *
 * Programs clear the environment (env -i, sudo, cron, servers) and would drop LD_PRELOAD with it.
 * So what execve passes on gets LD_PRELOAD with this library in it, and each RUMP* variable of the
 * start that is missing. A variable that the program has set to something else stays as it is:
 * RUMPHIJACK= with an empty value is how a program is let out.
 *
 * The new array lies on the stack: a vfork child must not allocate in its parent's memory. For very
 * many variables it is mapped, which such a child's parent then keeps.
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "raw.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define STACK_VARIABLES 500
#define MAX_VARIABLES	1000000
#define NAME_ROOM	64
#define PRELOAD_ROOM	4096
#define SERVER_ROOM	128

/* Pages that are known to be readable. */
struct known {
	uint64_t page;
};

/**
 * readable() - Whether an address may be read
 */
static bool readable(struct known *known, const void *address)
{
	uint64_t page = (uint64_t)address / IMAGE_PAGE;
	char byte;

	if (known->page == page)
		return true;
	if (hijack_sealed || peek(&byte, address, 1)) {
		known->page = page;
		return true;
	}
	return false;
}

/**
 * count_variables() - Length of an environment
 *
 * Return: -EFAULT if part of it cannot be read
 */
static long count_variables(char *const *envp)
{
	struct known array = {UINT64_MAX}, string = {UINT64_MAX};
	long count = 0;

	if (!envp)
		return 0;
	for (; count < MAX_VARIABLES; count++) {
		if (!readable(&array, &envp[count]))
			return -EFAULT;
		if (!envp[count])
			return count;
		/* Its beginning is what will be compared. */
		for (size_t i = 0; i < NAME_ROOM; i++) {
			if (!readable(&string, envp[count] + i))
				return -EFAULT;
			if (!envp[count][i])
				break;
		}
	}
	return -E2BIG;
}

/**
 * same_name() - Whether two variables have the same name
 */
static bool same_name(const char *a, const char *b)
{
	for (size_t i = 0; i < NAME_ROOM && a[i] == b[i]; i++)
		if (a[i] == '=')
			return true;
	return false;
}

/**
 * names_library() - Whether a value of LD_PRELOAD has this library
 * @room:	of the copy
 *
 * Return: as the name says; true as well if the value cannot be read, which is the kernel's to say
 */
static bool names_library(const char *value, char *copy, size_t room)
{
	size_t length = str_length(hijack_config.library);
	long got;

	if (hijack_sealed)
		got = (long)str_length(value);
	else
		got = peek_string(copy, value, room);
	if (got < 0 || got >= (long)room)
		return true;
	if (hijack_sealed)
		str_copy(copy, value);
	for (const char *entry = copy; *entry; entry++)
		if ((entry == copy || entry[-1] == ':' || entry[-1] == ' ') &&
		    str_starts(entry, hijack_config.library) &&
		    (!entry[length] || entry[length] == ':' || entry[length] == ' '))
			return true;
	return false;
}

/**
 * exec() - Execute with an environment
 * @call:	the program's call
 * @index:	which argument is the environment
 */
static long exec(const struct hijack_call *call, int index, char *const *envp)
{
	unsigned long arg[6];

	memcpy(arg, call->arg, sizeof(arg));
	arg[index] = (unsigned long)envp;
	return raw6((long)call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/**
 * add_missing() - Complete an environment
 * @to:		array with room for it
 * @from:	the program's
 * @preload:	room for LD_PRELOAD, and for RUMP_SERVER behind it
 */
static void add_missing(const char **to, char *const *from, long count, char *preload)
{
	static const char name[] = "LD_PRELOAD=";
	const char *server = client_variable(preload + PRELOAD_ROOM, SERVER_ROOM);
	bool have_preload = false;
	long fill = 0;

	for (long i = 0; i < count; i++) {
		const char *variable = from[i];

		if ((server && str_starts(variable, "RUMP_SERVER=")) || str_starts(variable, "RUMP_COMMAND="))
			continue;
		if (str_starts(variable, name)) {
			size_t ours = str_length(hijack_config.preload);
			char *value = preload + ours + 1;

			if (!names_library(variable + sizeof(name) - 1, value,
					   PRELOAD_ROOM - ours - 1)) {
				str_copy(preload, hijack_config.preload);
				preload[ours] = *value ? ':' : 0;
				variable = preload;
			}
			have_preload = true;
		}
		to[fill++] = variable;
	}
	if (!have_preload)
		to[fill++] = hijack_config.preload;
	if (server)
		to[fill++] = server;
	for (size_t i = 0; i < hijack_config.nsaved; i++) {
		bool found = str_starts(hijack_config.saved[i], "RUMP_SERVER=");

		for (long j = 0; j < count && !found; j++)
			found = from[j][0] == 'R' && same_name(from[j], hijack_config.saved[i]);
		if (!found)
			to[fill++] = hijack_config.saved[i];
	}
	to[fill] = NULL;
}

/**
 * exec_on_stack() - exec_completed() with the array on the stack
 */
static __attribute__((noinline)) long exec_on_stack(const struct hijack_call *call, int index,
						    char *const *envp, long count, char *preload)
{
	const char *array[(size_t)count + hijack_config.nsaved + 3];

	add_missing(array, envp, count, preload);
	return exec(call, index, (char *const *)array);
}

/**
 * exec_in_memory() - exec_completed() with the array in memory of its own
 */
static long exec_in_memory(const struct hijack_call *call, int index, char *const *envp, long count,
			   char *preload)
{
	size_t size = ((size_t)count + hijack_config.nsaved + 3) * sizeof(char *);
	long array = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (raw_failed(array))
		return array;
	add_missing((const char **)array, envp, count, preload);
	result = exec(call, index, (char *const *)array);
	raw2(__NR_munmap, array, size);
	return result;
}

/**
 * exec_completed() - Execute with the environment completed
 */
static long exec_completed(const struct hijack_call *call, int index)
{
	char *const *envp = (char *const *)call->arg[index];
	long count = count_variables(envp);
	char preload[PRELOAD_ROOM + SERVER_ROOM];

	if (__builtin_expect(hijack_watched, 0))
		report_print("exec");
	/* What the kernel will refuse anyway, it shall. */
	if (count < 0)
		return exec(call, index, envp);
	if (count <= STACK_VARIABLES)
		return exec_on_stack(call, index, envp, count, preload);
	return exec_in_memory(call, index, envp, count, preload);
}

/**
 * host_execve() - execve(2)
 */
long host_execve(struct hijack_call *call)
{
	return exec_completed(call, 2);
}

/**
 * host_execveat() - execveat(2)
 */
long host_execveat(struct hijack_call *call)
{
	return exec_completed(call, 3);
}
