// SPDX-License-Identifier: GPL-2.0-only
/* random.c - the host's getrandom(2) as hardware generator */
#include <linux/hw_random.h>
#include <linux/init.h>
#include <asm/vcpu.h>

static int random_read(struct hwrng *rng, void *data, size_t max, bool wait)
{
	size_t n = min_t(size_t, max, 256);

	return hyp->random(data, n) ? 0 : n;
}

static struct hwrng rump_rng = {
	.name		= "host",
	.read		= random_read,
	.quality	= 1024,
};

static int __init random_start(void)
{
	return hwrng_register(&rump_rng);
}
device_initcall(random_start);
