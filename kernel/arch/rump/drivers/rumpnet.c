// SPDX-License-Identifier: GPL-2.0-only
/*
 * rumpnet.c - networks of the host as Ethernet devices
 *
 * Theory of operation
 *
 * The process that booted has what leads to the host's network (a tap, a socket of passt, a file
 * that several kernels share), and two host threads for each: one waits for frames, one sends
 * those that a process of the kernel has queued. They and the device meet in a struct port,
 * which like all memory of the kernel is the same in all processes:
 *
 *   - tx: a ring of frames to send. Head is the device's, under its transmit lock; sent the
 *     sender's; clean NAPI's, which frees what was sent.
 *   - pages: a ring of empty pages, and frames: a ring of lengths. The receiver takes as many pages
 *     as a frame needs, so a frame lies in the pages where the one before it ends, and NAPI, which
 *     consumes in the same order, puts a new page, or the same, where it took one. Thus
 *     there are always RX_PAGES pages in the ring, and no allocation that fails stops it.
 *
 * Each counter runs up for ever, has one writer, and is written after what it covers.
 *
 * Invariant: a thread that sleeps is woken. It sets its word (an exchange, so a full barrier), and then looks
 * at the ring once more; who adds to the ring has a full barrier before it looks at the word.
 *
 * A thread that has something for the device raises RUMP_IRQ_NET and runs it itself if the virtual
 * CPU is free: so a frame that comes is taken through the stack, and answered, in the thread that
 * received it, and the process that waits for it is all that is woken.
 *
 * Backends that can send from any process at once (RUMP_NET_DIRECT) are asked to do so while
 * nothing is queued. Only when they cannot does the frame go by the ring.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

#define TX_FRAMES	256
#define TX_WAKE		(TX_FRAMES / 2)
#define TX_RAISE	16		/* frames sent after which their memory is wanted back */
#define RX_PAGES	512
#define RX_BATCH	64		/* frames after which NAPI is to run */
#define FRAME_PAGES	17		/* header, 65,520 bytes and what Ethernet adds */
#define HEADER		sizeof(struct virtio_net_hdr)
#define PULL		128		/* bytes that protocols look at */
#define COPY		512		/* a frame of up to so many bytes leaves its page in the ring */
#define MTU_MAX		65520

struct tx_frame {
	struct sk_buff *skb;
	unsigned int n;
	struct virtio_net_hdr header;
	struct rump_iovec iov[MAX_SKB_FRAGS + 2];
};

/*
 * struct port - a device and its two threads
 *
 * What the device writes, what the sender writes and what the receiver writes is apart.
 */
struct port {
	struct net_device *dev;
	struct rump_net_info info;
	struct napi_struct napi;
	struct work_struct link_work;
	struct rump_net_filter filter;
	struct rump_hthread *sender, *receiver;
	bool raised;			/* NAPI is wanted; cleared by the interrupt */
	u64 rx_errors;

	u32 tx_head ____cacheline_aligned;
	u32 tx_clean;
	u32 rx_posted;			/* pages that were ever put into the ring */
	u32 rx_tail;			/* frames that were taken out */

	u32 tx_sent ____cacheline_aligned;
	u64 tx_errors;

	u32 rx_head ____cacheline_aligned;
	u32 rx_used;			/* pages that frames have used */
	bool down;			/* the backend is no more */

	struct tx_frame *tx;
	u32 frames[RX_PAGES];
	void *pages[RX_PAGES];
};

static struct port *ports[RUMP_NET_PORTS];

/*
 * On host stacks, and no virtual CPU held.
 */

/* Run NAPI, here if the virtual CPU is free. */
static void raise(struct port *port, struct rump_hthread *ht)
{
	WRITE_ONCE(port->raised, true);
	rump_raise(ht->vcpu, RUMP_IRQ_NET);
	rump_host_call(ht, rump_run_pending_once, NULL);
}

static void set_parked(struct rump_hthread *ht)
{
	u32 word = 1;

	asm volatile("xchgl %0, %1" : "+r"(word), "+m"(ht->word) :: "memory");
}

