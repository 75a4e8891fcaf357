/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_param.c - tests of boot parameters
 */
#include "rumpuser_test.h"

/** get() - Print the parameter args[0], with args[1] bytes of room */
static void get(char **args)
{
	size_t len = strtoul(args[1], NULL, 10);
	char *buf = malloc(len + 1);
	int error;

	test_boot(true);
	memset(buf, '#', len + 1);
	error = rumpuser_getparam(args[0], buf, len);
	CHECK(buf[len] == '#');
	if (error)
		printf("error %s\n", strerrorname_np(error));
	else
		printf("%s\n", buf);
	free(buf);
}

/** pid() - Print the host name parameter with this process's number made readable */
static void pid(char **args)
{
	char buf[512], mine[64];

	(void)args;
	test_boot(true);
	CHECK(rumpuser_getparam(RUMPUSER_PARAM_HOSTNAME, buf, sizeof(buf)) == 0);
	snprintf(mine, sizeof(mine), "rump-%05d.", (int)getpid());
	CHECK(strncmp(buf, mine, strlen(mine)) == 0);
	printf("%s\n", buf + strlen(mine));
}

/** no_modules() - There is no module to be found here */
static void no_modules(const struct modinfo *const *mi, size_t n)
{
	(void)mi;
	note("%zu modules", n);
}

/** no_symbols() - There is no symbol of a kernel to be found here */
static int no_symbols(void *symtab, uint64_t symsize, char *strtab, uint64_t strsize)
{
	(void)symtab;
	(void)strtab;
	note("symbols %lu %lu", symsize, strsize);
	return 0;
}

/** no_component() - There is no component to be found here */
static void no_component(const struct rump_component *rc)
{
	note("component %p", (const void *)rc);
}

/** bootstrap() - Look for the parts of a kernel in a program that has none */
static void bootstrap(char **args)
{
	(void)args;
	test_boot(true);
	rumpuser_dl_bootstrap(no_modules, no_symbols, no_component);
}

static const struct test tests[] = {
	{"get", get},
	{"pid", pid},
	{"bootstrap", bootstrap},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
