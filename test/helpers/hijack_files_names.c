// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_names.c - names: changes, lengths, the working directory, links, /proc, walks, *at */
#include <dirent.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <linux/fs.h>

#include "hijack_files.h"

#define SYS_fchmodat2_nr 452

void names_change(void)
{
	int dirfd, hostfd;

	make(d("a"), "a");
	make(h("h"), "h");
	T(mkdir(d("sub"), 0755));
	T(mkdir(d("full"), 0755));
	make(d("full/x"), "x");
	T(rename(d("a"), d("b")));
	T(rename(d("a"), d("b")));
	T(rename(d("b"), d("sub/b")));
	T(rename(d("sub/b"), d("b")));
	T(rename(d("b"), d("sub")));
	T(rename(d("sub"), d("b")));
	T(rename(d("sub"), d("full")));
	T(rename(d("full"), d("sub")));
	T(rename(d("sub"), d("sub/in")));
	T(rename(d("sub/"), d("full/")));
	T(rename(d("b"), d("c/")));
	T(rename(d("b"), h("b")));
	T(rename(h("h"), d("h")));
	T(rename(h("none"), d("h")));
	T(rename(d("full"), h("full")));
	T(link(d("b"), d("c")));
	note_file(d("c"));
	T(link(d("b"), d("c")));
	T(link(d("full"), d("hard")));
	T(link(d("b"), h("b")));
	T(link(h("h"), d("h")));
	T(link(d("none"), d("h")));
	T(rename(d("b"), d("c")));
	T(access(d("b"), F_OK));
	T(unlink(d("c")));
	T(unlink(d("c")));
	T(unlink(d("full")));
	make(d("b"), "b");
	make(d("x"), "x");
	T(renameat2(AT_FDCWD, d("b"), AT_FDCWD, d("x"), RENAME_NOREPLACE));
	T(renameat2(AT_FDCWD, d("b"), AT_FDCWD, d("x"), RENAME_EXCHANGE));
	note_contents(d("b"));
	T(renameat2(AT_FDCWD, d("b"), AT_FDCWD, h("x"), RENAME_EXCHANGE));
	T(renameat2(AT_FDCWD, d("b"), AT_FDCWD, d("y"), RENAME_WHITEOUT));
	note_file(d("b"));
	T(renameat2(AT_FDCWD, d("x"), AT_FDCWD, d("y"), 0x80));
	T(unlink(d("b")));
	make(d("b"), "b");
	dirfd = (int)T(open(d("full"), O_RDONLY | O_DIRECTORY));
	hostfd = (int)T(open(h(""), O_RDONLY | O_DIRECTORY));
	T(renameat(AT_FDCWD, d("b"), dirfd, "b"));
	T(renameat(dirfd, "b", hostfd, "b"));
	T(renameat(hostfd, "h", dirfd, "h"));
	T(linkat(dirfd, "b", hostfd, "b", 0));
	T(linkat(dirfd, "b", AT_FDCWD, d("l"), 0));
	T(linkat(hostfd, "h", hostfd, "i", 0));
	T(renameat(hostfd, d("l"), dirfd, "moved"));
	T(renameat(dirfd, h("i"), hostfd, "j"));
	note_file(d("full/moved"));
	note_file(h("j"));
	T(mkdir(d("."), 0755));
	T(rmdir(d("full")));
	T(rename(d("full/."), d("z")));
	T(rename(d("full/.."), d("z")));
}

