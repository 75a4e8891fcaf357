/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_acl.c - POSIX access control lists: kept, inherited and obeyed */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_files.h"

#define LISTED	1111 /* may read by an entry of the list */
#define UNKNOWN 2222 /* may not */

#define ACCESS	"system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

/* An access list as attribute: user::rw- user:1111:rwx group::--- mask::r-- other::--- */
static const struct {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry[5];
} acl = {
	.header = {POSIX_ACL_XATTR_VERSION},
	.entry =
		{
			{ACL_USER_OBJ, ACL_READ | ACL_WRITE, ACL_UNDEFINED_ID},
			{ACL_USER, ACL_READ | ACL_WRITE | ACL_EXECUTE, LISTED},
			{ACL_GROUP_OBJ, 0, ACL_UNDEFINED_ID},
			{ACL_MASK, ACL_READ, ACL_UNDEFINED_ID},
			{ACL_OTHER, 0, ACL_UNDEFINED_ID},
		},
};

/* The error of opening it as another user, who has no powers; 0 if he may. */
static int error_for(uid_t uid, const char *path, int flags)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct powers[2], none[2];
	uid_t before;
	int fd, error;

	CHECK(!rump_sys_capget(&header, powers));
	memcpy(none, powers, sizeof(none));
	none[0].effective = none[1].effective = 0;
	before = rump_sys_setfsuid(uid);
	CHECK(!rump_sys_capset(&header, none));
	errno = 0;
	fd = rump_sys_open(path, flags);
	error = errno;
	CHECK(!rump_sys_capset(&header, powers));
	rump_sys_setfsuid(before);
	CHECK((fd < 0) == !!error);
	if (fd >= 0)
		CHECK(!rump_sys_close(fd));
	return error;
}

void expect_access_lists(void)
{
	char value[sizeof(acl) + 1];
	struct stat st;

	CHECK(rump_sys_getxattr("/mnt/acl", ACCESS, value, sizeof(value)) == sizeof(acl));
	CHECK(!memcmp(value, &acl, sizeof(acl)));
	/* The group's bits are the mask. */
	CHECK(!rump_sys_stat("/mnt/acl", &st) && (st.st_mode & 07777) == 0640);
	CHECK(error_for(LISTED, "/mnt/acl", O_RDONLY) == 0);
	CHECK(error_for(UNKNOWN, "/mnt/acl", O_RDONLY) == EACCES);
	CHECK(error_for(LISTED, "/mnt/acl-dir/heir", O_RDONLY) == 0);
	CHECK(error_for(UNKNOWN, "/mnt/acl-dir/heir", O_RDONLY) == EACCES);
}

void make_access_lists(void)
{
	write_file("/mnt/acl", "acl", 3);
	CHECK(!rump_sys_chmod("/mnt/acl", 0600));
	CHECK(error_for(LISTED, "/mnt/acl", O_RDONLY) == EACCES);
	CHECK(!rump_sys_setxattr("/mnt/acl", ACCESS, &acl, sizeof(acl), 0));
	CHECK_ERR(rump_sys_setxattr("/mnt/acl", ACCESS, &acl, sizeof(acl) - 1, 0), EINVAL);
	CHECK(!rump_sys_mkdir("/mnt/acl-dir", 0755));
	CHECK(!rump_sys_setxattr("/mnt/acl-dir", DEFAULT, &acl, sizeof(acl), 0));
	write_file("/mnt/acl-dir/heir", "heir", 4);
	expect_access_lists();
	/* The entry says that he may write, the mask that he may not. */
	CHECK(error_for(LISTED, "/mnt/acl", O_WRONLY) == EACCES);
}
