/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.c - RUMP_NET: from its words to devices with addresses
 *
 * Done by the process that boots, before the program uses the kernel. The network is opened,
 * becomes an Ethernet device, and two host threads move the frames of each of its queues
 * (kernel/arch/rump/drivers/rumpnet.c). Then it gets its addresses, and name servers are written to
 * /etc/resolv.conf of the rump kernel. If there are none, that is a copy of the host's: the
 * program's until somebody knows better, such as its DHCP client.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/sockios.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"
#include "net.h"

#define LOCAL_MAC   0x02 /* in the first byte: given by nobody */
#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_ROOM 4096
/* Where passt and vde_plug are looked for: not by what a program has for PATH. */
#define PATH	    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_Static_assert(RUMPUSER_EXT_NET_QUEUES == RUMP_NET_QUEUES, "one is the other");

/* @argument: as start_threads() puts it together. */
static void run_thread(void *argument)
{
	unsigned long which = (unsigned long)argument, queue = which / 2;

	rump__kernel.ops->net(queue / RUMP_NET_QUEUES, queue % RUMP_NET_QUEUES, which % 2,
			      rumpuser_ext_gettid());
}

/**
 * start_threads() - Have the frames of a port moved
 * @queues:	how many it has
 *
 * Return: 0 or an errno value
 */
static int start_threads(unsigned int port, unsigned int queues)
{
	unsigned long first = port * 2ul * RUMP_NET_QUEUES;
	int err = 0;

	for (unsigned long i = 0; i < queues * 2ul && !err; i++)
		err = -rump__setup.thread(run_thread, (void *)(first + i),
					  i % 2 ? "rump-net-send" : "rump-net-recv");
	return err;
}

static int fail(const struct net_config *net, int err, const char *what)
{
	rump__error("RUMP_NET='%.*s': %s: %s", (int)net->length, net->text, what, str_error(err));
	return err;
}

/* What is missing is most often the program. */
static int cannot_open(const struct net_config *net, int err)
{
	static const char *const programs[] = {
		[RUMPUSER_EXT_NET_PASST] = "passt (Debian's package passt) cannot be started",
		[RUMPUSER_EXT_NET_VDE] = "vde_plug (Debian's package vdeplug) cannot be started",
		[RUMPUSER_EXT_NET_TAP] = "the tap cannot be opened",
		[RUMPUSER_EXT_NET_BUS] = "the file is no bus, or cannot be made one",
	};

	if (net->kind == RUMPUSER_EXT_NET_TAP && err == EOPNOTSUPP)
		return fail(net, err, "the tap is for one queue, as it was not made with multi_queue");
	return fail(net, err, programs[net->kind]);
}

static int index_of(const char *name)
{
	struct ifreq request = { .ifr_ifindex = 0 };
	long fd = rump__enter(__NR_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0), err;

	if (fd < 0)
		return fd;
	str_printf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	err = rump__enter(__NR_ioctl, fd, SIOCGIFINDEX, (long)&request, 0, 0, 0);
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	return err < 0 ? (int)err : request.ifr_ifindex;
}

/**
 * open_device() - Open a network and make it a device
 * @info:	result
 *
 * Return: 0, or an errno value after a message
 */
static int open_device(const struct net_config *net, unsigned int port, struct rump_net_info *info)
{
	struct rumpuser_ext_net what = { .kind = net->kind, .name = net->name, .args = net->args,
					 .path = PATH, .mtu = net->mtu, .queues = net->queues,
					 .cpus = rump__params.ncpu };
	int err = -rumpuser_ext_net_open(port, &what);

	if (err)
		return cannot_open(net, err);
	rump__kernel.layout.pid = raw0(__NR_getpid);
	rumpuser_ext_net_share(port, &rump__kernel.layout.nets[port]);
	*info = (struct rump_net_info){ .port = port, .queues = what.queues,
					.features = what.features, .mtu = what.mtu };
	memcpy(info->mac, net->mac, sizeof(info->mac));
	if (!net->has_mac) {
		err = -rumpuser_ext_random(info->mac, sizeof(info->mac));
		if (err)
			return fail(net, err, "no random address");
		info->mac[0] = (info->mac[0] & ~3) | LOCAL_MAC;
	}
	err = -rump__enter(RUMP_CALL_NET_ADD, (long)info, 0, 0, 0, 0, 0);
	if (!err)
		err = start_threads(port, what.queues);
	return err ? fail(net, err, "the kernel cannot make a device") : 0;
}

static int no_lease(const struct net_config *net, int err)
{
	const char *why;

	switch (err) {
	case ETIMEDOUT:
		why = "no DHCP server has answered";
		break;
	case ENOLINK:
		why = net->kind == RUMPUSER_EXT_NET_PASST ? "passt has ended" :
							    "the network has gone";
		break;
	case ECONNREFUSED:
		why = "the DHCP server gives no address";
		break;
	case EADDRINUSE:
		why = "what the DHCP server gives are others' addresses";
		break;
	default:
		return fail(net, err, "DHCP");
	}
	rump__error("RUMP_NET='%.*s': %s", (int)net->length, net->text, why);
	return err;
}

/**
 * add_addresses() - Give a device its addresses
 * @from:	the first of them
 *
 * Return: 0, or an errno value after a message
 */
