/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_net.c - devices, queues, filters, name spaces of the network */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <linux/wireguard.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "librump_netlink.h"

#define UNUSED(argc, argv) ((void)(argc), (void)(argv))

static void veth_peer(struct nl *m)
{
	struct ifinfomsg i = {0};
	size_t at = nl_nest(m, VETH_INFO_PEER);

	nl_put(m, &i, sizeof(i));
	nl_str(m, IFLA_IFNAME, "peer");
	nl_end(m, at);
}

static void vlan_id(struct nl *m)
{
	uint16_t id = 42;

	nl_attr(m, IFLA_VLAN_ID, &id, sizeof(id));
}

static void sysctl(const char *path)
{
	int fd = rump_sys_open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "1", 1) == 1);
	rump_sys_close(fd);
}

/* What passes a device is seen by a packet socket, and can be sent by one. */
static void packet(int argc, char **argv)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int p, u, v;
	char buf[2000];
	ssize_t n;

	UNUSED(argc, argv);
	boot();
	p = rump_sys_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	CHECK(p >= 0);
	ll.sll_ifindex = ifindex("lo");
	CHECK(!rump_sys_bind(p, (struct sockaddr *)&ll, sizeof(ll)));
	u = bound("127.0.0.1", 7000, SOCK_DGRAM);
	v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "seen", 4, 0) == 4);
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 4);
	CHECK(readable(p, 1000));
	n = rump_sys_recv(p, buf, sizeof(buf), 0);
	CHECK(n == 20 + 8 + 4 && !memcmp(buf + 28, "seen", 4));
	/* The same datagram once more, by hand. It comes from this machine as if from outside. */
	sysctl("/proc/sys/net/ipv4/conf/lo/route_localnet");
	sysctl("/proc/sys/net/ipv4/conf/lo/accept_local");
	ll.sll_halen = 6;
	memset(buf + 26, 0, 2); /* the checksum, which lo leaves unfinished */
	CHECK(rump_sys_sendto(p, buf, n, 0, (struct sockaddr *)&ll, sizeof(ll)) == n);
	CHECK(readable(u, 1000));
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 4 && !memcmp(buf, "seen", 4));
}

static int link_seen(struct nlmsghdr *h, const void *name)
{
	return has_str(h, sizeof(struct ifinfomsg), IFLA_IFNAME, name);
}

static int links_named(const char *name)
{
	struct ifinfomsg i = {0};
	struct nl m;

	nl_start(&m, RTM_GETLINK, 0, &i, sizeof(i));
	return nl_dump(route, &m, link_seen, name);
}

static void links(int argc, char **argv)
{
	static const char *const kinds[][2] = {
		{"dummy7", "dummy"},
		{"br0", "bridge"},
		{"wg0", "wireguard"},
		{"bond7", "bond"},
	};
	struct ifinfomsg i = {0};
	struct nl m;
	unsigned int k;

	UNUSED(argc, argv);
	boot();
	CHECK(links_named("lo") == 1);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		CHECK(!new_link(kinds[k][0], kinds[k][1], NULL, 0));
		CHECK(links_named(kinds[k][0]) == 1);
		up(kinds[k][0]);
	}
	CHECK(new_link("dummy7", "dummy", NULL, 0) == EEXIST);
	CHECK(new_link("x0", "nonsense", NULL, 0) == EOPNOTSUPP);
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	CHECK(links_named("peer") == 1);
	CHECK(!new_link("vlan42", "vlan", vlan_id, ifindex("veth0")));
	CHECK(links_named("vlan42") == 1);
	up("veth0");
	up("vlan42");
	/* veth0 into the bridge. */
	i.ifi_index = ifindex("veth0");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_MASTER, ifindex("br0"));
	CHECK(!nl_talk(route, &m));
	add_address("br0", "10.1.0.1", 24);
	add_address("br0", "fd00::1", 64);
	rump_sys_close(connected("10.1.0.1", 9, SOCK_DGRAM));
	rump_sys_close(connected("fd00::1", 9, SOCK_DGRAM));
	/* And away; the peer goes with it. */
	nl_start(&m, RTM_DELLINK, 0, &i, sizeof(i));
	CHECK(!nl_talk(route, &m));
	CHECK(!links_named("veth0") && !links_named("peer") && !links_named("vlan42"));
}

