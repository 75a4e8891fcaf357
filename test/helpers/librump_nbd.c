/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_nbd.c - the NBD client, by TCP on the rump kernel's loopback
 *
 * The server is a thread of the test that speaks the transmission phase of the protocol
 * (linux/nbd.h) for a host file; what comes before it, the handshake, is the business of
 * nbd-client, whose place the test takes: it hands the kernel a connected socket.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_files.h"
#include "librump_netlink.h"

#define PORT  10809 /* IANA's for NBD */
#define BLOCK 512 /* of the device; mkfs.ext4 takes 1024 for small images */
#define PIECE (1 << 20)

static int image, listening;
static long reads, writes, flushes;
static int leave_after = -1; /* so many requests, and the server is gone */
static char data[PIECE];

/* Return: false at the end of the stream */
static bool receive(int fd, void *p, size_t len)
{
	long n;

	for (; len; len -= n, p = (char *)p + n) {
		n = rump_sys_read(fd, p, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static void transmit(int fd, const void *p, size_t len)
{
	long n;

	for (; len; len -= n, p = (const char *)p + n) {
		n = rump_sys_write(fd, p, len);
		CHECK(n > 0);
	}
}

/* The data of a request, which may be larger than any buffer, piece by piece. */
static void copy(int fd, int write, long from, unsigned int len)
{
	unsigned int n;

	for (; len; len -= n, from += n) {
		n = len < PIECE ? len : PIECE;
		if (write) {
			CHECK(receive(fd, data, n));
			CHECK(pwrite(image, data, n, from) == n);
		} else {
			CHECK(pread(image, data, n, from) == n);
			transmit(fd, data, n);
		}
	}
}

static void *server(void *unused)
{
	struct nbd_reply reply = {.magic = htonl(NBD_REPLY_MAGIC)};
	int fd = rump_sys_accept(listening, NULL, NULL);
	struct nbd_request r;
	unsigned int len;
	long from;

	(void)unused;
	CHECK(fd >= 0);
	while (leave_after && receive(fd, &r, sizeof(r))) {
		leave_after -= leave_after > 0;
		CHECK(r.magic == htonl(NBD_REQUEST_MAGIC));
		len = ntohl(r.len);
		from = be64toh(r.from);
		memcpy(reply.handle, r.handle, sizeof(reply.handle));
		switch (ntohl(r.type) & 0xffff) {
		case NBD_CMD_READ:
			transmit(fd, &reply, sizeof(reply));
			copy(fd, 0, from, len);
			reads++;
			break;
		case NBD_CMD_WRITE:
			copy(fd, 1, from, len);
			transmit(fd, &reply, sizeof(reply));
			writes++;
			break;
		case NBD_CMD_FLUSH:
			CHECK(!fdatasync(image));
			transmit(fd, &reply, sizeof(reply));
			flushes++;
			break;
		case NBD_CMD_DISC:
			rump_sys_close(fd);
			return NULL;
		default:
			fprintf(stderr, "request of type %x\n", ntohl(r.type));
			exit(1);
		}
	}
	rump_sys_close(fd);
	return NULL;
}

static void nbd_command(int cmd, int sock, uint64_t size)
{
	struct genlmsghdr g = {.cmd = cmd, .version = NBD_GENL_VERSION};
	uint64_t block = BLOCK, flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH;
	int fd = nl_open(NETLINK_GENERIC);
	size_t socks, item;
	struct nl m;

	nl_start(&m, genl_family(fd, NBD_GENL_FAMILY_NAME), 0, &g, sizeof(g));
	nl_u32(&m, NBD_ATTR_INDEX, 0);
	if (cmd == NBD_CMD_CONNECT) {
		nl_attr(&m, NBD_ATTR_SIZE_BYTES, &size, sizeof(size));
		nl_attr(&m, NBD_ATTR_BLOCK_SIZE_BYTES, &block, sizeof(block));
		nl_attr(&m, NBD_ATTR_SERVER_FLAGS, &flags, sizeof(flags));
		socks = nl_nest(&m, NBD_ATTR_SOCKETS);
		item = nl_nest(&m, NBD_SOCK_ITEM);
		nl_u32(&m, NBD_SOCK_FD, sock);
		nl_end(&m, item);
		nl_end(&m, socks);
	}
	CHECK(!nl_talk(fd, &m));
	rump_sys_close(fd);
}

/* Boot, and make /dev/nbd0 of a host file. */
static void attach(const char *path, pthread_t *t)
{
	struct stat st;
	int sock;

	image = open(path, O_RDWR);
	CHECK(image >= 0 && !fstat(image, &st));
	boot();
	listening = bound("127.0.0.1", PORT, SOCK_STREAM);
	CHECK(!pthread_create(t, NULL, server, NULL));
	sock = connected("127.0.0.1", PORT, SOCK_STREAM);
	nbd_command(NBD_CMD_CONNECT, sock, st.st_size);
	/* The device holds the connection. */
	rump_sys_close(sock);
	CHECK(!rump_sys_mkdir("/n", 0755));
}

/* serve IMAGE: written and read again, in two mounts */
static void serve(int argc, char **argv)
{
	pthread_t t;

	CHECK(argc == 1);
	attach(argv[0], &t);
	fill(big, BIG, 8);
	CHECK(!rump_sys_mount("/dev/nbd0", "/n", "ext4", 0, NULL));
	write_file("/n/file", big, BIG);
	CHECK(!rump_sys_umount2("/n", 0));
	CHECK(!rump_sys_mount("/dev/nbd0", "/n", "ext4", 0, NULL));
	expect_file("/n/file", big, BIG);
	CHECK(!rump_sys_umount2("/n", 0));
	nbd_command(NBD_CMD_DISCONNECT, -1, 0);
	pthread_join(t, NULL);
	printf("reads %ld, writes %ld, flushes %ld\n", reads, writes, flushes);
}

/* goes_away IMAGE: the server ends in the middle of the work */
static void goes_away(int argc, char **argv)
{
	char piece[4096];
	pthread_t t;
	int fd, i;

	CHECK(argc == 1);
	attach(argv[0], &t);
	fd = rump_sys_open("/dev/nbd0", O_RDONLY);
	CHECK(fd >= 0);
	CHECK(rump_sys_pread(fd, piece, sizeof(piece), 0) == sizeof(piece));
	leave_after = 1;
	/* From places apart, so that nothing is read ahead. */
	for (i = 1; i < 10; i++)
		if (rump_sys_pread(fd, piece, sizeof(piece), i * 4 * MIB) < 0)
			break;
	CHECK(i < 10 && errno == EIO);
	pthread_join(t, NULL);
	rump_sys_close(fd);
}

static const struct test tests[] = {
	{"serve", serve},
	{"goes_away", goes_away},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