void names_long(void)
{
	char path[PATH_MAX + 300], name[300];
	size_t begin;
	int fd;

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	T(open(d(name), O_RDWR | O_CREAT, 0600));
	T(access(d(name), F_OK));
	T(unlink(d(name)));
	T(mkdir(d(name), 0755));
	T(rmdir(d(name)));
	T(symlink("x", d(name)));
	T(open(h(name), O_RDWR | O_CREAT, 0600));
	name[255] = 'n';
	name[256] = 0;
#define RECORD(what, call) (errno = 0, record(what, call))
	RECORD("open of 256", open(d(name), O_RDWR | O_CREAT, 0600));
	RECORD("open of 256 on the host", open(h(name), O_RDWR | O_CREAT, 0600));
	RECORD("mkdir of 256", mkdir(d(name), 0755));
	RECORD("rename to 256", rename(d("a"), d(name)));
	RECORD("unlink of 256", unlink(d(name)));
	/* PATH_MAX counts the byte at the end; the slashes make the length without a directory. */
	make(d("f"), "found");
	for (size_t want = PATH_MAX - 3; want < PATH_MAX + 200; want += want < PATH_MAX + 2 ? 1 : 99) {
		begin = strlen(d(""));
		memcpy(path, d(""), begin);
		memset(path + begin, '/', want - begin);
		path[want - 1] = 'f';
		path[want] = 0;
		note("length %zu", want);
		RECORD("stat", access(path, F_OK));
		RECORD("open", open(path, O_RDONLY));
		RECORD("truncate", truncate(path, 5));
		for (size_t i = begin + 1; i + 2 < want; i += 2)
			path[i] = '.';
		RECORD("stat by /./", access(path, F_OK));
		RECORD("relative", chdir(d("")) ? -1 : access(path + begin + 1, F_OK));
		memset(path, 'x', want);
		path[want] = 0;
		RECORD("one name", access(path, F_OK));
		RECORD("of the root", (path[0] = '/', access(path, F_OK)));
		RECORD("link text", symlink(path, d("long")));
		RECORD("link text", unlink(d("long")));
	}
	/* Deeper than any path can tell. */
	memset(name, 'd', 250);
	name[250] = 0;
	RECORD("chdir", chdir(d("")));
	for (int i = 0; i < 20; i++)
		if (mkdir(name, 0755) || chdir(name))
			RECORD("deeper", i);
	RECORD("getcwd", getcwd(path, sizeof(path)) ? 0 : -1);
	fd = open("bottom", O_RDWR | O_CREAT, 0600);
	RECORD("open", fd);
	RECORD("stat", access("bottom", F_OK));
	RECORD("stat", access("./bottom", F_OK));
	RECORD("stat", access("../bottom", F_OK));
	RECORD("unlink", unlink("bottom"));
	for (int i = 0; i < 20; i++)
		if (chdir("..") || rmdir(name))
			RECORD("up", i);
	RECORD("getcwd", getcwd(path, sizeof(path)) ? 0 : -1);
	note("%s", path);
#undef RECORD
}

static void where(void)
{
	char path[PATH_MAX], link[PATH_MAX] = "";
	long n;

	note("getcwd %s", getcwd(path, sizeof(path)) ? path : strerrorname_np(errno));
	n = readlink("/proc/self/cwd", link, sizeof(link) - 1);
	note("/proc/self/cwd %.*s", n < 0 ? 0 : (int)n, link);
	note("realpath . %s", realpath(".", path) ? path : strerrorname_np(errno));
}

void names_cwd(void)
{
	char path[PATH_MAX], small[4];
	char base[NAME_MAX + 1];
	int fd, hostfd;

	strcpy(base, strrchr(d(""), '/') + 1);
	T(mkdir(d("sub"), 0755));
	T(mkdir(d("sub/deep"), 0755));
	T(mkdir(h("host"), 0755));
	make(d("f"), "D");
	make(h("f"), "H");
	T(chdir(d("")));
	where();
	T(access("f", F_OK));
	T(access("./f", F_OK));
	T(access("sub/../f", F_OK));
	T(access("sub/deep/../../f", F_OK));
	T(chdir("sub"));
	where();
	note_contents("../f");
	T(chdir("deep/"));
	where();
	T(chdir("../.."));
	where();
	snprintf(path, sizeof(path), "../%s/f", base);
	errno = 0;
	record("out and back", access(path, F_OK));
	snprintf(path, sizeof(path), "../%s/../%s/sub/../f", base, base);
	record("out and back twice", access(path, F_OK));
	snprintf(path, sizeof(path), "../../../../../../../../../../../..%s", d("f"));
	record("from the root", access(path, F_OK));
	snprintf(path, sizeof(path), "../../../../../../../../../../../..%s", h("f"));
	note_contents(path);
	T(chdir(".."));
	record("back", chdir(base));
	where();
	T(chdir(h("host")));
	where();
	note_contents("../f");
	snprintf(path, sizeof(path), "../../../../../../../../../../../..%s", d("f"));
	note_contents(path);
	record("chdir", chdir(d("sub/deep")));
	where();
	fd = (int)T(open(d("sub"), O_RDONLY | O_DIRECTORY));
	hostfd = (int)T(open(h(""), O_RDONLY | O_DIRECTORY));
	T(fchdir(fd));
	where();
	T(fchdir(hostfd));
	where();
	T(access("f", F_OK));
	T(fchdir(fd));
	T(access("f", F_OK));
	T(access("../f", F_OK));
	T(openat(AT_FDCWD, "deep", O_RDONLY));
	T(chdir(d("f")));
	T(chdir(d("none")));
	T(chdir(""));
	T(fchdir(99));
	T(fchdir(open(d("f"), O_RDONLY)));
	where();
	T(syscall(SYS_getcwd, small, sizeof(small)));
	T(syscall(SYS_getcwd, small, 0));
	T(chdir("deep"));
	T(rename(d("sub"), d("moved")));
	where();
	T(rmdir(d("moved/deep")));
	T(syscall(SYS_getcwd, path, sizeof(path)) < 0 ? -1 : 0);
	T(access(".", F_OK));
	T(access("..", F_OK));
	T(chdir(".."));
	where();
}

