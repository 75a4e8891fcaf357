/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * term.c - the end of the process, signals, and the console
 *
 * Theory of operation
 *
 * The console is standard error, for a rump kernel lives in somebody else's
 * process and standard output carries that program's results. Characters are
 * gathered to lines, one write each; a message, or the end of the process, first
 * pushes out what has been gathered, so that order is kept.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define CONSOLE_LINE 256

static pthread_mutex_t console_lock = PTHREAD_MUTEX_INITIALIZER;
static char console_line[CONSOLE_LINE]; /* gathered so far; console_lock */
static size_t console_used;

/**
 * console_flush() - Write out the gathered characters
 *
 * Called with console_lock held.
 */
static void console_flush(void)
{
	size_t done = 0;
	ssize_t n;

	while (done < console_used) {
		n = write(STDERR_FILENO, console_line + done, console_used - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			break;
	}
	console_used = 0;
}

/**
 * console_vprintf() - Write a message to the console
 * @fmt:	as for printf(3)
 * @ap:		its arguments
 */
static void console_vprintf(const char *fmt, va_list ap)
{
	pthread_mutex_lock(&console_lock);
	console_flush();
	vdprintf(STDERR_FILENO, fmt, ap);
	pthread_mutex_unlock(&console_lock);
}

/**
 * console_end() - Write out what is left when the process ends
 */
__attribute__((__destructor__)) static void console_end(void)
{
	pthread_mutex_lock(&console_lock);
	console_flush();
	pthread_mutex_unlock(&console_lock);
}

/**
 * signal_reaches_me() - Find whether the calling thread takes a signal
 * @sig:	signal number
 *
 * Return: true if it does not block it
 */
static bool signal_reaches_me(int sig)
{
	sigset_t blocked;

	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	return sigismember(&blocked, sig) == 0;
}

void ru_panic(const char *fmt, ...)
{
	char text[CONSOLE_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rumpuser_dprintf("rumpuser: %s\n", text);
	rumpuser_exit(RUMPUSER_PANIC);
}

int rumpuser_kill(int64_t pid, int sig)
{
	if (pid != RUMPUSER_PID_SELF) {
		if ((pid_t)pid != pid)
			return ru_errno(ESRCH);
		return ru_result(kill((pid_t)pid, sig));
	}
	/* A kernel thread takes no asynchronous signals; the process does. */
	if (signal_reaches_me(sig))
		return raise(sig) ? ru_errno(errno) : 0;
	return ru_result(kill(getpid(), sig));
}

void rumpuser_exit(int value)
{
	if (value == RUMPUSER_PANIC) {
		console_end();
		abort();
	}
	exit(value);
}

void rumpuser_putchar(int c)
{
	pthread_mutex_lock(&console_lock);
	console_line[console_used++] = (char)c;
	if (c == '\n' || console_used == sizeof(console_line))
		console_flush();
	pthread_mutex_unlock(&console_lock);
}

void rumpuser_dprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_vprintf(fmt, ap);
	va_end(ap);
}
