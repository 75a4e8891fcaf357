/* SPDX-License-Identifier: BSD-2-Clause */
/* etfs.c - disks, under the names of rump(3) */
#include <errno.h>

#include "public.h"
#include "internal.h"

_Static_assert(RUMP_ETFS_SIZE_ENDOFF == RUMP__SIZE_REST, "the core's name for it");

int rump_pub_etfs_register_withsize(const char *key, const char *hostpath,
				    enum rump_etfs_type type, uint64_t begin, uint64_t size)
{
	if (type != RUMP_ETFS_BLK)
		return EOPNOTSUPP;
	return rump__disk_attach(key, hostpath, false, begin, size);
}

int rump_pub_etfs_register(const char *key, const char *hostpath, enum rump_etfs_type type)
{
	return rump_pub_etfs_register_withsize(key, hostpath, type, 0, RUMP_ETFS_SIZE_ENDOFF);
}

int rump_pub_etfs_remove(const char *key)
{
	return rump__disk_detach(key);
}

int rump_fakeblk_register(const char *path)
{
	return rump_pub_etfs_register(path, path, RUMP_ETFS_BLK);
}

int rump_fakeblk_deregister(const char *path)
{
	return rump__disk_detach(path);
}
