/* SPDX-License-Identifier: BSD-2-Clause */
/* lo.c - the loopback interface, up as on any machine that has booted */
#include <linux/if.h>
#include <linux/sockios.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

/**
 * rump__lo_up() - Bring the loopback interface up
 *
 * It gets 127.0.0.1 and ::1 by that.
 */
void rump__lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	long fd;

	fd = rump__enter(__NR_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
	if (raw_failed(fd))
		return;
	if (!raw_failed(rump__enter(__NR_ioctl, fd, SIOCGIFFLAGS, (long)&request, 0, 0, 0))) {
		request.ifr_flags |= IFF_UP;
		rump__enter(__NR_ioctl, fd, SIOCSIFFLAGS, (long)&request, 0, 0, 0);
	}
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
}
