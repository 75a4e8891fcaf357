/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.c - the kernel image into this process's memory
 *
 * The image is a static ELF file for one address. Its first segment, text
 * and read-only data, is mapped from the file; the second is copied into the memfd,
 * whose offset for an address is the distance from the image's start. RAM follows
 * in the memfd, then the struct pages for it. The layout is in asm/rump.h.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <elf.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/resource.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define PAGE		4096UL
#define PATH_ROOM	4096
#define SECTION		(16UL << 20)
#define PAGE_STRUCT	64UL		/* sizeof(struct page) */
#define ELF_MAGIC	0x464c457f
#define LOCK_PREFIX	0xf0
#define FD_HIGH		700		/* out of the way of programs that count from 3 */

static unsigned long page_up(unsigned long x)
{
	return (x + PAGE - 1) & ~(PAGE - 1);
}

/* The image is <libdir>/rump/kernel, unless RUMP_KERNEL says where. */
static long open_image(const struct rump__setup *setup, unsigned int ncpu, char *path, size_t size)
{
	const char *given = rump__getenv(setup->envp, "RUMP_KERNEL");

	if (given)
		str_printf(path, size, "%s", given);
	else
		str_printf(path, size, "%s/rump/kernel%s", setup->libdir, ncpu > 1 ? "-smp" : "");
	return raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static long map(unsigned long addr, unsigned long len, int prot, int flags, int fd,
		unsigned long off)
{
	return raw_call(__NR_mmap, addr, len, prot, flags, fd, off);
}

/**
 * rump__image_reserve() - Keep the addresses of the kernel free of anything else
 *
 * The image would do it, but by then a program may have got memory there.
 *
 * Return: 0, or an errno value after a message
 */
int rump__image_reserve(void)
{
	unsigned long size = RUMP_WINDOW_END - RUMP_HYP_ADDR;
	static bool reserved;
	long at;

	if (reserved)
		return 0;
	at = map(RUMP_HYP_ADDR, size, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (at == RUMP_HYP_ADDR) {
		reserved = true;
		return 0;
	}
	if (!raw_failed(at))
		raw2(__NR_munmap, at, size);
	rump__error("cannot reserve addresses %lx to %lx: %s", RUMP_HYP_ADDR, RUMP_WINDOW_END,
		    raw_failed(at) ? str_error(at) : "something lies there");
	return ENOMEM;
}

static bool map_fixed(unsigned long addr, unsigned long len, int prot, int flags, int fd,
		      unsigned long off)
{
	long at = map(addr, len, prot, flags | MAP_FIXED, fd, off);

	if (!raw_failed(at))
		return true;
	rump__error("cannot map %lu MiB of kernel memory: %s", len >> 20, str_error(at));
	return false;
}

static int new_memfd(unsigned long size)
{
	long fd = raw2(__NR_memfd_create, "rump", MFD_CLOEXEC), high, ret = fd;

	if (fd >= 0)
		ret = raw2(__NR_ftruncate, fd, size);
	if (ret < 0) {
		rump__error("cannot make a memory file of %lu MiB: %s", size >> 20, str_error(ret));
		if (fd >= 0)
			raw1(__NR_close, fd);
		return -1;
	}
	high = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, FD_HIGH);
	if (high >= 0) {
		raw1(__NR_close, fd);
		fd = high;
	}
	return fd;
}

static bool check_header(const Elf64_Ehdr *eh, unsigned long size, const char *path)
{
	if (size >= sizeof(*eh) && *(const uint32_t *)eh->e_ident == ELF_MAGIC &&
	    eh->e_type == ET_EXEC && eh->e_machine == EM_X86_64 &&
	    eh->e_phoff + eh->e_phnum * sizeof(Elf64_Phdr) <= size)
		return true;
	rump__error("%s is not a kernel image", path);
	return false;
}

/* The image's file, mapped. */
static const Elf64_Ehdr *map_file(const char *path, int fd, struct stat *st)
{
	const Elf64_Ehdr *eh;
	long at = raw2(__NR_fstat, fd, st);

	if (!raw_failed(at))
		at = map(0, st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (raw_failed(at)) {
		rump__error("cannot map %s: %s", path, str_error(at));
		return NULL;
	}
	eh = (const Elf64_Ehdr *)at;
	if (check_header(eh, st->st_size, path))
		return eh;
	raw2(__NR_munmap, eh, st->st_size);
	return NULL;
}

static const Elf64_Phdr *headers(const Elf64_Ehdr *eh)
{
	return (const void *)((const char *)eh + eh->e_phoff);
}

static void lay_out(struct rump__layout *l, const Elf64_Ehdr *eh, const struct stat *st,
		    unsigned long ram)
{
	const Elf64_Phdr *ph = headers(eh);
	unsigned long end = 0;
	int i;

	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_vaddr + ph[i].p_memsz > end)
			end = ph[i].p_vaddr + ph[i].p_memsz;
	l->image_end = page_up(end);
	l->total = (l->image_end - RUMP_IMAGE_ADDR + ram + SECTION - 1) & ~(SECTION - 1);
	l->memmap = page_up(l->total / PAGE * PAGE_STRUCT);
	l->size = st->st_size;
	l->dev = st->st_dev;
	l->ino = st->st_ino;
	l->mtime = st->st_mtime;
}

/* Text, from the file. */
static bool map_text(const Elf64_Ehdr *eh, int file)
{
	const Elf64_Phdr *ph = headers(eh);
	int i;

	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && !(ph[i].p_flags & PF_W) &&
		    !map_fixed(ph[i].p_vaddr, page_up(ph[i].p_filesz), PROT_READ | PROT_EXEC,
			       MAP_PRIVATE, file, ph[i].p_offset))
			return false;
	return true;
}