/* A frame through veth, bridge and vlan: between two addresses that a packet socket sees. */
static void bridge(int argc, char **argv)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	unsigned char frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,   0,	 0,  0,
				   0,	 9,    0x88, 0xb5, 'f',	 'r',  'a', 'm', 'e'};
	struct ifinfomsg i = {0};
	struct nl m;
	int tries, seen, out, in;
	char buf[2000];

	UNUSED(argc, argv);
	boot();
	CHECK(!new_link("br0", "bridge", NULL, 0));
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	CHECK(!new_link("vlan42", "vlan", vlan_id, ifindex("br0")));
	i.ifi_index = ifindex("veth0");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_MASTER, ifindex("br0"));
	CHECK(!nl_talk(route, &m));
	up("br0");
	up("veth0");
	up("peer");
	up("vlan42");
	in = rump_sys_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ll.sll_ifindex = ifindex("vlan42");
	CHECK(!rump_sys_bind(in, (struct sockaddr *)&ll, sizeof(ll)));
	out = rump_sys_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ll.sll_ifindex = ifindex("peer");
	ll.sll_halen = 6;
	/* With the tag by hand: it comes out of the vlan device without. */
	memmove(frame + 16, frame + 12, sizeof(frame) - 16);
	memcpy(frame + 12, (unsigned char[]){0x81, 0, 0, 42}, 4);
	/* A frame is lost, as on any bridge, until a worker has seen that the links are up. */
	for (seen = tries = 0; !seen; tries++) {
		CHECK(tries < 300);
		CHECK(rump_sys_sendto(out, frame, sizeof(frame), 0, (struct sockaddr *)&ll,
				      sizeof(ll)) == sizeof(frame));
		while (!seen && readable(in, 100)) {
			CHECK(rump_sys_recv(in, buf, sizeof(buf), 0) > 0);
			seen = !memcmp(buf + 12, frame + 16, 7);
		}
	}
}

static int wg_port(struct nlmsghdr *h, const void *port)
{
	struct nlattr *a = (void *)((char *)NLMSG_DATA(h) + sizeof(struct genlmsghdr));

	while ((char *)a + NLA_HDRLEN <= (char *)h + h->nlmsg_len && a->nla_len) {
		if (a->nla_type == WGDEVICE_A_LISTEN_PORT)
			return !memcmp(a + 1, port, 2);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	return 0;
}

static void wireguard(int argc, char **argv)
{
	struct genlmsghdr g = {.cmd = WG_CMD_SET_DEVICE, .version = WG_GENL_VERSION};
	uint16_t port = 51820;
	char key[32];
	struct nl m;
	int fd, family;

	UNUSED(argc, argv);
	boot();
	CHECK(!new_link("wg0", "wireguard", NULL, 0));
	fd = nl_open(NETLINK_GENERIC);
	family = genl_family(fd, "wireguard");
	memset(key, 'k', sizeof(key));
	nl_start(&m, family, 0, &g, sizeof(g));
	nl_str(&m, WGDEVICE_A_IFNAME, "wg0");
	nl_attr(&m, WGDEVICE_A_PRIVATE_KEY, key, sizeof(key));
	nl_attr(&m, WGDEVICE_A_LISTEN_PORT, &port, sizeof(port));
	CHECK(!nl_talk(fd, &m));
	up("wg0");
	g.cmd = WG_CMD_GET_DEVICE;
	nl_start(&m, family, 0, &g, sizeof(g));
	nl_str(&m, WGDEVICE_A_IFNAME, "wg0");
	CHECK(nl_dump(fd, &m, wg_port, &port) == 1);
	/* It holds its port. */
	union addr a;
	int u = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);
	address(&a, "0.0.0.0", port);
	CHECK_ERR(rump_sys_bind(u, &a.sa, sizeof(a.in)), EADDRINUSE);
}

