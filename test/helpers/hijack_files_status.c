// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_status.c - modes, owners, times, extended attributes, locks, ioctl */
#include <linux/fs.h>
#include <linux/stat.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>
#include <utime.h>

#include "hijack_files.h"

void status_modes(void)
{
	struct statvfs space;
	int fd;

	make(d("f"), "x");
	fd = (int)T(open(d("f"), O_RDWR));
	T(chmod(d("f"), 04751));
	note_file(d("f"));
	T(fchmod(fd, 0600));
	note_file(d("f"));
	T(chown(d("f"), 1000, 1001));
	T(fchown(fd, -1, 1002));
	T(lchown(d("f"), 1003, -1));
	note_file(d("f"));
	T(chmod(d("f"), 06755));
	T(chown(d("f"), 1, 1));
	note_file(d("f"));
	T(chmod(d("none"), 0600));
	T(chown(d("none"), 0, 0));
	T(mkdir(d("set"), 02775));
	T(chmod(d("set"), 02775));
	T(chown(d("set"), 5, 6));
	make(d("set/f"), "");
	note_file(d("set/f"));
	T(mkdir(d("set/sub"), 0777));
	note_file(d("set/sub"));
	T(umask(0777));
	T(mkdir(d("masked"), 0777));
	T(umask(0));
	note_file(d("masked"));
	T(mknod(d("open"), S_IFREG | 0666, 0));
	note_file(d("open"));
	T(umask(022));
	T(access(d("f"), X_OK));
	T(access(d("open"), X_OK));
	T(access(d("open"), R_OK | W_OK));
	T(access(d("open"), 99));
	T(eaccess(d("f"), W_OK));
	T(statvfs(d("f"), &space));
	T(space.f_bsize);
	T(space.f_namemax);
	T(space.f_files > space.f_ffree && space.f_blocks > space.f_bfree);
	T(fstatvfs(fd, &space));
	T(pathconf(d(""), _PC_NAME_MAX));
}

static void note_times(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		record("lstat", -1);
	else
		note("%s: accessed %ld.%09ld modified %ld.%09ld", path, status.st_atim.tv_sec,
		     status.st_atim.tv_nsec, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/* Whether a time is about now. */
static bool is_now(const struct timespec *time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return labs(now.tv_sec - time->tv_sec) < 5;
}

void status_times(void)
{
	struct timespec times[2] = {{1000, 123456789}, {2000, 987654321}};
	struct timeval old[2] = {{3000, 5}, {4000, 6}};
	struct utimbuf older = {5000, 6000};
	struct statx extended;
	struct stat status;
	int fd;

	make(d("f"), "x");
	fd = (int)T(open(d("f"), O_RDWR));
	T(stat(d("f"), &status));
	T(is_now(&status.st_mtim) && is_now(&status.st_ctim));
	T(utimensat(AT_FDCWD, d("f"), times, 0));
	note_times(d("f"));
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_sec = 7000;
	T(futimens(fd, times));
	note_times(d("f"));
	times[1].tv_nsec = 2000000000;
	T(futimens(fd, times));
	T(utimes(d("f"), old));
	note_times(d("f"));
	T(utime(d("f"), &older));
	note_times(d("f"));
	T(symlink("f", d("l")));
	times[0] = (struct timespec){1, 2};
	times[1] = (struct timespec){3, 4};
	T(lutimes(d("l"), old));
	note_times(d("l"));
	note_times(d("f"));
	times[0] = (struct timespec){-5, 0};
	times[1] = (struct timespec){5000000000, 1};
	T(utimensat(AT_FDCWD, d("f"), times, 0));
	note_times(d("f"));
	T(futimens(fd, NULL));
	T(stat(d("f"), &status));
	T(is_now(&status.st_mtim) && is_now(&status.st_atim));
	T(syscall(SYS_statx, AT_FDCWD, d("f"), AT_SYMLINK_NOFOLLOW, 0x17ff, &extended));
	T(extended.stx_mask & 0xfff);
	T(extended.stx_mode);
	T(extended.stx_size);
	T(extended.stx_attributes_mask & STATX_ATTR_IMMUTABLE);
	T(syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 1, &extended));
	T(syscall(SYS_statx, fd, "", AT_EMPTY_PATH | 0x6000, 1, &extended));
	T(syscall(SYS_statx, fd, "", 0, 1, &extended));
}

void status_attributes(void)
{
	char value[100];
	int fd;

	make(d("f"), "x");
	fd = (int)T(open(d("f"), O_RDWR));
	T(setxattr(d("f"), "user.a", "value", 5, 0));
	T(setxattr(d("f"), "user.a", "more", 4, XATTR_CREATE));
	T(setxattr(d("f"), "user.b", "more", 4, XATTR_REPLACE));
	T(fsetxattr(fd, "user.b", "", 0, 0));
	note_bytes("a", value, getxattr(d("f"), "user.a", value, sizeof(value)));
	T(getxattr(d("f"), "user.a", value, 2));
	T(getxattr(d("f"), "user.a", NULL, 0));
	T(fgetxattr(fd, "user.none", value, sizeof(value)));
	T(setxattr(d("f"), "odd", "x", 1, 0));
	T(setxattr(d("f"), "user.", "x", 1, 0));
	T(setxattr(d("f"), "trusted.t", "x", 1, 0));
	T(listxattr(d("f"), value, sizeof(value)));
	T(flistxattr(fd, value, 3));
	T(fremovexattr(fd, "user.a"));
	T(removexattr(d("f"), "user.a"));
	T(symlink("f", d("l")));
	T(lsetxattr(d("l"), "user.a", "x", 1, 0));
	T(lgetxattr(d("l"), "user.b", value, sizeof(value)));
	T(getxattr(d("l"), "user.b", value, sizeof(value)));
	T(llistxattr(d("l"), value, sizeof(value)));
	T(lremovexattr(d("l"), "user.b"));
	T(setxattr(d(""), "user.dir", "x", 1, 0));
	T(removexattr(d(""), "user.dir"));
	T(setxattr(d("none"), "user.a", "x", 1, 0));
	T(fsetxattr(open(d("f"), O_PATH), "user.a", "x", 1, 0));
}

static int lock_file;

static void *lock_in_thread(void *nothing)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 5};

	usleep(20000);
	T(fcntl(lock_file, F_OFD_SETLK, &(struct flock){.l_type = F_UNLCK, .l_start = 0}));
	(void)lock;
	return nothing;
}

