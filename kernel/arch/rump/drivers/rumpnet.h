/* SPDX-License-Identifier: GPL-2.0-only */
/* rumpnet.h - what rumpnet.c and rumpnet_dev.c know of each other */
#ifndef _RUMPNET_H
#define _RUMPNET_H

#include <linux/netdevice.h>
#include <linux/virtio_net.h>
#include <linux/workqueue.h>
#include <asm/rump.h>

#define TX_FRAMES	256
#define RX_PAGES	512
#define HEADER		sizeof(struct virtio_net_hdr)

struct rump_hthread;
struct port;

struct tx_frame {
	struct sk_buff *skb;
	unsigned int n;
	struct virtio_net_hdr header;
	struct rump_iovec iov[MAX_SKB_FRAGS + 2];
};

/*
 * struct queue - one of a device's queues, and its two threads
 *
 * What the device writes to send, what NAPI writes, what the sender writes and what the receiver
 * writes is apart.
 */
struct queue {
	struct port *port;
	unsigned int number;
	unsigned int cpu;		/* whose interrupts are its */
	struct napi_struct napi;
	struct rump_hthread *sender, *receiver;
	bool raised;			/* NAPI is wanted; cleared by the interrupt */

	u32 tx_head ____cacheline_aligned;
	u64 tx_packets, tx_bytes, tx_dropped;

	u32 tx_clean ____cacheline_aligned;
	u32 rx_posted;			/* pages that were ever put into the ring */
	u32 rx_tail;			/* frames that were taken out */
	u64 rx_packets, rx_bytes, rx_errors;

	u32 tx_sent ____cacheline_aligned;
	u64 tx_errors;

	u32 rx_head ____cacheline_aligned;
	u32 rx_used;			/* pages that frames have used */

	struct tx_frame *tx;
	u32 frames[RX_PAGES];
	void *pages[RX_PAGES];
};

/*
 * struct port - a device and its queues
 */
struct port {
	struct net_device *dev;
	struct rump_net_info info;
	struct rump_net_filter filter;
	struct work_struct link_work;
	bool down;			/* the backend is no more, as any queue can find */
	struct queue *queues[RUMP_NET_QUEUES];
};

static inline struct port *port_of(const struct net_device *dev)
{
	return *(struct port **)netdev_priv(dev);
}

/* rumpnet.c */
extern struct port *rumpnet_ports[RUMP_NET_PORTS];
int rumpnet_poll(struct napi_struct *napi, int budget);
netdev_tx_t rumpnet_xmit(struct sk_buff *skb, struct net_device *dev);
void rumpnet_link_lost(struct work_struct *work);

#endif
