// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_open.c - open(2) with its flags, kinds of files, directories */
#include <dirent.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "hijack_files.h"

#define MANY 300

void open_flags(void)
{
	char byte[8];
	int fd;

	T(open(d("a"), O_RDONLY));
	T(open(d("a"), O_RDWR | O_CREAT, 0640));
	T(open(d("a"), O_RDWR | O_CREAT | O_EXCL, 0640));
	T(open(d("b"), O_RDWR | O_CREAT | O_EXCL, 0600));
	note_file(d("a"));
	make(d("a"), "0123456789");
	fd = (int)T(open(d("a"), O_WRONLY));
	T(read(fd, byte, 1));
	T(fcntl(fd, F_GETFL));
	T(fcntl(fd, F_GETFD));
	fd = (int)T(open(d("a"), O_RDONLY | O_CLOEXEC | O_NOATIME));
	T(write(fd, "x", 1));
	T(fcntl(fd, F_GETFL));
	T(fcntl(fd, F_GETFD));
	fd = (int)T(open(d("a"), O_RDWR | O_APPEND | O_NONBLOCK));
	T(pwrite(fd, "ab", 2, 0));
	T(lseek(fd, 0, SEEK_CUR));
	T(write(fd, "cd", 2));
	T(lseek(fd, 0, SEEK_CUR));
	T(fcntl(fd, F_GETFL));
	note_contents(d("a"));
	T(open(d("a"), O_RDWR | O_TRUNC));
	note_file(d("a"));
	T(open(d("a"), O_RDWR | O_SYNC | O_DSYNC));
	T(open(d("a"), O_DIRECTORY));
	T(open(d("a/"), O_RDONLY));
	T(open(d("a/b"), O_RDONLY));
	T(open(d("new/"), O_RDWR | O_CREAT, 0600));
	T(open(d(""), O_RDWR));
	T(open(d(""), O_RDWR | O_CREAT, 0600));
	T(open(d(""), O_WRONLY | O_DIRECTORY));
	T(open("", O_RDONLY));
	T(open(d("a"), 3));
	T(creat(d("c"), 0777));
	note_file(d("c"));
	T(umask(077));
	T(creat(d("e"), 0777));
	note_file(d("e"));
	T(umask(022));
	T(open(d("s"), O_RDWR | O_CREAT, 06755));
	note_file(d("s"));
}

void open_kinds(void)
{
	struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0600};
	struct stat status;
	char link[64], byte[8];
	int fd, path;

	/* A file without a name, and its name afterwards. */
	fd = (int)T(open(d(""), O_TMPFILE | O_RDWR, 0600));
	T(write(fd, "unnamed", 7));
	note_stat("unnamed", fstat(fd, &status), &status);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	T(linkat(AT_FDCWD, link, AT_FDCWD, d("named"), AT_SYMLINK_FOLLOW));
	T(linkat(fd, "", AT_FDCWD, d("again"), AT_EMPTY_PATH));
	T(linkat(fd, "", AT_FDCWD, h("across"), AT_EMPTY_PATH));
	T(linkat(AT_FDCWD, link, AT_FDCWD, h("across"), AT_SYMLINK_FOLLOW));
	note_contents(d("named"));
	note_file(d("again"));
	T(open(d(""), O_TMPFILE | O_RDONLY, 0600));
	fd = (int)T(open(d(""), O_TMPFILE | O_WRONLY | O_EXCL, 0600));
	T(linkat(fd, "", AT_FDCWD, d("excl"), AT_EMPTY_PATH));

	make(d("file"), "contents");
	T(symlink("file", d("link")));
	T(symlink("nothing", d("dangling")));
	T(symlink("loop", d("loop")));
	T(open(d("link"), O_RDONLY | O_NOFOLLOW));
	T(open(d("loop"), O_RDONLY));
	T(open(d("dangling"), O_RDONLY));
	T(open(d("dangling"), O_RDWR | O_CREAT | O_EXCL, 0600));
	T(open(d("dangling"), O_RDWR | O_CREAT, 0600));
	note_file(d("nothing"));
	path = (int)T(open(d("link"), O_PATH | O_NOFOLLOW));
	T(readlinkat(path, "", link, sizeof(link)));
	note_stat("O_PATH of a link", fstat(path, &status), &status);
	path = (int)T(open(d("file"), O_PATH));
	T(read(path, byte, 1));
	T(write(path, byte, 1));
	T(lseek(path, 0, SEEK_SET));
	T(fcntl(path, F_GETFL));
	T(fchmod(path, 0600));
	T(ftruncate(path, 0));
	T(fstatat(path, "", &status, AT_EMPTY_PATH));
	T(fchownat(path, "", 1, 2, AT_EMPTY_PATH));
	T(dup(path));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	fd = (int)T(open(link, O_RDWR));
	T(read(fd, byte, 8));
	path = (int)T(open(d(""), O_PATH | O_DIRECTORY));
	T(openat(path, "file", O_RDONLY));
	T(fchdir(path));
	T(access("file", R_OK));
	T(open(d("file"), O_PATH | O_RDWR | O_CREAT | O_TRUNC, 0600));

	T(syscall(SYS_openat2, AT_FDCWD, d("how"), &how, sizeof(how)));
	T(syscall(SYS_openat2, AT_FDCWD, d("how"), &how, sizeof(how) - 1));
	how.flags = O_RDONLY | (1ul << 40);
	how.mode = 0;
	T(syscall(SYS_openat2, AT_FDCWD, d("how"), &how, sizeof(how)));
	how.flags = O_RDONLY;
	how.resolve = RESOLVE_BENEATH;
	T(syscall(SYS_openat2, path, "file", &how, sizeof(how)));
	T(syscall(SYS_openat2, path, "../file", &how, sizeof(how)));
	T(syscall(SYS_openat2, path, d("file"), &how, sizeof(how)));
	how.resolve = RESOLVE_NO_SYMLINKS;
	T(syscall(SYS_openat2, path, "link", &how, sizeof(how)));
	T(syscall(SYS_openat2, path, "file", &how, sizeof(how)));
	how.resolve = RESOLVE_IN_ROOT;
	T(syscall(SYS_openat2, path, "/file", &how, sizeof(how)));
	T(syscall(SYS_openat2, path, "../../file", &how, sizeof(how)));
	how.resolve = RESOLVE_NO_MAGICLINKS;
	T(syscall(SYS_openat2, AT_FDCWD, link, &how, sizeof(how)));

	T(mkfifo(d("fifo"), 0600));
	T(open(d("fifo"), O_WRONLY | O_NONBLOCK));
	fd = (int)T(open(d("fifo"), O_RDWR));
	T(write(fd, "fifo", 4));
	T(read(fd, byte, 8));
	T(lseek(fd, 0, SEEK_SET));
	T(mknod(d("null"), S_IFCHR | 0600, makedev(1, 3)));
	fd = (int)T(open(d("null"), O_RDWR));
	T(write(fd, "null", 4));
	T(read(fd, byte, 8));
	note_stat("null", fstat(fd, &status), &status);
	T(mknod(d("socket"), S_IFSOCK | 0600, 0));
	T(open(d("socket"), O_RDWR));
	T(mknod(d("regular"), 0600, 0));
	note_file(d("regular"));
	T(mknod(d("regular"), 0600, 0));
	T(mknod(d("directory"), S_IFDIR | 0600, 0));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a directory, sorted; hashes of file systems differ. */
