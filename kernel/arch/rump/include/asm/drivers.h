/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_DRIVERS_H
#define _ASM_RUMP_DRIVERS_H

#include <linux/types.h>

struct rump_vcpu;
struct rump_disk_info;

/* time.c */
void rump_timer_irq(struct rump_vcpu *v);

/* drivers/hostwork.c: calls that may block, made by host threads without a CPU */
struct rump_hostwork {
	struct rump_hostwork *next;	/* first: a llist_node when finished */
	long (*fn)(struct rump_hostwork *work);		/* on a host stack */
	void (*done)(struct rump_hostwork *work);	/* in interrupt context */
	long ret;
	u32 cpu;
};
void rump_hostwork_submit(struct rump_hostwork *work);
void rump_hostwork_irq(void);

/* drivers/blk.c */
long rump_disk_add(const char *path, const struct rump_disk_info *info);
long rump_disk_del(const char *path);

/* drivers/rumpnet.c */
void rump_net_run(unsigned int port, unsigned int queue, int send, int tid);
void rump_net_irq(void);

/* drivers/rumpnet_dev.c */
struct rump_net_info;
long rump_net_add(struct rump_net_info *info);

/* drivers/node.c */
int rump_make_node(const char *path, dev_t dev);
void rump_remove_node(const char *path);

#endif
