// SPDX-License-Identifier: GPL-2.0-only
/*
 * rumpnet.c - networks of the host as Ethernet devices: how frames come and go
 *
 * Theory of operation
 *
 * The process that booted has what leads to the host's network (a tap, a socket of passt, a file
 * that several kernels share), and two host threads for each of its queues: one waits for frames, one
 * sends those that a process of the kernel has queued. They and the device (rumpnet_dev.c) meet in a
 * struct queue, which like all memory of the kernel is the same in all processes:
 *
 *   - tx: a ring of frames to send. Head is the device's, under the transmit lock of that queue; sent
 *     the sender's; clean NAPI's, which frees what was sent.
 *   - pages: a ring of empty pages, and frames: a ring of lengths. The receiver takes as many pages
 *     as a frame needs, so a frame lies in the pages where the one before it ends, and NAPI, which
 *     consumes in the same order, puts a new page, or the same, where it took one. Thus
 *     there are always RX_PAGES pages in the ring, and no allocation that fails stops it.
 *
 * Each counter runs up for ever, has one writer, and is written after what it covers.
 *
 * Most networks have one queue. A tap may have one for each virtual CPU; queues share nothing but the
 * device, so virtual CPUs send and receive at once. A queue's interrupts are those of one virtual CPU.
 * The kernel sends by the queue of the virtual CPU it runs on (XPS), and the host's tap gives a
 * flow's frames to the queue that sent its last one. Whichever queue finds that the network is no
 * more says so for all.
 *
 * Invariant: a thread that sleeps is woken. It sets its word (an exchange, so a full barrier), and then looks
 * at the ring once more; who adds to the ring has a full barrier before it looks at the word.
 *
 * Invariant: what a thread has done is seen. It says so in raised, after the ring's counter; the interrupt
 * takes that back by an exchange before NAPI looks at the counter.
 *
 * A thread that has something for the device raises RUMP_IRQ_NET and runs it itself if the virtual
 * CPU is free: so a frame that comes is taken through the stack, and answered, in the thread that
 * received it, and the process that waits for it is all that is woken.
 *
 * Backends that can send from any process at once (RUMP_NET_DIRECT) are asked to do so while
 * nothing is queued. Only when they cannot does the frame go by the ring.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

#include "rumpnet.h"

#define TX_WAKE		(TX_FRAMES / 2)
#define TX_RAISE	16		/* frames sent after which their memory is wanted back */
#define RX_BATCH	64		/* frames after which NAPI is to run */
#define FRAME_PAGES	17		/* header, 65,520 bytes and what Ethernet adds */
#define PULL		128		/* bytes that protocols look at */
#define COPY		512		/* a frame of up to so many bytes leaves its page in the ring */

struct port *rumpnet_ports[RUMP_NET_PORTS];

/*
 * On host stacks, and no virtual CPU held.
 */

/* Run NAPI, here if the virtual CPU is free. */
static void raise(struct queue *q, struct rump_hthread *ht)
{
	WRITE_ONCE(q->raised, true);
	rump_raise(ht->vcpu, RUMP_IRQ_NET);
	rump_host_call(ht, rump_run_pending_once, NULL);
}

static void set_parked(struct rump_hthread *ht)
{
	u32 word = 1;

	asm volatile("xchgl %0, %1" : "+r"(word), "+m"(ht->word) :: "memory");
}

static void send_frames(struct queue *q, struct rump_hthread *ht)
{
	u32 raised = q->tx_sent;

	for (;;) {
		struct tx_frame *f;

		if (q->tx_sent == READ_ONCE(q->tx_head)) {
			if (q->tx_sent != raised) {
				raised = q->tx_sent;
				raise(q, ht);
				continue;
			}
			set_parked(ht);
			if (q->tx_sent == READ_ONCE(q->tx_head))
				hyp->park(&ht->word, 1, ~0ULL);
			WRITE_ONCE(ht->word, 0);
			continue;
		}
		f = &q->tx[q->tx_sent % TX_FRAMES];
		if (hyp->net_send(q->port->info.port, q->number, f->iov, f->n) < 0)
			WRITE_ONCE(q->tx_errors, q->tx_errors + 1);
		smp_store_release(&q->tx_sent, q->tx_sent + 1);
		if (q->tx_sent - raised >= TX_RAISE) {
			raised = q->tx_sent;
			raise(q, ht);
		}
	}
}

static u32 free_pages_in(const struct queue *q)
{
	return READ_ONCE(q->rx_posted) - q->rx_used;
}