static void send_frames(struct port *port, struct rump_hthread *ht)
{
	u32 raised = port->tx_sent;

	for (;;) {
		struct tx_frame *f;

		if (port->tx_sent == READ_ONCE(port->tx_head)) {
			if (port->tx_sent != raised) {
				raised = port->tx_sent;
				raise(port, ht);
				continue;
			}
			set_parked(ht);
			if (port->tx_sent == READ_ONCE(port->tx_head))
				hyp->park(&ht->word, 1, ~0ULL);
			WRITE_ONCE(ht->word, 0);
			continue;
		}
		f = &port->tx[port->tx_sent % TX_FRAMES];
		if (hyp->net_send(port->info.port, f->iov, f->n) < 0)
			WRITE_ONCE(port->tx_errors, port->tx_errors + 1);
		smp_store_release(&port->tx_sent, port->tx_sent + 1);
		if (port->tx_sent - raised >= TX_RAISE) {
			raised = port->tx_sent;
			raise(port, ht);
		}
	}
}

static u32 free_pages_in(const struct port *port)
{
	return READ_ONCE(port->rx_posted) - port->rx_used;
}

static void receive_one(struct port *port, long bytes)
{
	port->frames[port->rx_head % RX_PAGES] = bytes;
	port->rx_used += DIV_ROUND_UP(bytes, PAGE_SIZE);
	smp_store_release(&port->rx_head, port->rx_head + 1);
}

static void wait_for_pages(struct port *port, struct rump_hthread *ht)
{
	raise(port, ht);
	set_parked(ht);
	if (free_pages_in(port) < FRAME_PAGES)
		hyp->park(&ht->word, 1, ~0ULL);
	WRITE_ONCE(ht->word, 0);
}

static void receive_frames(struct port *port, struct rump_hthread *ht)
{
	struct rump_iovec iov[FRAME_PAGES];
	u32 raised = port->rx_head;
	unsigned int i;
	long bytes;

	for (;;) {
		while (free_pages_in(port) < FRAME_PAGES)
			wait_for_pages(port, ht);
		for (i = 0; i < FRAME_PAGES; i++) {
			iov[i].base = port->pages[(port->rx_used + i) % RX_PAGES];
			iov[i].len = PAGE_SIZE;
		}
		bytes = hyp->net_receive(port->info.port, iov, FRAME_PAGES,
					 raised == port->rx_head ? 0 : RUMP_NET_NOWAIT,
					 &port->filter);
		if (bytes > (long)HEADER)
			receive_one(port, bytes);
		if (bytes == -ENOLINK) {
			WRITE_ONCE(port->down, true);
			raise(port, ht);
			return;
		}
		if (raised != port->rx_head &&
		    (bytes == -EAGAIN || port->rx_head - raised >= RX_BATCH)) {
			raised = port->rx_head;
			raise(port, ht);
		}
	}
}

/**
 * rump_net_run() - Send or receive for a port, as long as the process lives
 * @number:	of the port
 * @send:	send, or receive
 * @tid:	host thread id of the caller
 */
void rump_net_run(unsigned int number, int send, int tid)
{
	struct rump_hthread *ht = rump_hthread_get(RUMP_HT_SERVER, &rump_first_process, tid);
	struct port *port = ports[number];

	if (!ht)
		return;
	if (send) {
		smp_store_release(&port->sender, ht);
		send_frames(port, ht);
	} else {
		smp_store_release(&port->receiver, ht);
		receive_frames(port, ht);
	}
}

/*
 * On kernel stacks.
 */

/* The other side of set_parked(). */
static void wake(struct rump_hthread *ht)
{
	smp_mb();
	if (ht && READ_ONCE(ht->word))
		rump_hthread_wake(ht);
}

/**
 * rump_net_irq() - Threads have sent or received
 *
 * Context: hard interrupt
 */
void rump_net_irq(void)
{
	unsigned int i;

	for (i = 0; i < RUMP_NET_PORTS && ports[i]; i++) {
		if (!READ_ONCE(ports[i]->raised))
			continue;
		WRITE_ONCE(ports[i]->raised, false);
		napi_schedule(&ports[i]->napi);
	}
}

static void clean(struct port *port, int budget)
{
	u32 sent = smp_load_acquire(&port->tx_sent), at = port->tx_clean;
	unsigned int frames = 0, bytes = 0;

	for (; at != sent; at++) {
		struct sk_buff *skb = port->tx[at % TX_FRAMES].skb;

		frames++;
		bytes += skb->len;
		napi_consume_skb(skb, budget);
	}
	if (!frames)
		return;
	smp_store_release(&port->tx_clean, at);
	netdev_completed_queue(port->dev, frames, bytes);
	smp_mb();
	if (netif_queue_stopped(port->dev) && READ_ONCE(port->tx_head) - at < TX_WAKE)
		netif_wake_queue(port->dev);
}