void names_links(void)
{
	char path[PATH_MAX], small[4];
	struct stat status;

	make(d("f"), "D");
	make(h("f"), "H");
	T(mkdir(d("sub"), 0755));
	make(d("sub/g"), "G");
	T(symlink("f", d("rel")));
	T(symlink("sub", d("dir")));
	T(symlink("../f", d("sub/up")));
	T(symlink(".", d("sub/here")));
	T(symlink("nowhere", d("dangling")));
	T(symlink("a", d("b")));
	T(symlink("b", d("a")));
	T(symlink("", d("empty")));
	T(symlink("x", d("f")));
	note_contents(d("rel"));
	note_contents(d("dir/g"));
	note_contents(d("dir/up"));
	note_contents(d("dir/../f"));
	note_contents(d("dir/here/here/up"));
	note_bytes("readlink", path, readlink(d("rel"), path, sizeof(path)));
	note_bytes("short", small, readlink(d("sub/up"), small, sizeof(small)));
	T(readlink(d("f"), path, sizeof(path)));
	T(readlink(d("rel"), path, 0));
	T(readlink(d("none"), path, sizeof(path)));
	T(stat(d("a"), &status));
	T(lstat(d("a"), &status));
	T(stat(d("dangling"), &status));
	note_file(d("rel"));
	T(lstat(d("dir/"), &status));
	T(status.st_mode & S_IFMT);
	T(unlink(d("rel")));
	T(rename(d("dir"), d("dir2")));
	T(rmdir(d("dir2")));
	T(unlink(d("dir2/")));
	T(link(d("dangling"), d("hard")));
	note_file(d("hard"));
	T(linkat(AT_FDCWD, d("dangling"), AT_FDCWD, d("hard2"), AT_SYMLINK_FOLLOW));
	T(chmod(d("dangling"), 0600));
	T(lchown(d("dangling"), 3, 4));
	note_file(d("dangling"));
}

/* Links from each of the two to the other, and of each to itself by its whole name. */
void names_absolute(void)
{
	char path[PATH_MAX];
	struct stat status;

	make(d("f"), "D");
	make(h("f"), "H");
	T(mkdir(d("sub"), 0755));
	make(d("sub/g"), "G");
	T(symlink(d("f"), d("own")));
	T(symlink(h("f"), d("out")));
	T(symlink(h(""), d("outdir")));
	T(symlink(d("f"), h("in")));
	T(symlink(d("sub"), h("indir")));
	note_contents(d("own"));
	note_contents(d("out"));
	note_contents(d("outdir/f"));
	note_contents(h("in"));
	note_contents(h("indir/g"));
	note_contents(h("indir/../f"));
	note_contents(d("outdir/indir/g"));
	T(open(d("outdir/new"), O_RDWR | O_CREAT, 0600));
	T(open(h("indir/new"), O_RDWR | O_CREAT, 0600));
	note_file(h("new"));
	note_file(d("sub/new"));
	T(mkdir(h("indir/made"), 0755));
	T(rename(h("indir/made"), d("made")));
	T(stat(h("in"), &status));
	T(lstat(h("in"), &status));
	T(status.st_mode & S_IFMT);
	T(lstat(d("out"), &status));
	T(status.st_mode & S_IFMT);
	note_bytes("in", path, readlink(h("in"), path, sizeof(path)) < 0 ? -1 : 0);
	note("realpath %s", realpath(h("indir/g"), path) ? path : strerrorname_np(errno));
	note("realpath %s", realpath(d("outdir/f"), path) ? path : strerrorname_np(errno));
	T(unlink(h("in")));
	T(access(d("f"), F_OK));
	T(chdir(h("indir")));
	T(access("g", F_OK));
	note("getcwd %s", getcwd(path, sizeof(path)) ? path : strerrorname_np(errno));
	T(chdir(d("outdir")));
	note("getcwd %s", getcwd(path, sizeof(path)) ? path : strerrorname_np(errno));
	T(access("indir/g", F_OK));
}