static int new_qdisc(const char *dev, const char *kind, int cmd, uint32_t handle, uint32_t parent,
		     int type, const void *options, size_t len)
{
	struct tcmsg t = {.tcm_ifindex = ifindex(dev), .tcm_handle = handle, .tcm_parent = parent};
	size_t at;
	struct nl m;

	nl_start(&m, cmd, NLM_F_CREATE | NLM_F_REPLACE, &t, sizeof(t));
	nl_str(&m, TCA_KIND, kind);
	if (type < 0) {
		nl_attr(&m, TCA_OPTIONS, options, len);
	} else {
		at = nl_nest(&m, TCA_OPTIONS);
		if (options)
			nl_attr(&m, type, options, len);
		nl_end(&m, at);
	}
	return nl_talk(route, &m);
}

static int qdisc_seen(struct nlmsghdr *h, const void *kind)
{
	return has_str(h, sizeof(struct tcmsg), TCA_KIND, kind);
}

static int qdiscs(const char *kind)
{
	struct tcmsg t = {0};
	struct nl m;

	nl_start(&m, RTM_GETQDISC, 0, &t, sizeof(t));
	return nl_dump(route, &m, qdisc_seen, kind);
}

/* Seconds for n datagrams of a size over lo. */
static double datagrams(int n, int size)
{
	int u = bound("127.0.0.1", 7000, SOCK_DGRAM), v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	static char data[1000];
	double start = now();
	int i;

	CHECK(size <= (int)sizeof(data));
	for (i = 0; i < n; i++)
		CHECK(rump_sys_send(v, data, size, 0) == size);
	for (i = 0; i < n; i++) {
		CHECK(readable(u, 5000));
		CHECK(rump_sys_recv(u, data, size, 0) == size);
	}
	start = now() - start;
	rump_sys_close(u);
	rump_sys_close(v);
	return start;
}

/*
 * They never take less than @least seconds; and not more than @most, but where other load of the
 * machine has spoilt it: then another time.
 */
static void datagrams_take(const char *through, int n, double least, double most)
{
	double t;
	int i = 0;

	do {
		t = datagrams(n, 1000);
		printf("%s %.3f s\n", through, t);
		CHECK(t >= least);
	} while (t >= most && ++i < 10);
	CHECK(t < most);
}

/* psched ticks are 64 ns */
#define TICKS(ms) ((ms)*1000000U / 64)

static void tc(int argc, char **argv)
{
	struct tc_netem_qopt netem = {.latency = TICKS(100), .limit = 1000};
	struct tc_htb_glob glob = {.version = 3, .rate2quantum = 10, .defcls = 1};
	struct tc_htb_opt htb = {
		.rate = {.rate = 100000, .linklayer = TC_LINKLAYER_ETHERNET},
		.ceil = {.rate = 100000, .linklayer = TC_LINKLAYER_ETHERNET},
		.buffer = TICKS(50),
		.cbuffer = TICKS(50),
		.quantum = 5000,
	};

	UNUSED(argc, argv);
	boot();
	datagrams_take("plain", 10, 0, 0.09);
	CHECK(!new_qdisc("lo", "netem", RTM_NEWQDISC, 0x10000, TC_H_ROOT, -1, &netem,
			 sizeof(netem)));
	CHECK(qdiscs("netem") == 1);
	datagrams_take("netem", 10, 0.1, 0.6);
	CHECK(!new_qdisc("lo", "fq", RTM_NEWQDISC, 0x20000, TC_H_ROOT, 1, NULL, 0));
	CHECK(qdiscs("fq") == 1 && !qdiscs("netem"));
	datagrams_take("fq", 10, 0, 0.09);
	/* 30 datagrams of 1 kB at 100 kB/s, 5 kB of burst. */
	CHECK(!new_qdisc("lo", "htb", RTM_NEWQDISC, 0x30000, TC_H_ROOT, TCA_HTB_INIT, &glob,
			 sizeof(glob)));
	CHECK(!new_qdisc("lo", "htb", RTM_NEWTCLASS, 0x30001, 0x30000, TCA_HTB_PARMS, &htb,
			 sizeof(htb)));
	CHECK(qdiscs("htb") == 1);
	datagrams_take("htb", 30, 0.2, 1);
}