/*
 * The pages that a frame of @bytes lies in become free again: the same where @skb is NULL; else it gets them,
 * from @skip bytes on, and others take their places. False if there are not enough.
 */
static bool take_pages(struct port *port, struct sk_buff *skb, unsigned int bytes,
		       unsigned int skip)
{
	unsigned int n = DIV_ROUND_UP(bytes, PAGE_SIZE), i, part;
	bool complete = true;

	for (i = 0; i < n; i++) {
		void **slot = &port->pages[port->rx_posted % RX_PAGES];
		void *page = NULL;

		part = min_t(unsigned int, bytes - i * PAGE_SIZE, PAGE_SIZE) - skip;
		if (skb && complete)
			page = (void *)__get_free_page(GFP_ATOMIC | __GFP_NOWARN);
		if (page) {
			skb_add_rx_frag(skb, i, virt_to_page(*slot), skip, part, PAGE_SIZE);
			*slot = page;
		}
		complete &= !skb || page;
		skip = 0;
		smp_store_release(&port->rx_posted, port->rx_posted + 1);
	}
	return complete;
}

static struct sk_buff *build(struct port *port, unsigned int bytes)
{
	void *first = port->pages[port->rx_posted % RX_PAGES];
	unsigned int linear = bytes - HEADER <= COPY ? bytes - HEADER : PULL;
	struct sk_buff *skb = NULL;
	struct virtio_net_hdr header;
	bool complete;

	memcpy(&header, first, HEADER);
	if (bytes >= HEADER + ETH_HLEN && netif_running(port->dev))
		skb = napi_alloc_skb(&port->napi, COPY);
	if (skb)
		skb_put_data(skb, first + HEADER, linear);
	complete = take_pages(port, bytes - HEADER > linear ? skb : NULL, bytes, HEADER + linear);
	if (!skb)
		return NULL;
	if (!complete)
		goto free;
	if (port->info.features & RUMP_NET_OFFLOAD) {
		if (header.flags & VIRTIO_NET_HDR_F_DATA_VALID)
			skb->ip_summed = CHECKSUM_UNNECESSARY;
		if (virtio_net_hdr_to_skb(skb, &header, true))
			goto free;
	}
	skb->protocol = eth_type_trans(skb, port->dev);
	return skb;
free:
	dev_kfree_skb_any(skb);
	port->rx_errors++;
	return NULL;
}

static int poll(struct napi_struct *napi, int budget)
{
	struct port *port = container_of(napi, struct port, napi);
	int done = 0;

	clean(port, budget);
	for (; done < budget && port->rx_tail != smp_load_acquire(&port->rx_head); done++) {
		struct sk_buff *skb = build(port, port->frames[port->rx_tail % RX_PAGES]);

		port->rx_tail++;
		if (!skb)
			continue;
		dev_sw_netstats_rx_add(port->dev, skb->len + ETH_HLEN);
		napi_gro_receive(napi, skb);
	}
	if (done)
		wake(port->receiver);
	if (READ_ONCE(port->down))
		schedule_work(&port->link_work);
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

static void link_lost(struct work_struct *work)
{
	struct port *port = container_of(work, struct port, link_work);

	rtnl_lock();
	netif_carrier_off(port->dev);
	rtnl_unlock();
}

static unsigned int fill(struct port *port, struct tx_frame *f, struct sk_buff *skb)
{
	unsigned int i, n = 0;

	if (virtio_net_hdr_from_skb(skb, &f->header, true, false, 0))
		return 0;
	f->iov[n].base = &f->header;
	f->iov[n++].len = HEADER;
	f->iov[n].base = skb->data;
	f->iov[n++].len = skb_headlen(skb);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		f->iov[n].base = skb_frag_address(frag);
		f->iov[n++].len = skb_frag_size(frag);
	}
	return n;
}