static void list(const char *path)
{
	char *names[MANY + 8];
	struct dirent *entry;
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir) {
		record("opendir", -1);
		return;
	}
	while (n < MANY + 8 && (entry = readdir(dir))) {
		if (asprintf(&names[n], "%d %s", entry->d_type, entry->d_name) > 0)
			n++;
	}
	closedir(dir);
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++) {
		if (i < 12)
			note("%s", names[i]);
		free(names[i]);
	}
	note("%d names", n);
}

void open_directories(void)
{
	struct dirent *entry;
	char name[32], after[256], buffer[64];
	DIR *dir;
	long at;
	int fd, n;

	list(d(""));
	T(mkdir(d("sub"), 0755));
	T(mkdir(d("sub"), 0755));
	T(mkdir(d("sub/"), 0755));
	T(mkdir(d("slash/"), 0755));
	T(mkdir(d("no/such"), 0755));
	T(symlink("sub", d("link")));
	T(mkfifo(d("fifo"), 0600));
	make(d("file"), "");
	list(d(""));
	list(d("link"));
	list(d("file"));
	T(chdir(d("sub")));
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%03d", i);
		make(name, "");
	}
	list(".");
	list(d("sub/"));
	dir = opendir(d("link/"));
	for (n = 0; n < 100; n++)
		entry = readdir(dir);
	at = telldir(dir);
	entry = readdir(dir);
	snprintf(after, sizeof(after), "%s", entry ? entry->d_name : "none");
	while (readdir(dir))
		n++;
	T(n);
	seekdir(dir, at);
	entry = readdir(dir);
	note("the same entry after seekdir: %d", entry && !strcmp(after, entry->d_name));
	rewinddir(dir);
	for (n = 0; readdir(dir); n++)
		;
	T(n);
	T(dirfd(dir));
	T(closedir(dir));
	fd = (int)T(open(d("sub"), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	T(open(d("link"), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	T(read(fd, buffer, sizeof(buffer)));
	T(write(fd, buffer, sizeof(buffer)));
	T(syscall(SYS_getdents64, fd, buffer, 4));
	T(syscall(SYS_getdents64, fd, buffer, 24));
	T(lseek(fd, 0, SEEK_SET));
	T(fsync(fd));
	T(openat(fd, "many000", O_RDWR));
	T(rmdir(d("sub")));
	T(rmdir(d("file")));
	T(unlink(d("slash")));
	T(unlink(d("file/")));
	T(rmdir(d("slash/")));
	T(rmdir(d("slash")));
	T(rmdir(d("sub/.")));
	T(rmdir(d("sub/..")));
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%03d", i);
		if (unlink(name))
			T(i);
	}
	T(rmdir(d("sub")));
	T(openat(fd, "many000", O_RDWR | O_CREAT, 0600));
	T(syscall(SYS_getdents64, fd, buffer, 64));
	T(open(".", O_RDONLY) >= 0);
	T(open("x", O_RDWR | O_CREAT, 0600));
	T(syscall(SYS_getcwd, buffer, sizeof(buffer)));
}