static void name_of(const char *link)
{
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path));

	note("%s: %.*s", link, n < 0 ? 0 : (int)n, path);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The numbers that are open, as the process is told; what is above belongs to the test or the shim. */
static void open_numbers(const char *path)
{
	int numbers[400], n = 0;
	char line[2000], *to = line;
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) < 400)
			numbers[n++] = atoi(entry->d_name);
	closedir(dir);
	qsort(numbers, (size_t)n, sizeof(numbers[0]), by_number);
	*to = 0;
	for (int i = 0; i < n && i < 100; i++)
		to += sprintf(to, " %d", numbers[i]);
	note("%s:%s", path, line);
}

void names_proc(void)
{
	char link[64], path[PATH_MAX], byte[8];
	struct stat status;
	int fd, dirfd;

	make(d("f"), "contents");
	make(h("f"), "host");
	fd = (int)T(open(d("f"), O_RDONLY));
	T(read(fd, byte, 3));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	name_of(link);
	note_contents(link);
	note_stat("stat", stat(link, &status), &status);
	T(lstat(link, &status) || !S_ISLNK(status.st_mode));
	T(open(link, O_RDWR));
	T(open(link, O_RDWR | O_TRUNC));
	T(access(link, W_OK));
	T(truncate(link, 4));
	T(chmod(link, 0600));
	note_file(d("f"));
	snprintf(link, sizeof(link), "/dev/fd/%d", fd);
	name_of(link);
	T(open(link, O_RDONLY));
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", getpid(), fd);
	T(open(link, O_RDONLY));
	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", fd);
	T(open(link, O_RDONLY));
	T(unlink(d("f")));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	name_of(link);
	T(open(link, O_RDONLY));
	dirfd = (int)T(open(d(""), O_RDONLY | O_DIRECTORY));
	make(d("g"), "in directory");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	name_of(link);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/g", dirfd);
	note_contents(link);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/new", dirfd);
	T(open(link, O_RDWR | O_CREAT, 0600));
	snprintf(link, sizeof(link), "/proc/self/fd/%d/../none", dirfd);
	T(open(link, O_RDONLY));
	open_numbers("/proc/self/fd");
	open_numbers("/dev/fd");
	T(chdir(d("")));
	name_of("/proc/self/cwd");
	note_contents("/proc/self/cwd/g");
	T(access("/proc/self/cwd/none", F_OK));
	T(chdir("/proc/self/fd"));
	T(chdir("/proc/self/cwd"));
	T(chdir(h("")));
	name_of("/proc/self/cwd");
	note_contents("/proc/self/cwd/f");
	T(dup2(open(d("g"), O_RDONLY), 0));
	note_contents("/dev/stdin");
	note_contents("/proc/self/fd/0");
	note_stat("/dev/stdin", stat("/dev/stdin", &status), &status);
	note("realpath %s", realpath("/dev/stdin", path) ? path : strerrorname_np(errno));
	T(close(0));
	T(open("/dev/stdin", O_RDONLY));
	T(open(h("f"), O_RDONLY));
	note_contents("/dev/stdin");
	T(fstatat(dirfd, "", &status, AT_EMPTY_PATH));
	T(readlinkat(dirfd, "/proc/self/fd/0", path, sizeof(path)) > 0);
}

static char *walked[64];
static int nwalked;