/* Batches of nf_tables: begin, one message, end. */
static int nft(int fd, int type, int flags, void (*more)(struct nl *m))
{
	struct nfgenmsg inet = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};
	struct nfgenmsg batch = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
	static char buf[3 * sizeof(struct nl)];
	struct nlmsghdr *h = (void *)buf;
	struct nl m[3];
	size_t at = 0;
	ssize_t n;
	int i;

	nl_start(&m[0], NFNL_MSG_BATCH_BEGIN, 0, &batch, sizeof(batch));
	nl_start(&m[1], NFNL_SUBSYS_NFTABLES << 8 | type, flags | NLM_F_ACK, &inet, sizeof(inet));
	more(&m[1]);
	nl_start(&m[2], NFNL_MSG_BATCH_END, 0, &batch, sizeof(batch));
	for (i = 0; i < 3; i++) {
		memcpy(buf + at, &m[i], m[i].h.nlmsg_len);
		at += NLMSG_ALIGN(m[i].h.nlmsg_len);
	}
	CHECK(rump_sys_send(fd, buf, at, 0) == (ssize_t)at);
	n = rump_sys_recv(fd, buf, sizeof(buf), 0);
	CHECK(n > 0 && h->nlmsg_type == NLMSG_ERROR);
	return nl_error(h);
}

static void nft_table(struct nl *m)
{
	nl_str(m, NFTA_TABLE_NAME, "wall");
}

