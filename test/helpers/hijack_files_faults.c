// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_faults.c - bad pointers in every argument that is one */
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "hijack_files.h"

#define PAGE 4096

/* Raw calls: libc looks into some arguments itself. */
#define C(name, ...) OK(syscall(SYS_##name, __VA_ARGS__))

static char *page_end;
static char *read_only;

/* A page, and none behind it; and one that cannot be written. */
static void make_pages(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	page_end = pages + PAGE;
	read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static const char *at_end(const char *string, size_t less)
{
	char *to = page_end - strlen(string) - 1 + less;

	return memcpy(to, string, strlen(string) + 1 - less);
}

static void one_path(const char *bad, const char *good)
{
	struct open_how how = {};
	struct stat status;
	int dirfd = open(d(""), O_RDONLY | O_DIRECTORY);
	char buffer[512];

	C(open, bad, O_RDONLY);
	C(open, bad, O_RDWR | O_CREAT, 0600);
	C(openat, AT_FDCWD, bad, O_RDONLY);
	C(openat, dirfd, bad, O_RDONLY);
	C(openat2, dirfd, bad, &how, sizeof(how));
	C(creat, bad, 0600);
	C(stat, bad, &status);
	C(lstat, bad, &status);
	C(newfstatat, AT_FDCWD, bad, &status, 0);
	C(newfstatat, dirfd, bad, &status, AT_SYMLINK_NOFOLLOW);
	C(statx, dirfd, bad, 0, 0xfff, buffer);
	C(access, bad, F_OK);
	C(faccessat, dirfd, bad, F_OK);
	C(readlink, bad, buffer, sizeof(buffer));
	C(readlinkat, dirfd, bad, buffer, sizeof(buffer));
	C(mkdir, bad, 0700);
	C(mkdirat, dirfd, bad, 0700);
	C(rmdir, bad);
	C(unlink, bad);
	C(unlinkat, dirfd, bad, 0);
	C(mknod, bad, S_IFREG | 0600, 0);
	C(chdir, bad);
	C(chmod, bad, 0600);
	C(fchmodat, dirfd, bad, 0600);
	C(chown, bad, 0, 0);
	C(lchown, bad, 0, 0);
	C(fchownat, dirfd, bad, 0, 0, 0);
	C(truncate, bad, 0);
	C(rename, bad, good);
	C(rename, good, bad);
	C(renameat, dirfd, good, dirfd, bad);
	C(renameat2, dirfd, bad, dirfd, good, 0);
	C(link, bad, good);
	C(link, good, bad);
	C(linkat, dirfd, good, dirfd, bad, 0);
	C(symlink, bad, good);
	C(symlink, good, bad);
	C(symlinkat, bad, dirfd, "new");
	C(statfs, bad, buffer);
	C(utimensat, dirfd, bad, NULL, AT_SYMLINK_NOFOLLOW);
	C(utimes, bad, NULL);
	C(setxattr, bad, "user.a", "x", 1, 0);
	C(getxattr, bad, "user.a", buffer, 1);
	C(listxattr, bad, buffer, 1);
	C(removexattr, bad, "user.a");
	C(name_to_handle_at, dirfd, bad, buffer, buffer, 0);
	C(chroot, bad);
	C(inotify_add_watch, 99, bad, 1);
	close(dirfd);
}

void faults_paths(void)
{
	const void *bad[] = {BAD, BAD_HIGH, BAD_ODD, NULL};

	make_pages();
	make(d("f"), "D");
	make(h("f"), "H");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		note("bad pointer %zu", i);
		T(chdir(d("")));
		one_path(bad[i], d("f"));
		T(chdir(h("")));
		one_path(bad[i], h("f"));
	}
	note("a string without an end");
	one_path(at_end(d("f"), 1), d("f"));
	T(chdir(d("")));
	one_path(at_end("f", 1), d("f"));
	note("a string that ends a page");
	T(access(at_end(d("f"), 0), F_OK));
	T(access(at_end("f", 0), F_OK));
	T(access(at_end("", 0), F_OK));
	T(open(at_end("../none/f", 0), O_RDONLY));
	T(open(at_end(h("f"), 0), O_RDONLY));
	T(open(at_end(d("//./f"), 0), O_RDONLY));
}

static void one_file(int fd, void *bad, const char *path)
{
	struct iovec iov[2] = {{"x", 1}, {bad, 10}};
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	char byte;

	(void)limit;
	C(read, fd, bad, 10);
	C(read, fd, bad, 0);
	C(pread64, fd, bad, 10, 0);
	C(write, fd, bad, 10);
	C(pwrite64, fd, bad, 10, 0);
	C(readv, fd, bad, 1);
	C(writev, fd, bad, 1);
	C(preadv, fd, bad, 2, 0, 0);
	C(pwritev2, fd, bad, 2, 0, 0, 0);
	T(preadv(fd, iov + 1, 1, 0));
	T(pwritev(fd, iov + 1, 1, 0));
	T(pwritev(fd, iov, 2, 0));
	iov[0].iov_base = &byte;
	T(preadv(fd, iov, 2, 0));
	C(readv, fd, iov, -1);
	C(readv, fd, iov, 1025);
	C(readv, fd, iov, 0);
	C(fstat, fd, bad);
	C(stat, path, bad);
	C(newfstatat, fd, "", bad, AT_EMPTY_PATH);
	C(statx, AT_FDCWD, path, 0, 0xfff, bad);
	C(fstatfs, fd, bad);
	C(statfs, path, bad);
	C(fcntl, fd, F_GETLK, bad);
	C(fcntl, fd, F_SETLK, bad);
	C(ioctl, fd, FIONREAD, bad);
	C(openat2, AT_FDCWD, path, bad, sizeof(struct open_how));
	C(utimensat, AT_FDCWD, path, bad, 0);
	C(utimensat, fd, NULL, bad, 0);
	C(utime, path, bad);
	C(futimesat, AT_FDCWD, path, bad);
	C(fsetxattr, fd, bad, "x", 1, 0);
	C(fsetxattr, fd, "user.a", bad, 1, 0);
	C(setxattr, path, bad, "x", 1, 0);
	C(setxattr, path, "user.a", bad, 1, 0);
	C(fgetxattr, fd, bad, &byte, 1);
	C(setxattr, path, "user.b", "x", 1, 0);
	C(fgetxattr, fd, "user.b", bad, 1);
	C(flistxattr, fd, bad, 100);
	C(removexattr, path, bad);
	C(sendfile, fd, fd, bad, 1);
	C(copy_file_range, fd, bad, fd, NULL, 1, 0);
	C(copy_file_range, fd, NULL, fd, bad, 1, 0);
	C(name_to_handle_at, AT_FDCWD, path, bad, bad, 0);
	C(readlink, path, bad, 100);
	C(getdents64, fd, bad, 100);
}