static int walk(const char *path, const struct stat *status, int type, struct FTW *at)
{
	const char *name = at->level ? path + at->base : "top";

	if (nwalked < 64 &&
	    asprintf(&walked[nwalked], "%d %d %o %s", type, at->level, status->st_mode, name) > 0)
		nwalked++;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of names is the file system's. */
static void note_walked(void)
{
	qsort(walked, (size_t)nwalked, sizeof(walked[0]), by_text);
	for (int i = 0; i < nwalked; i++) {
		note("%s", walked[i]);
		free(walked[i]);
	}
	nwalked = 0;
}

void names_walk(void)
{
	char template[PATH_MAX];
	glob_t found;
	int fd;

	T(mkdir(d("a"), 0755));
	T(mkdir(d("a/b"), 0755));
	T(mkdir(d("a/b/c"), 0755));
	make(d("a/b/c/file"), "x");
	T(symlink("b/c", d("a/link")));
	T(nftw(d("a"), walk, 8, FTW_PHYS));
	note_walked();
	T(nftw(d("a/b"), walk, 8, FTW_PHYS | FTW_CHDIR | FTW_DEPTH));
	note_walked();
	make(d("one.c"), "");
	make(d("two.c"), "");
	T(glob(d("*.c"), 0, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		note("%s", found.gl_pathv[i]);
	globfree(&found);
	T(chdir(d("a")));
	T(glob("*/*", GLOB_MARK, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		note("%s", found.gl_pathv[i]);
	globfree(&found);
	T(glob("../*/b/../?/c/f*", 0, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		note("%s", found.gl_pathv[i]);
	globfree(&found);
	snprintf(template, sizeof(template), "%s/XXXXXX", d(""));
	fd = (int)T(mkstemp(template));
	T(unlink(template));
	T(write(fd, "x", 1));
	snprintf(template, sizeof(template), "%s/XXXXXX", d(""));
	T(mkdtemp(template) ? 0 : -1);
	T(rmdir(template));
	note("realpath %s", realpath(d("a/link/../c/./file"), template) ? template : "none");
	note("realpath %s", realpath("b//c/../../link/file", template) ? template : "none");
	note("realpath %s", realpath("../../../nothing/x", template) ? template : "none");
}

void names_at(void)
{
	struct stat status;
	char path[300];
	int a = (int)T(open(d(""), O_RDONLY | O_DIRECTORY));
	int b = (int)T(open(h(""), O_RDONLY | O_DIRECTORY));
	int file;

	make(d("f"), "D");
	make(h("f"), "H");
	file = (int)T(open(d("f"), O_RDONLY));
	for (int i = 0; i < 2; i++) {
		int at = i ? b : a;

		T(chdir(i ? d("") : h("")));
		T(mkdirat(at, "sub", 0755));
		T(mknodat(at, "fifo", S_IFIFO | 0600, 0));
		T(symlinkat("f", at, "link"));
		T(faccessat(at, "link", R_OK, 0));
		T(faccessat(at, "none", R_OK, AT_SYMLINK_NOFOLLOW));
		T(faccessat(at, "f", R_OK | W_OK, AT_EACCESS));
		T(fstatat(at, "link", &status, 0));
		T(status.st_mode);
		T(fstatat(at, "link", &status, AT_SYMLINK_NOFOLLOW));
		T(status.st_mode);
		T(fstatat(at, "", &status, 0));
		T(fstatat(at, "", &status, AT_EMPTY_PATH));
		T(fstatat(at, "f", &status, 0x40000000));
		T(fchmodat(at, "f", 0604, 0));
		T(fchmodat(at, "link", 0604, AT_SYMLINK_NOFOLLOW));
		T(syscall(SYS_fchmodat2_nr, at, "f", 0640, 0));
		T(fchownat(at, "link", 5, 6, AT_SYMLINK_NOFOLLOW));
		T(fchownat(at, "f", 7, 8, 0));
		T(utimensat(at, "f", NULL, 0));
		T(utimensat(at, "none", NULL, 0));
		T(readlinkat(at, "link", path, sizeof(path)));
		T(readlinkat(at, "", path, sizeof(path)));
		T(linkat(at, "link", at, "hardlink", 0));
		T(linkat(at, "link", at, "hardfile", AT_SYMLINK_FOLLOW));
		note_file(i ? h("hardlink") : d("hardlink"));
		note_file(i ? h("hardfile") : d("hardfile"));
		T(renameat(at, "hardfile", at, "sub/moved"));
		T(renameat(at, "hardlink", i ? a : b, "hardlink"));
		T(unlinkat(at, "sub", 0));
		T(unlinkat(at, "sub", AT_REMOVEDIR));
		T(unlinkat(at, "sub/moved", 0));
		T(unlinkat(at, "sub", AT_REMOVEDIR));
		T(unlinkat(at, "f", 0x4));
		T(openat(at, ".", O_RDONLY));
		T(openat(at, "..", O_RDONLY));
		T(openat(at, "./f", O_RDONLY));
		T(openat(at, "sub/../f", O_RDONLY));
		note_contents("f");
	}
	T(openat(file, "x", O_RDONLY));
	T(openat(file, "", O_RDONLY));
	T(openat(file, d("f"), O_RDONLY));
	T(openat(-1, "x", O_RDONLY));
	T(openat(-1, d("f"), O_RDONLY));
	T(openat(b, d("f"), O_RDONLY));
	T(openat(a, h("f"), O_RDONLY));
	T(fstatat(file, "", &status, AT_EMPTY_PATH));
	T(fstatat(file, "", &status, 0));
	T(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH));
	T(syscall(SYS_statx, file, "", AT_EMPTY_PATH, 0xfff, path) < 0 ? -1 : 0);
}