static int add_addresses(const struct net_config *net, int index, unsigned int from)
{
	char text[64];
	int err;

	for (unsigned int i = from; i < net->naddresses; i++) {
		err = net_add_address(index, &net->addresses[i]);
		net_text(&net->addresses[i], text, sizeof(text));
		if (err)
			return fail(net, err, text);
	}
	return 0;
}

/**
 * configure() - Give a device what it is to have, and bring it up
 *
 * Return: 0, or an errno value after a message
 */
static int configure(struct net_config *net, const struct rump_net_info *info)
{
	int index = index_of(info->name), err = 0;
	unsigned int given = net->naddresses;
	char text[64];

	if (index < 0)
		return fail(net, -index, "the device is not there");
	/* passt, which has nobody else behind it, would answer that the addresses are its own. */
	if (net->kind != RUMPUSER_EXT_NET_PASST)
		err = net_arp_notify(index);
	if (err)
		return fail(net, err, "its addresses cannot be announced");
	err = add_addresses(net, index, 0);
	if (err)
		return err;
	err = net_link_up(index, 0);
	if (err)
		return fail(net, err, "the device cannot be brought up");
	/* With forwards passt is waited for: others may connect to them once the program runs. */
	if (net->dhcp || net->nargs) {
		err = net_dhcp(index, info->mac, net);
		if (err)
			return no_lease(net, err);
		err = net_link_up(index, net->mtu);
		if (err)
			return fail(net, err, "the size that DHCP has given");
		err = add_addresses(net, index, given);
		if (err)
			return err;
	}
	for (unsigned int i = 0; i < net->ngateways; i++) {
		err = net_add_gateway(index, &net->gateways[i]);
		net_text(&net->gateways[i], text, sizeof(text));
		if (err)
			return fail(net, err, text);
	}
	return 0;
}

static void add_dns(struct text *file, const struct net_config *net)
{
	char text[64];

	/* Of several lines of this kind the last would count; the first device is to. */
	if (net->ndns && net->search[0] && !file->length)
		text_printf(file, "search %s\n", net->search);
	for (unsigned int i = 0; i < net->ndns; i++) {
		net_text(&net->dns[i], text, sizeof(text));
		text_printf(file, "nameserver %s\n", text);
	}
}

static void write_resolv_conf(const struct text *file)
{
	long host = -1, n = (long)file->length, fd;
	char *text = file->at;

	if (!n) {
		host = raw4(__NR_openat, AT_FDCWD, RESOLV_CONF, O_RDONLY | O_CLOEXEC, 0);
		if (host < 0)
			return;
		n = raw3(__NR_read, host, text, file->room);
	}
	rump__make_dirs("/etc");
	fd = rump__enter(__NR_open, (long)RESOLV_CONF, O_WRONLY | O_CREAT | O_TRUNC, 0644, 0, 0, 0);
	while (fd >= 0 && n > 0) {
		rump__enter(__NR_write, fd, (long)text, n, 0, 0, 0);
		n = host >= 0 ? raw3(__NR_read, host, text, file->room) : 0;
	}
	if (fd >= 0)
		rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	if (host >= 0)
		raw1(__NR_close, host);
}

/**
 * rump__net_check() - Check RUMP_NET
 * @envp:	environment
 * @ncpu:	what it says of virtual CPUs
 *
 * Return: false after a message
 */
bool rump__net_check(char *const *envp, unsigned int ncpu)
{
	const char *list = rump__getenv(envp, "RUMP_NET");
	static struct net_config net;
	char why[NET_WHY];
	unsigned int n = 0;
	size_t length;

	for (; list && (list = net_next(list, &length)); list += length) {
		if (!net_parse(&net, list, length, why) || !net_fits(&net, ncpu, why)) {
			rump__error("RUMP_NET='%.*s': %s", (int)length, list, why);
			return false;
		}
		if (net.kind != RUMPUSER_EXT_NET_NONE && ++n > RUMPUSER_EXT_NET_PORTS) {
			rump__error("RUMP_NET: there are more than %d networks",
				    RUMPUSER_EXT_NET_PORTS);
			return false;
		}
	}
	return true;
}

/**
 * rump__net_up() - Make the networks of RUMP_NET devices
 *
 * Return: 0, or an errno value after a message
 */
int rump__net_up(void)
{
	const char *list = rump__getenv(rump__setup.envp, "RUMP_NET");
	static struct net_config net;
	char resolv[RESOLV_ROOM], why[NET_WHY];
	struct text file = { resolv, 0, sizeof(resolv) };
	struct rump_net_info info;
	unsigned int port = 0;
	size_t length;
	int err = 0;

	if (!list)
		return 0;
	if (!rump__net_check(rump__setup.envp, rump__params.ncpu))
		return EINVAL;
	rump__lo_up();
	for (; (list = net_next(list, &length)) && !err; list += length) {
		net_parse(&net, list, length, why);
		if (net.kind == RUMPUSER_EXT_NET_NONE)
			continue;
		err = open_device(&net, port++, &info);
		if (!err)
			err = configure(&net, &info);
		add_dns(&file, &net);
	}
	if (!err && port)
		write_resolv_conf(&file);
	return err;
}
