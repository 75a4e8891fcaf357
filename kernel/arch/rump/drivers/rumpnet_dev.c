// SPDX-License-Identifier: GPL-2.0-only
/*
 * rumpnet_dev.c - networks of the host as Ethernet devices: the devices
 *
 * What they are called, count and tell, and how one comes to be. rumpnet.c moves the frames.
 *
 * A queue counts for itself, and each counter has one writer, so none needs a lock; the device's
 * are their sums.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/drivers.h>

#include "rumpnet.h"

#define MTU_MAX		65520

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{ "tx%u_packets", offsetof(struct queue, tx_packets) },
	{ "tx%u_bytes", offsetof(struct queue, tx_bytes) },
	{ "tx%u_dropped", offsetof(struct queue, tx_dropped) },
	{ "tx%u_errors", offsetof(struct queue, tx_errors) },
	{ "rx%u_packets", offsetof(struct queue, rx_packets) },
	{ "rx%u_bytes", offsetof(struct queue, rx_bytes) },
	{ "rx%u_errors", offsetof(struct queue, rx_errors) },
};

static void set_filter(struct net_device *dev)
{
	struct port *port = port_of(dev);

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
	struct port *port = port_of(dev);
	unsigned int i;

	for (i = 0; i < port->info.queues; i++) {
		const struct queue *q = port->queues[i];

		stats->tx_packets += READ_ONCE(q->tx_packets);
		stats->tx_bytes += READ_ONCE(q->tx_bytes);
		stats->tx_dropped += READ_ONCE(q->tx_dropped);
		stats->tx_errors += READ_ONCE(q->tx_errors);
		stats->rx_packets += READ_ONCE(q->rx_packets);
		stats->rx_bytes += READ_ONCE(q->rx_bytes);
		stats->rx_errors += READ_ONCE(q->rx_errors);
	}
}

static const struct net_device_ops net_ops = {
	.ndo_start_xmit		= rumpnet_xmit,
	.ndo_set_rx_mode	= set_filter,
	.ndo_set_mac_address	= set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_get_stats64	= get_stats,
};

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "rumpnet");
}

static void get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	channels->max_combined = port_of(dev)->info.queues;
	channels->combined_count = channels->max_combined;
}

static int get_sset_count(struct net_device *dev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return port_of(dev)->info.queues * ARRAY_SIZE(counters);
}

static void get_strings(struct net_device *dev, u32 set, u8 *names)
{
	unsigned int i, j;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < port_of(dev)->info.queues; i++)
		for (j = 0; j < ARRAY_SIZE(counters); j++)
			ethtool_sprintf(&names, counters[j].name, i);
}

static void get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *values)
{
	unsigned int i, j;

	for (i = 0; i < port_of(dev)->info.queues; i++)
		for (j = 0; j < ARRAY_SIZE(counters); j++)
			*values++ = READ_ONCE(*(u64 *)((void *)port_of(dev)->queues[i] +
						       counters[j].offset));
}

static const struct ethtool_ops ethtool_ops = {
	.get_drvinfo		= get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_channels		= get_channels,
	.get_sset_count		= get_sset_count,
	.get_strings		= get_strings,
	.get_ethtool_stats	= get_ethtool_stats,
};

static void setup_device(struct net_device *dev, const struct rump_net_info *info)
{
	dev->netdev_ops = &net_ops;
	dev->ethtool_ops = &ethtool_ops;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
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

/* The virtual CPUs that send by a queue: its own, and those beyond the last queue in turn. */
static int spread(struct port *port)
{
	unsigned int n = port->info.queues, i, cpu;
	cpumask_var_t mask;
	int err = 0;

	if (n == 1)
		return 0;
	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	for (i = 0; i < n && !err; i++) {
		cpumask_clear(mask);
		for_each_possible_cpu(cpu)
			if (cpu % n == i)
				cpumask_set_cpu(cpu, mask);
		err = netif_set_xps_queue(port->dev, mask, i);
	}
	free_cpumask_var(mask);
	return err;
}

static void free_queue(struct queue *q)
{
	unsigned int i;

	if (!q)
		return;
	for (i = 0; i < RX_PAGES; i++)
		free_page((unsigned long)q->pages[i]);
	kfree(q->tx);
	kfree(q);
}

static struct queue *alloc_queue(struct port *port, unsigned int number)
{
	struct queue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	unsigned int i;

	if (!q)
		return NULL;
	q->port = port;
	q->number = number;
	q->cpu = number;
	q->tx = kcalloc(TX_FRAMES, sizeof(*q->tx), GFP_KERNEL);
	if (!q->tx)
		goto free;
	for (i = 0; i < RX_PAGES; i++) {
		q->pages[i] = (void *)__get_free_page(GFP_KERNEL);
		if (!q->pages[i])
			goto free;
	}
	q->rx_posted = RX_PAGES;
	return q;
free:
	free_queue(q);
	return NULL;
}

static void free_port(struct port *port)
{
	unsigned int i;

	for (i = 0; i < port->info.queues; i++)
		free_queue(port->queues[i]);
	kfree(port);
}

static struct port *alloc_port(const struct rump_net_info *info)
{
	struct port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	unsigned int i;

	if (!port)
		return NULL;
	port->info = *info;
	INIT_WORK(&port->link_work, rumpnet_link_lost);
	for (i = 0; i < info->queues; i++) {
		port->queues[i] = alloc_queue(port, i);
		if (!port->queues[i]) {
			free_port(port);
			return NULL;
		}
	}
	return port;
}

static int add_device(struct port *port)
{
	struct net_device *dev = alloc_etherdev_mqs(sizeof(port), port->info.queues,
						    port->info.queues);
	unsigned int i;
	int err;

	if (!dev)
		return -ENOMEM;
	*(struct port **)netdev_priv(dev) = port;
	port->dev = dev;
	setup_device(dev, &port->info);
	set_filter(dev);
	for (i = 0; i < port->info.queues; i++)
		netif_napi_add(dev, &port->queues[i]->napi, rumpnet_poll);
	err = spread(port);
	if (!err)
		err = register_netdev(dev);
	if (err) {
		free_netdev(dev);
		return err;
	}
	for (i = 0; i < port->info.queues; i++)
		napi_enable(&port->queues[i]->napi);
	netif_carrier_on(dev);
	strscpy(port->info.name, dev->name);
	return 0;
}

/**
 * rump_net_add() - Make a network of the host an Ethernet device
 * @uinfo:	about it; gets the device's name
 *
 * The caller starts the two threads of each queue.
 *
 * Return: 0 or -errno
 */
long rump_net_add(struct rump_net_info *uinfo)
{
	struct rump_net_info info;
	struct port *port;
	int err;

	if (copy_from_user(&info, (void __user *)uinfo, sizeof(info)))
		return -EFAULT;
	if (info.port >= RUMP_NET_PORTS || rumpnet_ports[info.port])
		return -EINVAL;
	if (!info.queues || info.queues > num_possible_cpus())
		return -EINVAL;
	port = alloc_port(&info);
	if (!port)
		return -ENOMEM;
	err = add_device(port);
	if (err) {
		free_port(port);
		return err;
	}
	/* Interrupts look at it from now on. */
	smp_store_release(&rumpnet_ports[info.port], port);
	return copy_to_user((void __user *)uinfo, &port->info, sizeof(info)) ? -EFAULT : 0;
}
