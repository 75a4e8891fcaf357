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
static int open_image(const struct rump__setup *setup, unsigned int ncpu, char *path, size_t size)
{
	const char *given = rump__getenv(setup->envp, "RUMP_KERNEL");
	long fd;

	if (given)
		str_printf(path, size, "%s", given);
	else
		str_printf(path, size, "%s/rump/kernel%s", setup->libdir, ncpu > 1 ? "-smp" : "");
	fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		rump__error("cannot open the kernel image %s: %s", path, str_error(fd));
	return fd;
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

static int load(struct rump__kernel *k, const struct rump__setup *setup, const struct rump__params *p)
{
	unsigned long end = 0, total, memmap, addr, file_end, mem_end;
	char path[PATH_ROOM];
	const Elf64_Phdr *ph;
	const Elf64_Ehdr *eh;
	struct stat st;
	int fd, i;

	fd = open_image(setup, p->ncpu, path, sizeof(path));
	if (fd < 0)
		return ENOENT;
	if (raw_failed(raw2(__NR_fstat, fd, &st)))
		goto fail;
	eh = (const Elf64_Ehdr *)map(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (raw_failed((long)eh)) {
		rump__error("cannot map %s: %s", path, str_error((long)eh));
		goto fail;
	}
	if (!check_header(eh, st.st_size, path))
		goto fail_unmap;
	ph = (const void *)((const char *)eh + eh->e_phoff);
	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_vaddr + ph[i].p_memsz > end)
			end = ph[i].p_vaddr + ph[i].p_memsz;
	k->image_end = page_up(end);
	total = (k->image_end - RUMP_IMAGE_ADDR + p->memlimit + SECTION - 1) & ~(SECTION - 1);
	memmap = page_up(total / PAGE * PAGE_STRUCT);

	if (rump__image_reserve())
		goto fail_unmap;
	k->fd = new_memfd(total + memmap);
	if (k->fd < 0)
		goto fail_unmap;
	rumpuser_ext_setimage(k->fd);
	if (!map_fixed(RUMP_HYP_ADDR, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0) ||
	    !map_fixed(RUMP_VMEMMAP_ADDR, memmap, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd,
		       total))
		goto fail_unmap;
	addr = RUMP_IMAGE_ADDR;
	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD)
			continue;
		file_end = page_up(ph[i].p_vaddr + ph[i].p_filesz);
		if (!(ph[i].p_flags & PF_W)) {
			if (!map_fixed(ph[i].p_vaddr, file_end - ph[i].p_vaddr,
				       PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, ph[i].p_offset))
				goto fail_unmap;
			addr = file_end;
			continue;
		}
		mem_end = RUMP_IMAGE_ADDR + total;
		if (!map_fixed(addr, mem_end - addr, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd,
			       addr - RUMP_IMAGE_ADDR))
			goto fail_unmap;
		if (raw4(__NR_pwrite64, k->fd, (const char *)eh + ph[i].p_offset, ph[i].p_filesz,
			 ph[i].p_vaddr - RUMP_IMAGE_ADDR) != (long)ph[i].p_filesz) {
			rump__error("cannot copy %s into memory", path);
			goto fail_unmap;
		}
	}
	k->ops = (const struct rump_image_ops *)eh->e_entry;
	k->symfile = (void *)eh;
	k->symfile_size = st.st_size;
	k->ram = RUMP_IMAGE_ADDR + total - k->image_end;
	raw1(__NR_close, fd);
	if (k->ops->version != RUMP_ABI_VERSION) {
		rump__error("%s speaks version %u, this librump version %d", path,
			    k->ops->version, RUMP_ABI_VERSION);
		return EPROTO;
	}
	if (p->ncpu > 1 && *k->ops->lock_probe != LOCK_PREFIX) {
		rump__error("%s is for one virtual CPU, RUMP_NCPU is %u", path, p->ncpu);
		return EINVAL;
	}
	return 0;
fail_unmap:
	raw2(__NR_munmap, eh, st.st_size);
fail:
	raw1(__NR_close, fd);
	return ENOMEM;
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