/* All else, from the memfd: what is written to lies behind the text. */
static bool map_memory(const struct rump__kernel *k, const Elf64_Ehdr *eh)
{
	unsigned long addr = RUMP_IMAGE_ADDR, mem_end = RUMP_IMAGE_ADDR + k->layout.total;
	const Elf64_Phdr *ph = headers(eh);
	int i;

	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && !(ph[i].p_flags & PF_W))
			addr = page_up(ph[i].p_vaddr + ph[i].p_filesz);
	rumpuser_ext_setimage(k->fd);
	return map_fixed(RUMP_HYP_ADDR, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0) &&
	       map_fixed(RUMP_VMEMMAP_ADDR, k->layout.memmap, PROT_READ | PROT_WRITE, MAP_SHARED,
			 k->fd, k->layout.total) &&
	       map_fixed(addr, mem_end - addr, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd,
			 addr - RUMP_IMAGE_ADDR);
}

/* What is in the file of data that is written to goes into the memfd. */
static bool copy_data(const struct rump__kernel *k, const Elf64_Ehdr *eh)
{
	const Elf64_Phdr *ph = headers(eh);
	int i;

	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD || !(ph[i].p_flags & PF_W))
			continue;
		if (raw4(__NR_pwrite64, k->fd, (const char *)eh + ph[i].p_offset, ph[i].p_filesz,
			 ph[i].p_vaddr - RUMP_IMAGE_ADDR) != (long)ph[i].p_filesz) {
			rump__error("cannot copy %s into memory", k->layout.path);
			return false;
		}
	}
	return true;
}

static int take(struct rump__kernel *k, const Elf64_Ehdr *eh)
{
	const char *path = k->layout.path;

	k->ops = (const struct rump_image_ops *)eh->e_entry;
	k->symfile = (void *)eh;
	k->symfile_size = k->layout.size;
	k->image_end = k->layout.image_end;
	k->ram = RUMP_IMAGE_ADDR + k->layout.total - k->image_end;
	if (k->ops->version == RUMP_ABI_VERSION)
		return 0;
	rump__error("%s speaks version %u, this librump version %d", path, k->ops->version,
		    RUMP_ABI_VERSION);
	return EPROTO;
}

static int load(struct rump__kernel *k, const struct rump__setup *setup, const struct rump__params *p)
{
	const Elf64_Ehdr *eh;
	struct stat st;
	int fd, err;

	fd = open_image(setup, p->ncpu, k->layout.path, sizeof(k->layout.path));
	if (fd < 0) {
		rump__error("cannot open the kernel image %s: %s", k->layout.path, str_error(fd));
		return ENOENT;
	}
	err = ENOMEM;
	eh = map_file(k->layout.path, fd, &st);
	if (!eh)
		goto close;
	lay_out(&k->layout, eh, &st, p->memlimit);
	k->fd = new_memfd(k->layout.total + k->layout.memmap);
	if (k->fd < 0 || rump__image_reserve() || !map_text(eh, fd) || !map_memory(k, eh) ||
	    !copy_data(k, eh))
		goto unmap;
	err = take(k, eh);
	if (!err && p->ncpu > 1 && *k->ops->lock_probe != LOCK_PREFIX) {
		rump__error("%s is for one virtual CPU, RUMP_NCPU is %u", k->layout.path, p->ncpu);
		err = EINVAL;
	}
	if (!err)
		goto close;
unmap:
	raw2(__NR_munmap, eh, st.st_size);
close:
	raw1(__NR_close, fd);
	return err;
}