void faults_buffers(void)
{
	void *bad[] = {BAD, BAD_HIGH, BAD_ODD, NULL};
	int fd, hostfd;

	make_pages();
	make(d("f"), "0123456789");
	make(h("f"), "0123456789");
	fd = open(d("f"), O_RDWR);
	hostfd = open(h("f"), O_RDWR);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		note("bad pointer %zu", i);
		one_file(fd, bad[i], d("f"));
		one_file(hostfd, bad[i], h("f"));
		T(chdir(d("")));
		C(getcwd, bad[i], 100);
		C(getdents64, open(".", O_RDONLY), bad[i], 1000);
		T(symlink("x", d("l")));
		C(readlink, d("l"), bad[i], 100);
		C(readlink, "/proc/self/cwd", bad[i], 100);
		T(unlink(d("l")));
		T(pipe(bad[i]));
	}
	note("half of a buffer is there");
	make(d("f"), "0123456789");
	T(pread(fd, page_end - 5, 10, 0));
	note_bytes("got", page_end - 5, 5);
	T(pwrite(fd, page_end - 5, 10, 20));
	note_file(d("f"));
	T(pread(fd, read_only, 10, 0));
	T(pwrite(fd, read_only, 3, 0));
	note_contents(d("f"));
	C(newfstatat, AT_FDCWD, d("f"), page_end - 8, 0);
	C(getcwd, page_end - 2, 100);
	C(readlink, "/proc/self/cwd", page_end - 2, 100);
	C(fstat, fd, read_only);
}

/* Messages of a socket of the host: bad ones, and one of which each part lies in a page of its own of @mapped. */
void faults_messages(void)
{
	void *bad[] = {BAD, BAD_HIGH, BAD_ODD, NULL};
	struct msghdr message, *there;
	int fd, pair[2];
	char *mapped;

	make_pages();
	make(d("f"), "0123456789");
	fd = open(d("f"), O_RDWR);
	T(ftruncate(fd, 4 * PAGE));
	mapped = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	note_bytes("mapped", mapped, 10);
	T(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct iovec piece = {bad[i], 10};

		note("bad pointer %zu", i);
		C(recvmsg, pair[0], bad[i], MSG_DONTWAIT);
		C(sendmsg, pair[0], bad[i], MSG_DONTWAIT);
		message = (struct msghdr){.msg_iov = bad[i], .msg_iovlen = 1};
		C(sendmsg, pair[0], &message, MSG_DONTWAIT);
		C(recvmsg, pair[0], &message, MSG_DONTWAIT);
		message = (struct msghdr){.msg_iov = &piece, .msg_iovlen = 1};
		C(sendmsg, pair[0], &message, MSG_DONTWAIT);
		message = (struct msghdr){.msg_control = bad[i], .msg_controllen = 100};
		C(sendmsg, pair[0], &message, MSG_DONTWAIT);
	}
	there = (struct msghdr *)(mapped + PAGE);
	*there = (struct msghdr){.msg_iov = (struct iovec *)(mapped + 2 * PAGE), .msg_iovlen = 1};
	*there->msg_iov = (struct iovec){mapped + 3 * PAGE, 10};
	memcpy(mapped + 3 * PAGE, "a message", 10);
	T(sendmsg(pair[0], there, 0));
	T(msync(mapped, 4 * PAGE, MS_SYNC));
	T(madvise(mapped, 4 * PAGE, MADV_DONTNEED));
	C(sendmsg, pair[0], there, 0);
	T(recv(pair[1], page_end - 20, 20, 0));
	note_bytes("received", page_end - 20, 10);
	T(recv(pair[1], page_end - 20, 20, 0));
	note("a message is not lost when its pages have yet to be brought");
	for (int i = 0; i < 5; i++) {
		struct mmsghdr *several = (struct mmsghdr *)there;

		T(send(pair[0], "0123456789" + i, 10 - i, 0));
		T(madvise(mapped, 4 * PAGE, MADV_DONTNEED));
		switch (i) {
		case 0:
			T(recvmsg(pair[1], there, MSG_DONTWAIT));
			break;
		case 1:
			T(recv(pair[1], mapped + 3 * PAGE, 10, MSG_DONTWAIT));
			break;
		case 2:
			T(read(pair[1], mapped + 3 * PAGE, 10));
			break;
		case 3:
			T(readv(pair[1], (struct iovec *)(mapped + 2 * PAGE), 1));
			break;
		default:
			T(recvmmsg(pair[1], several, 1, MSG_DONTWAIT, NULL));
			T(several->msg_len);
		}
		note_bytes("received", mapped + 3 * PAGE, 10);
	}
}