/* Nothing is queued, and the backend can do it here and now. */
static bool send_directly(struct port *port, struct tx_frame *f)
{
	long ret;

	if (!(port->info.features & RUMP_NET_DIRECT) ||
	    port->tx_head != smp_load_acquire(&port->tx_sent))
		return false;
	ret = hyp->net_send(port->info.port, f->iov, f->n);
	if (ret == -ENOLINK) {
		WRITE_ONCE(port->down, true);
		schedule_work(&port->link_work);
	}
	return ret >= 0;
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct port *port = *(struct port **)netdev_priv(dev);
	struct tx_frame *f = &port->tx[port->tx_head % TX_FRAMES];

	f->n = fill(port, f, skb);
	if (!f->n || READ_ONCE(port->down)) {
		dev->stats.tx_dropped++;
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_tx_timestamp(skb);
	if (send_directly(port, f)) {
		dev_consume_skb_any(skb);
		return NETDEV_TX_OK;
	}
	f->skb = skb;
	netdev_sent_queue(dev, skb->len);
	smp_store_release(&port->tx_head, port->tx_head + 1);
	if (port->tx_head - READ_ONCE(port->tx_clean) == TX_FRAMES) {
		netif_stop_queue(dev);
		smp_mb();
		if (port->tx_head - READ_ONCE(port->tx_clean) < TX_WAKE)
			netif_start_queue(dev);
	}
	wake(port->sender);
	return NETDEV_TX_OK;
}

static void set_filter(struct net_device *dev)
{
	struct port *port = *(struct port **)netdev_priv(dev);

	WRITE_ONCE(port->filter.all, !!(dev->flags & IFF_PROMISC));
	WRITE_ONCE(port->filter.mac, ether_addr_to_u64(dev->dev_addr));
}

static int set_mac(struct net_device *dev, void *address)
{
	int err = eth_mac_addr(dev, address);

	if (!err)
		set_filter(dev);
	return err;
}

static void get_stats(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct port *port = *(struct port **)netdev_priv(dev);

	dev_fetch_sw_netstats(stats, dev->tstats);
	stats->tx_dropped = dev->stats.tx_dropped;
	stats->tx_errors = READ_ONCE(port->tx_errors);
	stats->rx_errors = port->rx_errors;
}

static const struct net_device_ops net_ops = {
	.ndo_start_xmit		= xmit,
	.ndo_set_rx_mode	= set_filter,
	.ndo_set_mac_address	= set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_get_stats64	= get_stats,
};

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "rumpnet");
}

static const struct ethtool_ops ethtool_ops = {
	.get_drvinfo	= get_drvinfo,
	.get_link	= ethtool_op_get_link,
	.get_ts_info	= ethtool_op_get_ts_info,
};

static void setup_device(struct net_device *dev, const struct rump_net_info *info)
{
	dev->netdev_ops = &net_ops;
	dev->ethtool_ops = &ethtool_ops;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = MTU_MAX;
	dev->mtu = info->mtu;
	eth_hw_addr_set(dev, info->mac);
	dev->hw_features = NETIF_F_SG;
	if (info->features & RUMP_NET_OFFLOAD)
		dev->hw_features |= NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN | NETIF_F_TSO6;
	dev->features = dev->hw_features;
	dev->vlan_features = dev->features;
}

static struct port *alloc_port(const struct rump_net_info *info)
{
	struct port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	unsigned int i;

	if (!port)
		return NULL;
	port->info = *info;
	port->tx = kcalloc(TX_FRAMES, sizeof(*port->tx), GFP_KERNEL);
	if (!port->tx)
		goto free;
	for (i = 0; i < RX_PAGES; i++) {
		port->pages[i] = (void *)__get_free_page(GFP_KERNEL);
		if (!port->pages[i])
			goto free_pages;
	}
	port->rx_posted = RX_PAGES;
	INIT_WORK(&port->link_work, link_lost);
	return port;
free_pages:
	while (i--)
		free_page((unsigned long)port->pages[i]);
	kfree(port->tx);
free:
	kfree(port);
	return NULL;
}

/**
 * rump_net_add() - Make a network of the host an Ethernet device
 * @uinfo:	about it; gets the device's name
 *
 * The caller starts the two threads of the port.
 *
 * Return: 0 or -errno
 */
long rump_net_add(struct rump_net_info *uinfo)
{
	struct rump_net_info info;
	struct net_device *dev;
	struct port *port;
	int err;

	if (copy_from_user(&info, (void __user *)uinfo, sizeof(info)))
		return -EFAULT;
	if (info.port >= RUMP_NET_PORTS || ports[info.port])
		return -EINVAL;
	port = alloc_port(&info);
	dev = alloc_etherdev(sizeof(port));
	if (!port || !dev)
		return -ENOMEM;
	*(struct port **)netdev_priv(dev) = port;
	port->dev = dev;
	setup_device(dev, &info);
	set_filter(dev);
	netif_napi_add(dev, &port->napi, poll);
	err = register_netdev(dev);
	if (err)
		return err;
	napi_enable(&port->napi);
	netif_carrier_on(dev);
	ports[info.port] = port;
	strscpy(info.name, dev->name);
	return copy_to_user((void __user *)uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}
