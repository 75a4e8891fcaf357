/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_job.c - threads that do what may block
 *
 * Theory of operation
 *
 * A job may block for as long as the system call it performs, and another job may
 * be what it waits for. So no job ever waits for a thread: one that finds none idle
 * gets a new one, and is refused if the host has none. Threads that have nothing to do
 * stay, up to JOB_IDLE_MAX.
 */
#include "sp.h"

#define JOB_IDLE_MAX 8

static struct {
	pthread_mutex_t lock; /* guards all of this */
	pthread_cond_t work;
	struct sp_job *first;
	struct sp_job **last;
	unsigned int queued;
	unsigned int idle;
} sp_jobs = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.last = &sp_jobs.first,
};

/**
 * job_take() - Wait for a job and take it off the queue
 *
 * Return: the job, or NULL if enough other threads are waiting
 */
static struct sp_job *job_take(void)
{
	struct sp_job *job = NULL;

	pthread_mutex_lock(&sp_jobs.lock);
	if (sp_jobs.first || sp_jobs.idle < JOB_IDLE_MAX) {
		sp_jobs.idle++;
		while (!sp_jobs.first)
			pthread_cond_wait(&sp_jobs.work, &sp_jobs.lock);
		sp_jobs.idle--;
		job = sp_jobs.first;
		sp_jobs.first = job->next;
		if (!sp_jobs.first)
			sp_jobs.last = &sp_jobs.first;
		sp_jobs.queued--;
	}
	pthread_mutex_unlock(&sp_jobs.lock);
	return job;
}

/**
 * job_thread() - Do jobs
 * @arg:	unused
 *
 * Return: NULL when there are too many threads
 */
static void *job_thread(void *arg)
{
	struct sp_job *job;

	(void)arg;
	while ((job = job_take()))
		sp_job_run(job);
	return NULL;
}

/**
 * sp_job_submit() - Have a job done
 * @job:	job, consumed unless refused
 *
 * Return: 0, or a host error number if there is no thread for it
 */
int sp_job_submit(struct sp_job *job)
{
	int error = 0;

	job->next = NULL;
	pthread_mutex_lock(&sp_jobs.lock);
	if (sp_jobs.queued >= sp_jobs.idle)
		error = ru_thread_start(job_thread, NULL, "rump-sp-job", NULL);
	if (!error) {
		*sp_jobs.last = job;
		sp_jobs.last = &job->next;
		sp_jobs.queued++;
		pthread_cond_signal(&sp_jobs.work);
	}
	pthread_mutex_unlock(&sp_jobs.lock);
	return error;
}