static void nft_chain(struct nl *m)
{
	size_t at;

	nl_str(m, NFTA_CHAIN_TABLE, "wall");
	nl_str(m, NFTA_CHAIN_NAME, "closed");
	at = nl_nest(m, NFTA_CHAIN_HOOK);
	nl_u32(m, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
	nl_u32(m, NFTA_HOOK_PRIORITY, htonl(0));
	nl_end(m, at);
	nl_u32(m, NFTA_CHAIN_POLICY, htonl(NF_DROP));
	nl_str(m, NFTA_CHAIN_TYPE, "filter");
}

static int table_seen(struct nlmsghdr *h, const void *name)
{
	return has_str(h, sizeof(struct nfgenmsg), NFTA_TABLE_NAME, name);
}

static int tables(int fd)
{
	struct nfgenmsg inet = {.nfgen_family = NFPROTO_IPV4};
	struct nl m;

	nl_start(&m, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0, &inet, sizeof(inet));
	return nl_dump(fd, &m, table_seen, "wall");
}

static void nftables(int argc, char **argv)
{
	int fd, u, v;
	char c;

	UNUSED(argc, argv);
	boot();
	u = bound("127.0.0.1", 7000, SOCK_DGRAM);
	v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	fd = nl_open(NETLINK_NETFILTER);
	CHECK(!nft(fd, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, nft_table));
	CHECK(nft(fd, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, nft_table) == EEXIST);
	CHECK(tables(fd) == 1);
	CHECK(rump_sys_send(v, "1", 1, 0) == 1);
	CHECK(readable(u, 1000) && rump_sys_recv(u, &c, 1, 0) == 1 && c == '1');
	CHECK(!nft(fd, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, nft_chain));
	rump_sys_send(v, "2", 1, 0);
	CHECK(!readable(u, 100));
	CHECK(!nft(fd, NFT_MSG_DELTABLE, 0, nft_table));
	CHECK(tables(fd) == 0);
	CHECK(rump_sys_send(v, "3", 1, 0) == 1);
	CHECK(readable(u, 1000) && rump_sys_recv(u, &c, 1, 0) == 1 && c == '3');
}

static int other_ns = -1;
static pthread_barrier_t barrier;

/* A thread in a name space of its own: has nothing, gets one end of a veth, answers. */
static void *other_side(void *arg)
{
	char buf[64];
	union addr a;
	socklen_t len = sizeof(a);
	int u;

	(void)arg;
	CHECK(!rump_sys_unshare(CLONE_NEWNET));
	other_ns = rump_sys_open("/proc/thread-self/ns/net", O_RDONLY);
	CHECK(other_ns >= 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	u = bound("10.9.0.2", 7000, SOCK_DGRAM);
	pthread_barrier_wait(&barrier);
	CHECK(rump_sys_recvfrom(u, buf, sizeof(buf), 0, &a.sa, &len) == 5);
	CHECK(a.in.sin_addr.s_addr == inet_addr("10.9.0.1"));
	CHECK(rump_sys_sendto(u, "reply", 5, 0, &a.sa, len) == 5);
	rump_sys_close(u);
	return NULL;
}

static void name_spaces(int argc, char **argv)
{
	struct ifinfomsg i = {0};
	char buf[64];
	pthread_t t;
	struct nl m;
	int home, v, old;

	UNUSED(argc, argv);
	boot();
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&t, NULL, other_side, NULL));
	pthread_barrier_wait(&barrier);
	home = rump_sys_open("/proc/thread-self/ns/net", O_RDONLY);
	CHECK(home >= 0);
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	i.ifi_index = ifindex("peer");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_NET_NS_FD, other_ns);
	CHECK(!nl_talk(route, &m));
	CHECK(!links_named("peer"));
	up("veth0");
	add_address("veth0", "10.9.0.1", 24);
	/* Over there and back. */
	CHECK(!rump_sys_setns(other_ns, CLONE_NEWNET));
	old = route;
	route = nl_open(NETLINK_ROUTE);
	CHECK(links_named("peer") == 1 && !links_named("veth0"));
	up("peer");
	add_address("peer", "10.9.0.2", 24);
	rump_sys_close(route);
	route = old;
	CHECK(!rump_sys_setns(home, CLONE_NEWNET));
	CHECK(links_named("veth0") == 1);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	v = connected("10.9.0.2", 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "hello", 5, 0) == 5);
	CHECK(readable(v, 3000));
	CHECK(rump_sys_recv(v, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "reply", 5));
	pthread_join(t, NULL);
	/* The last one who uses it gone, so is it, and the veth with it. */
	rump_sys_close(other_ns);
	for (v = 0; v < 100 && links_named("veth0"); v++)
		usleep(20000);
	CHECK(!links_named("veth0"));
}

/* The NFS client goes as far as it can without a server: it asks one, on the loopback. */
static void nfs(int argc, char **argv)
{
	static const char *const mounts[][2] = {
		{ "nfs", "vers=3,proto=tcp,nolock,port=2049,mountport=635,addr=127.0.0.1,soft,"
			 "timeo=5,retrans=1" },
		{ "nfs4", "addr=127.0.0.1,clientaddr=127.0.0.1,soft,timeo=5,retrans=1" },
	};
	int i;

	UNUSED(argc, argv);
	boot();
	CHECK(!rump_sys_mkdir("/nfs", 0755));
	for (i = 0; i < 2; i++)
		CHECK_ERR(rump_sys_mount("127.0.0.1:/export", "/nfs", mounts[i][0], 0,
					 (void *)mounts[i][1]),
			  ECONNREFUSED);
}

static const struct test tests[] = {
	{"packet", packet},
	{"links", links},
	{"bridge", bridge},
	{"wireguard", wireguard},
	{"tc", tc},
	{"nftables", nftables},
	{"name_spaces", name_spaces},
	{"nfs", nfs},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