static void receive_one(struct queue *q, long bytes)
{
	q->frames[q->rx_head % RX_PAGES] = bytes;
	q->rx_used += DIV_ROUND_UP(bytes, PAGE_SIZE);
	smp_store_release(&q->rx_head, q->rx_head + 1);
}

static void wait_for_pages(struct queue *q, struct rump_hthread *ht)
{
	raise(q, ht);
	set_parked(ht);
	if (free_pages_in(q) < FRAME_PAGES)
		hyp->park(&ht->word, 1, ~0ULL);
	WRITE_ONCE(ht->word, 0);
}

static void receive_frames(struct queue *q, struct rump_hthread *ht)
{
	struct rump_iovec iov[FRAME_PAGES];
	u32 raised = q->rx_head;
	unsigned int i;
	long bytes;

	for (;;) {
		while (free_pages_in(q) < FRAME_PAGES)
			wait_for_pages(q, ht);
		for (i = 0; i < FRAME_PAGES; i++) {
			iov[i].base = q->pages[(q->rx_used + i) % RX_PAGES];
			iov[i].len = PAGE_SIZE;
		}
		bytes = hyp->net_receive(q->port->info.port, q->number, iov, FRAME_PAGES,
					 raised == q->rx_head ? 0 : RUMP_NET_NOWAIT,
					 &q->port->filter);
		if (bytes > (long)HEADER)
			receive_one(q, bytes);
		if (bytes == -ENOLINK) {
			WRITE_ONCE(q->port->down, true);
			raise(q, ht);
			return;
		}
		if (raised != q->rx_head &&
		    (bytes == -EAGAIN || q->rx_head - raised >= RX_BATCH)) {
			raised = q->rx_head;
			raise(q, ht);
		}
	}
}

/**
 * rump_net_run() - Send or receive for a queue, as long as the process lives
 * @port:	number of the port
 * @queue:	of the queue
 * @send:	send, or receive
 * @tid:	host thread id of the caller
 */