/**
 * rump__map() - Map pages of the kernel's memory
 * @addr:	where
 * @off:	where they are in the memory file
 * @len:	bytes
 * @prot:	RUMP_PROT_
 *
 * Return: 0 or -errno
 */
int rump__map(unsigned long addr, unsigned long off, unsigned long len, int prot)
{
	if (rump__in_window(addr))
		rump__kernel.windowed = true;
	return rumpuser_ext_map(addr, off, len, prot);
}

/**
 * rump__unmap() - Map nothing there, in a process that has pages of rump files at all
 * @addr:	where
 * @len:	bytes
 *
 * Return: 0 or -errno
 */
int rump__unmap(unsigned long addr, unsigned long len)
{
	if (rump__in_window(addr) && !rump__kernel.windowed)
		return 0;
	return rumpuser_ext_unmap(addr, len);
}

/* What is mapped before the kernel is known that this process joins, or NULL. */
static struct {
	const Elf64_Ehdr *eh;
	struct stat st;
} early;

/**
 * rump__image_early() - Map the image that the kernel is likely to be
 * @setup:	where it would be
 *
 * Another one is mapped over it later.
 */
void rump__image_early(const struct rump__setup *setup)
{
	const char *ncpu = rump__getenv(setup->envp, "RUMP_NCPU");
	char path[PATH_ROOM];
	long file = open_image(setup, ncpu && !str_equal(ncpu, "1") ? 2 : 1, path, sizeof(path));

	if (raw_failed(file))
		return;
	early.eh = map_file(path, file, &early.st);
	if (early.eh && (rump__image_reserve() || !map_text(early.eh, file))) {
		raw2(__NR_munmap, early.eh, early.st.st_size);
		early.eh = NULL;
	}
	raw1(__NR_close, file);
}

static bool is_that(const struct stat *st, const struct rump__layout *layout)
{
	return st->st_dev == layout->dev && st->st_ino == layout->ino && st->st_mtime == layout->mtime;
}

/* The image of a kernel that has been loaded, mapped; or NULL after a message, and *err. */
static const Elf64_Ehdr *map_loaded(const struct rump__layout *layout, int *err)
{
	const Elf64_Ehdr *eh = NULL;
	struct stat st;
	long file = raw4(__NR_openat, AT_FDCWD, layout->path, O_RDONLY | O_CLOEXEC, 0);

	*err = ENOENT;
	if (raw_failed(file)) {
		rump__error("cannot open the kernel image %s: %s", layout->path, str_error(file));
		return NULL;
	}
	*err = ENOMEM;
	eh = map_file(layout->path, file, &st);
	if (eh && !is_that(&st, layout)) {
		rump__error("%s has changed since the kernel was booted from it", layout->path);
		*err = ESTALE;
	} else if (eh && !rump__image_reserve() && map_text(eh, file)) {
		*err = 0;
	}
	raw1(__NR_close, file);
	if (!eh || !*err)
		return eh;
	raw2(__NR_munmap, eh, st.st_size);
	return NULL;
}

/**
 * rump__image_join() - Map a kernel that another process has loaded
 * @k:		result
 * @layout:	from that process
 * @fd:		its memfd
 *
 * Return: 0, or a host errno value after a message
 */
int rump__image_join(struct rump__kernel *k, const struct rump__layout *layout, int fd)
{
	const Elf64_Ehdr *eh = early.eh;
	int err;

	k->layout = *layout;
	k->fd = fd;
	if (eh && !is_that(&early.st, layout)) {
		raw2(__NR_munmap, eh, early.st.st_size);
		eh = NULL;
	}
	early.eh = NULL;
	if (!eh)
		eh = map_loaded(layout, &err);
	if (!eh)
		return err;
	err = map_memory(k, eh) ? take(k, eh) : ENOMEM;
	if (err)
		raw2(__NR_munmap, eh, layout->size);
	return err;
}

/**
 * rump__image_load() - Map the kernel
 * @k:		result
 * @setup:	where the image is
 * @p:		memory and virtual CPUs
 *
 * Return: 0, or a host errno value after a message
 */
int rump__image_load(struct rump__kernel *k, const struct rump__setup *setup,
		     const struct rump__params *p)
{
	unsigned long limit[2], most[2];
	int err;

	/* RLIMIT_FSIZE is for the program's files; the memory only looks like one. */
	raw4(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, limit);
	most[0] = most[1] = limit[1];
	raw4(__NR_prlimit64, 0, RLIMIT_FSIZE, most, NULL);
	err = load(k, setup, p);
	raw4(__NR_prlimit64, 0, RLIMIT_FSIZE, limit, NULL);
	return err;
}