void status_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
	pthread_t thread;
	int a, b, ro, host;

	make(d("f"), "0123456789");
	make(h("f"), "0123456789");
	a = (int)T(open(d("f"), O_RDWR));
	b = (int)T(open(d("f"), O_RDWR));
	ro = (int)T(open(d("f"), O_RDONLY));
	host = (int)T(open(h("f"), O_RDWR));
	T(fcntl(a, F_SETLK, &lock));
	T(fcntl(b, F_SETLK, &lock));
	T(fcntl(host, F_SETLK, &lock));
	T(fcntl(ro, F_SETLK, &lock));
	T(fcntl(b, F_GETLK, &lock));
	T(lock.l_type);
	lock.l_type = F_WRLCK;
	T(fcntl(b, F_OFD_GETLK, &lock));
	T(lock.l_type);
	T(lock.l_pid == getpid());
	lock = (struct flock){.l_type = F_RDLCK, .l_start = 3, .l_len = 2};
	T(fcntl(b, F_OFD_SETLK, &lock));
	lock.l_type = 77;
	T(fcntl(a, F_SETLK, &lock));
	lock = (struct flock){.l_type = F_UNLCK, .l_start = -1};
	T(fcntl(a, F_SETLK, &lock));
	T(close(dup(a)));
	lock = (struct flock){.l_type = F_WRLCK};
	T(fcntl(b, F_OFD_SETLK, &lock));
	T(fcntl(a, F_OFD_SETLK, &lock));
	T(fcntl(a, F_SETLK, &lock));
	lock.l_pid = 5;
	T(fcntl(a, F_OFD_SETLK, &lock));
	lock.l_pid = 0;
	lock_file = b;
	pthread_create(&thread, NULL, lock_in_thread, NULL);
	errno = 0;
	pthread_join(thread, NULL);
	T(fcntl(a, F_OFD_SETLKW, &lock));
	T(close(a));
	a = open(d("f"), O_RDWR);
	T(flock(a, LOCK_SH));
	T(flock(b, LOCK_SH | LOCK_NB));
	T(flock(b, LOCK_EX | LOCK_NB));
	T(flock(a, LOCK_UN));
	T(flock(b, LOCK_EX | LOCK_NB));
	T(flock(dup(b), LOCK_EX | LOCK_NB));
	T(flock(a, LOCK_SH | LOCK_NB));
	T(flock(host, LOCK_EX | LOCK_NB));
	T(flock(a, 99));
	T(flock(99, LOCK_SH));
	T(lockf(a, F_TEST, 0));
	T(fcntl(ro, F_SETLEASE, F_RDLCK));
	T(close(a));
	T(close(b));
	T(fcntl(ro, F_SETLEASE, F_RDLCK));
	T(fcntl(ro, F_GETLEASE));
	T(fcntl(ro, F_SETLEASE, F_UNLCK));
}

void status_ioctl(void)
{
	struct fsxattr extended;
	int fd, value = 0, flags = 0;

	make(d("f"), "0123456789");
	fd = (int)T(open(d("f"), O_RDWR));
	T(lseek(fd, 4, SEEK_SET));
	T(ioctl(fd, FIONREAD, &value));
	T(value);
	T(ioctl(fd, FIGETBSZ, &value));
	T(value);
	T(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	T(flags & FS_IMMUTABLE_FL);
	flags |= FS_IMMUTABLE_FL;
	T(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	T(open(d("f"), O_RDWR));
	T(unlink(d("f")));
	T(link(d("f"), d("g")));
	flags &= ~FS_IMMUTABLE_FL;
	T(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	T(ioctl(fd, FS_IOC_FSGETXATTR, &extended));
	T(ioctl(fd, FIOCLEX));
	T(fcntl(fd, F_GETFD));
	T(ioctl(fd, FIONCLEX));
	T(fcntl(fd, F_GETFD));
	value = 1;
	T(ioctl(fd, FIONBIO, &value));
	T(fcntl(fd, F_GETFL));
	T(ioctl(fd, 0x5401 /* TCGETS */, &extended));
	T(ioctl(fd, 0x12345678, &extended));
	T(ioctl(99, FIONREAD, &value));
	T(ioctl(open(d("f"), O_PATH), FIONREAD, &value));
}
