// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/export.h>
#include <asm/vcpu.h>

void __ndelay(unsigned long nsecs)
{
	u64 until = hyp->clock_mono() + nsecs;

	while (hyp->clock_mono() < until)
		cpu_relax();
}

void __udelay(unsigned long usecs)
{
	__ndelay(usecs * 1000);
}

void __delay(unsigned long loops)
{
	__ndelay(loops);
}
