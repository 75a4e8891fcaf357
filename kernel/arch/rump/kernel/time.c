// SPDX-License-Identifier: GPL-2.0-only
/*
 * time.c - the host's clocks
 *
 * The clocksource is the host's CLOCK_MONOTONIC, read in its vdso. A timer is
 * a deadline in struct rump_vcpu that a guard waits for (guard.c): nothing
 * ticks while nothing is due.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

static DEFINE_PER_CPU(struct clock_event_device, rump_timer);
static u64 clock_base;

static u64 clock_read(struct clocksource *cs)
{
	return hyp->clock_mono();
}

static struct clocksource rump_clocksource = {
	.name	= "host",
	.rating	= 400,
	.read	= clock_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
	.mult	= 1,
	.shift	= 0,
};

unsigned long long sched_clock(void)
{
	return hyp->clock_mono() - clock_base;
}

static int timer_next(unsigned long delta, struct clock_event_device *evt)
{
	WRITE_ONCE(kstack_base()->vcpu->deadline, hyp->clock_mono() + delta);
	return 0;
}

static int timer_stop(struct clock_event_device *evt)
{
	WRITE_ONCE(kstack_base()->vcpu->deadline, ~0ULL);
	return 0;
}

/**
 * rump_timer_irq() - A guard found the deadline reached
 * @v:	this virtual CPU
 */
void rump_timer_irq(struct rump_vcpu *v)
{
	struct clock_event_device *evt = this_cpu_ptr(&rump_timer);

	/* It may have moved since. */
	if (v->deadline > hyp->clock_mono())
		return;
	v->deadline = ~0ULL;
	evt->event_handler(evt);
}

/**
 * rump_timer_start() - Register the timer of the calling CPU
 */
void rump_timer_start(void)
{
	struct clock_event_device *evt = this_cpu_ptr(&rump_timer);

	evt->name = "host";
	evt->features = CLOCK_EVT_FEAT_ONESHOT;
	evt->rating = 400;
	evt->cpumask = cpumask_of(smp_processor_id());
	evt->set_next_event = timer_next;
	evt->set_state_shutdown = timer_stop;
	evt->set_state_oneshot_stopped = timer_stop;
	clockevents_config_and_register(evt, NSEC_PER_SEC, 1, LONG_MAX);
}

void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(hyp->clock_real());
}

/* Time stands still from reading that clock until the clocksource is used. */
static int __init time_exact(void)
{
	struct timespec64 now = ns_to_timespec64(hyp->clock_real());

	return do_settimeofday64(&now);
}
late_initcall(time_exact);

void __init time_init(void)
{
	clock_base = hyp->clock_mono();
	__clocksource_register(&rump_clocksource);
	rump_timer_start();
}

/* Delay loops are in nanoseconds here, so a loop is one. */
void calibrate_delay(void)
{
	loops_per_jiffy = NSEC_PER_SEC / HZ;
}
