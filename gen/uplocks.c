// SPDX-License-Identifier: BSD-2-Clause
/* uplocks.c - a copy of a kernel image without its lock prefixes
 *
 * usage: uplocks IN OUT
 *
 * Theory of operation
 *
 * With one virtual CPU nobody else runs kernel code, so that atomic instructions need no lock
 * prefix. The kernel's assembly notes every prefix in the section .smp_locks, as x86 kernels do:
 * 32-bit offsets, each from its own place to the prefix. Where x86 patches itself at boot, here the
 * image on disk is patched once: each prefix byte (0xf0) becomes a DS segment prefix (0x3e), which
 * does nothing in 64-bit mode and keeps the length of the instruction.
 *
 * An image is either patched altogether or not written: all is checked against the input first, and
 * the output gets its name last.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTION	    ".smp_locks"
#define LOCK_PREFIX 0xf0
#define DS_PREFIX   0x3e

/* The input, in private memory: what is written here stays here. */
struct image {
	const char *path;
	unsigned char *data;
	size_t size;
	mode_t mode;
};

/**
 * inside() - Whether a piece of the file is there
 * @image:	the image
 * @offset:	where it starts
 * @size:	its length in bytes
 */
static int inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/**
 * image_read() - Read a file, and check that it is a linked ELF64 image of this byte order
 * @image:	filled in
 * @path:	its name; errors end the program
 */
static void image_read(struct image *image, const char *path)
{
	const Elf64_Ehdr *ehdr;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", path);
	image->path = path;
	image->size = (size_t)st.st_size;
	image->mode = st.st_mode & 07777;
	if (!S_ISREG(st.st_mode) || image->size < sizeof(*ehdr))
		errx(1, "%s: not an ELF image", path);
	image->data = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (image->data == MAP_FAILED)
		err(1, "%s", path);
	close(fd);

	ehdr = (const Elf64_Ehdr *)image->data;
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0)
		errx(1, "%s: not an ELF image", path);
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr->e_machine != EM_X86_64)
		errx(1, "%s: not for x86-64", path);
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		errx(1, "%s: not linked, so that the offsets in " SECTION " are not known", path);
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || ehdr->e_shentsize != sizeof(Elf64_Shdr) ||
	    !inside(image, ehdr->e_phoff, (uint64_t)ehdr->e_phnum * sizeof(Elf64_Phdr)) ||
	    !inside(image, ehdr->e_shoff, (uint64_t)ehdr->e_shnum * sizeof(Elf64_Shdr)) ||
	    ehdr->e_shstrndx >= ehdr->e_shnum)
		errx(1, "%s: damaged: headers outside of the file", path);
}

/**
 * section_find() - Find a section by name
 * @image:	the image
 * @name:	the section's name
 *
 * Return: its header; if there is none, or its contents are not in the file, the program ends
 */
static const Elf64_Shdr *section_find(const struct image *image, const char *name)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)image->data;
	const Elf64_Shdr *shdr = (const Elf64_Shdr *)(image->data + ehdr->e_shoff);
	const Elf64_Shdr *names = &shdr[ehdr->e_shstrndx];
	size_t want = strlen(name) + 1;
	unsigned int i;

	if (!inside(image, names->sh_offset, names->sh_size))
		errx(1, "%s: damaged: names of sections outside of the file", image->path);
	for (i = 0; i < ehdr->e_shnum; i++) {
		if (shdr[i].sh_name > names->sh_size || names->sh_size - shdr[i].sh_name < want ||
		    memcmp(image->data + names->sh_offset + shdr[i].sh_name, name, want) != 0)
			continue;
		if (shdr[i].sh_type == SHT_NOBITS ||
		    !inside(image, shdr[i].sh_offset, shdr[i].sh_size))
			errx(1, "%s: damaged: %s is not in the file", image->path, name);
		return &shdr[i];
	}
	errx(1, "%s: no section %s", image->path, name);
}

/**
 * byte_at() - Where the byte at an address of the running image is in the file
 * @image:	the image
 * @address:	virtual address
 *
 * Return: pointer to it, or NULL if no segment has it
 */
static unsigned char *byte_at(const struct image *image, uint64_t address)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)image->data;
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)(image->data + ehdr->e_phoff);
	unsigned int i;

	for (i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && address >= phdr[i].p_vaddr &&
		    address - phdr[i].p_vaddr < phdr[i].p_filesz &&
		    inside(image, phdr[i].p_offset, phdr[i].p_filesz))
			return image->data + phdr[i].p_offset + (address - phdr[i].p_vaddr);
	return NULL;
}

/**
 * unlock() - Replace every prefix that .smp_locks lists
 * @image:	the image
 *
 * A prefix may be listed twice: an inlined function can share it with its original.
 */
static void unlock(const struct image *image)
{
	const Elf64_Shdr *locks = section_find(image, SECTION);
	unsigned char **prefix;
	uint64_t i, count;
	uint64_t address;
	int32_t offset;

	if (locks->sh_size % sizeof(offset) != 0)
		errx(1, "%s: damaged: the size of " SECTION " is not a multiple of 4", image->path);
	count = locks->sh_size / sizeof(offset);
	prefix = calloc(count + 1, sizeof(*prefix));
	if (!prefix)
		err(1, NULL);
	for (i = 0; i < count; i++) {
		memcpy(&offset, image->data + locks->sh_offset + i * sizeof(offset),
		       sizeof(offset));
		address = locks->sh_addr + i * sizeof(offset) + (uint64_t)(int64_t)offset;
		prefix[i] = byte_at(image, address);
		if (!prefix[i])
			errx(1,
			     "%s: entry %" PRIu64 " of " SECTION ": address %#" PRIx64
			     " is in no segment",
			     image->path, i, address);
		if (*prefix[i] != LOCK_PREFIX)
			errx(1,
			     "%s: entry %" PRIu64 " of " SECTION ": byte %#x at address %#" PRIx64
			     " is no lock prefix",
			     image->path, i, *prefix[i], address);
	}
	for (i = 0; i < count; i++)
		*prefix[i] = DS_PREFIX;
	free(prefix);
}

/**
 * image_write() - Write the image to a file of its own, with the mode of the original
 * @image:	the image
 * @path:	its name, which may exist already
 */
static void image_write(const struct image *image, const char *path)
{
	char temporary[4096];
	size_t done = 0;
	ssize_t n = 0;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		errx(1, "%s: name too long", path);
	fd = mkstemp(temporary);
	if (fd < 0)
		err(1, "%s", path);
	while (done < image->size) {
		n = write(fd, image->data + done, image->size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		done += (size_t)n;
	}
	if (fchmod(fd, image->mode) < 0 || close(fd) < 0 || rename(temporary, path) < 0)
		goto fail;
	return;
fail:
	warn("%s", path);
	unlink(temporary);
	exit(1);
}

int main(int argc, char **argv)
{
	struct image image;

	if (argc != 3) {
		fprintf(stderr, "usage: uplocks IN OUT\n");
		return 2;
	}
	image_read(&image, argv[1]);
	unlock(&image);
	image_write(&image, argv[2]);
	return 0;
}