void rump_net_run(unsigned int port, unsigned int queue, int send, int tid)
{
	struct rump_hthread *ht = rump_hthread_get(RUMP_HT_SERVER, &rump_first_process, tid);
	struct queue *q = rumpnet_ports[port]->queues[queue];

	if (!ht)
		return;
	ht->vcpu = &rump_vcpus[q->cpu];
	if (send) {
		smp_store_release(&q->sender, ht);
		send_frames(q, ht);
	} else {
		smp_store_release(&q->receiver, ht);
		receive_frames(q, ht);
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

static void queue_irq(struct queue *q)
{
	if (q->cpu == smp_processor_id() && READ_ONCE(q->raised) && xchg(&q->raised, false))
		napi_schedule(&q->napi);
}

/**
 * rump_net_irq() - Threads have sent or received for queues of this virtual CPU
 *
 * Context: hard interrupt
 */
void rump_net_irq(void)
{
	unsigned int i, j;

	for (i = 0; i < RUMP_NET_PORTS; i++) {
		struct port *port = smp_load_acquire(&rumpnet_ports[i]);

		if (!port)
			break;
		for (j = 0; j < port->info.queues; j++)
			queue_irq(port->queues[j]);
	}
}

static void clean(struct queue *q, int budget)
{
	u32 sent = smp_load_acquire(&q->tx_sent), at = q->tx_clean;
	struct netdev_queue *txq = netdev_get_tx_queue(q->port->dev, q->number);
	unsigned int frames = 0, bytes = 0;

	for (; at != sent; at++) {
		struct sk_buff *skb = q->tx[at % TX_FRAMES].skb;

		frames++;
		bytes += skb->len;
		napi_consume_skb(skb, budget);
	}
	if (!frames)
		return;
	smp_store_release(&q->tx_clean, at);
	netdev_tx_completed_queue(txq, frames, bytes);
	smp_mb();
	if (netif_tx_queue_stopped(txq) && READ_ONCE(q->tx_head) - at < TX_WAKE)
		netif_tx_wake_queue(txq);
}

/*
 * The pages that a frame of @bytes lies in become free again: the same where @skb is NULL; else it gets them,
 * from @skip bytes on, and others take their places. False if there are not enough.
 */
static bool take_pages(struct queue *q, struct sk_buff *skb, unsigned int bytes,
		       unsigned int skip)
{
	unsigned int n = DIV_ROUND_UP(bytes, PAGE_SIZE), i, part;
	bool complete = true;

	for (i = 0; i < n; i++) {
		void **slot = &q->pages[q->rx_posted % RX_PAGES];
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
		smp_store_release(&q->rx_posted, q->rx_posted + 1);
	}
	return complete;
}

static struct sk_buff *build(struct queue *q, unsigned int bytes)
{
	void *first = q->pages[q->rx_posted % RX_PAGES];
	unsigned int linear = bytes - HEADER <= COPY ? bytes - HEADER : PULL;
	struct sk_buff *skb = NULL;
	struct virtio_net_hdr header;
	bool complete;

	memcpy(&header, first, HEADER);
	if (bytes >= HEADER + ETH_HLEN && netif_running(q->port->dev))
		skb = napi_alloc_skb(&q->napi, COPY);
	if (skb)
		skb_put_data(skb, first + HEADER, linear);
	complete = take_pages(q, bytes - HEADER > linear ? skb : NULL, bytes, HEADER + linear);
	if (!skb)
		return NULL;
	if (!complete)
		goto free;
	if (q->port->info.features & RUMP_NET_OFFLOAD) {
		if (header.flags & VIRTIO_NET_HDR_F_DATA_VALID)
			skb->ip_summed = CHECKSUM_UNNECESSARY;
		if (virtio_net_hdr_to_skb(skb, &header, true))
			goto free;
	}
	skb->protocol = eth_type_trans(skb, q->port->dev);
	skb_record_rx_queue(skb, q->number);
	return skb;
free:
	dev_kfree_skb_any(skb);
	WRITE_ONCE(q->rx_errors, q->rx_errors + 1);
	return NULL;
}

/**
 * rumpnet_poll() - NAPI: free what was sent, take what was received
 */
int rumpnet_poll(struct napi_struct *napi, int budget)
{
	struct queue *q = container_of(napi, struct queue, napi);
	int done = 0;

	clean(q, budget);
	for (; done < budget && q->rx_tail != smp_load_acquire(&q->rx_head); done++) {
		struct sk_buff *skb = build(q, q->frames[q->rx_tail % RX_PAGES]);

		q->rx_tail++;
		if (!skb)
			continue;
		WRITE_ONCE(q->rx_packets, q->rx_packets + 1);
		WRITE_ONCE(q->rx_bytes, q->rx_bytes + skb->len + ETH_HLEN);
		napi_gro_receive(napi, skb);
	}
	if (done)
		wake(q->receiver);
	if (READ_ONCE(q->port->down))
		schedule_work(&q->port->link_work);
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

/**
 * rumpnet_link_lost() - The backend is no more: that is a pulled cable
 */
void rumpnet_link_lost(struct work_struct *work)
{
	struct port *port = container_of(work, struct port, link_work);

	rtnl_lock();
	netif_carrier_off(port->dev);
	rtnl_unlock();
}

static unsigned int fill(struct queue *q, struct tx_frame *f, struct sk_buff *skb)
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
static bool send_directly(struct queue *q, struct tx_frame *f)
{
	long ret;

	if (!(q->port->info.features & RUMP_NET_DIRECT) ||
	    q->tx_head != smp_load_acquire(&q->tx_sent))
		return false;
	ret = hyp->net_send(q->port->info.port, q->number, f->iov, f->n);
	if (ret == -ENOLINK) {
		WRITE_ONCE(q->port->down, true);
		schedule_work(&q->port->link_work);
	}
	return ret >= 0;
}

/**
 * rumpnet_xmit() - Send a frame, or queue it
 *
 * Context: the transmit lock of its queue
 */
netdev_tx_t rumpnet_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct queue *q = port_of(dev)->queues[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = netdev_get_tx_queue(dev, q->number);
	struct tx_frame *f = &q->tx[q->tx_head % TX_FRAMES];

	f->n = fill(q, f, skb);
	if (!f->n || READ_ONCE(q->port->down)) {
		WRITE_ONCE(q->tx_dropped, q->tx_dropped + 1);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	WRITE_ONCE(q->tx_packets, q->tx_packets + 1);
	WRITE_ONCE(q->tx_bytes, q->tx_bytes + skb->len);
	skb_tx_timestamp(skb);
	if (send_directly(q, f)) {
		dev_consume_skb_any(skb);
		return NETDEV_TX_OK;
	}
	f->skb = skb;
	netdev_tx_sent_queue(txq, skb->len);
	smp_store_release(&q->tx_head, q->tx_head + 1);
	if (q->tx_head - READ_ONCE(q->tx_clean) == TX_FRAMES) {
		netif_tx_stop_queue(txq);
		smp_mb();
		if (q->tx_head - READ_ONCE(q->tx_clean) < TX_WAKE)
			netif_tx_start_queue(txq);
	}
	wake(q->sender);
	return NETDEV_TX_OK;
}
