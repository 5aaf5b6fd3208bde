/*
 * make_bad_elf.c - a program for the building machine: writes the damaged executables that
 * tests/abi/bad_elf.c hands to execve. Usage: make_bad_elf DIRECTORY
 *
 * All start from one good file of one page: ELF header, three program headers, and code that
 * exits with status 42. Each variant spoils one thing.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE		4096
#define BASE		0x400000UL
#define CODE_OFFSET	0x400
#define SIZE		(2 * PAGE)

/* A file in the making: its bytes, and pointers to the headers in them. */
struct image {
	unsigned char bytes[SIZE];
	size_t size;
	int mode;
	Elf64_Ehdr *header;
	Elf64_Phdr *text, *data, *extra;
};

/* mov $231, %eax; mov $42, %edi; syscall */
static const unsigned char code[] = { 0xb8, 231, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05 };

static void make_good(struct image *image)
{
	memset(image, 0, sizeof(*image));
	image->size = SIZE;
	image->mode = 0755;
	image->header = (Elf64_Ehdr *)image->bytes;
	image->text = (Elf64_Phdr *)(image->bytes + sizeof(Elf64_Ehdr));
	image->data = image->text + 1;
	image->extra = image->text + 2;
	*image->header = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = BASE + CODE_OFFSET,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	*image->text = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, BASE, BASE, PAGE, PAGE, PAGE };
	*image->data = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W, PAGE, BASE + 0x10000, BASE + 0x10000,
				     PAGE, 3 * PAGE, PAGE };
	*image->extra = (Elf64_Phdr){ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 };
	memcpy(image->bytes + CODE_OFFSET, code, sizeof(code));
}

/* The variants, one function each. */

static void good(struct image *i) { (void)i; }
static void empty(struct image *i) { i->size = 0; }
static void one_byte(struct image *i) { i->size = 1; }
static void short_header(struct image *i) { i->size = 40; }
static void no_program_headers_in_file(struct image *i) { i->size = sizeof(Elf64_Ehdr); }
static void cut_program_headers(struct image *i) { i->size = sizeof(Elf64_Ehdr) + 60; }
static void bad_magic(struct image *i) { i->bytes[1] = 'F'; }
static void text_file(struct image *i) { memset(i->bytes, 'a', SIZE); }
static void machine_arm(struct image *i) { i->header->e_machine = EM_AARCH64; }
static void machine_riscv(struct image *i) { i->header->e_machine = EM_RISCV; }
static void type_relocatable(struct image *i) { i->header->e_type = ET_REL; }
static void type_core(struct image *i) { i->header->e_type = ET_CORE; }
static void phentsize_small(struct image *i) { i->header->e_phentsize = 32; }
static void phnum_zero(struct image *i) { i->header->e_phnum = 0; }
static void phnum_huge(struct image *i) { i->header->e_phnum = 65535; }
static void phoff_beyond_file(struct image *i) { i->header->e_phoff = 1UL << 40; }
static void phoff_negative(struct image *i) { i->header->e_phoff = -64UL; }
static void filesz_over_memsz(struct image *i) { i->data->p_memsz = 100; }
static void memsz_absurd(struct image *i) { i->data->p_memsz = 1UL << 62; }
static void memsz_wraps(struct image *i) { i->data->p_memsz = -PAGE; }
static void vaddr_in_kernel(struct image *i) { i->data->p_vaddr = 0xffff800000000000UL; }
static void vaddr_wraps(struct image *i) { i->data->p_vaddr = -2UL * PAGE; }
static void vaddr_non_canonical(struct image *i) { i->data->p_vaddr = 1UL << 62; }
static void not_executable(struct image *i) { i->mode = 0644; }

static void vaddr_not_congruent(struct image *i)
{
	i->data->p_vaddr += 0x123;
}

static void offset_negative(struct image *i)
{
	i->data->p_offset = -(unsigned long)PAGE;
}

/* The program dies of these by its own doing: the load succeeds. */

static void entry_unmapped(struct image *i)
{
	i->header->e_entry = 0x1000000;
}

static void entry_in_kernel(struct image *i)
{
	i->header->e_entry = 0xffffffff80000000UL;
}

static void entry_in_data(struct image *i)
{
	i->header->e_entry = i->data->p_vaddr;
}

static void truncated_text(struct image *i)
{
	i->size = CODE_OFFSET - 1;
}

/* A later segment on top of the text: it replaces what lies there, as MAP_FIXED does. */
static void overlapping(struct image *i)
{
	i->data->p_vaddr = BASE;
	memcpy(i->bytes + PAGE + CODE_OFFSET, code, sizeof(code));
	i->bytes[PAGE + CODE_OFFSET + 6] = 43;
	i->data->p_flags = PF_R | PF_X;
	i->data->p_filesz = i->data->p_memsz = PAGE;
}

/* No file bytes at all in a segment: plain zeroed memory. */
static void data_without_file(struct image *i)
{
	i->data->p_filesz = 0;
}

static void interpreter_missing(struct image *i)
{
	static const char path[] = "/no/such/interpreter";

	*i->extra = (Elf64_Phdr){ PT_INTERP, PF_R, 0x300, 0, 0, sizeof(path), sizeof(path), 1 };
	memcpy(i->bytes + 0x300, path, sizeof(path));
}

static void interpreter_absurd(struct image *i)
{
	*i->extra = (Elf64_Phdr){ PT_INTERP, PF_R, 0x300, 0, 0, 1UL << 40, 1UL << 40, 1 };
}

#define VARIANT(name)	{ #name, name }

static const struct {
	const char *name;
	void (*spoil)(struct image *image);
} variants[] = {
	VARIANT(good), VARIANT(empty), VARIANT(one_byte), VARIANT(short_header),
	VARIANT(no_program_headers_in_file), VARIANT(cut_program_headers), VARIANT(bad_magic),
	VARIANT(text_file), VARIANT(machine_arm), VARIANT(machine_riscv),
	VARIANT(type_relocatable), VARIANT(type_core), VARIANT(phentsize_small),
	VARIANT(phnum_zero), VARIANT(phnum_huge), VARIANT(phoff_beyond_file),
	VARIANT(phoff_negative), VARIANT(filesz_over_memsz), VARIANT(memsz_absurd),
	VARIANT(memsz_wraps), VARIANT(vaddr_in_kernel), VARIANT(vaddr_wraps),
	VARIANT(vaddr_non_canonical), VARIANT(not_executable), VARIANT(vaddr_not_congruent),
	VARIANT(offset_negative), VARIANT(entry_unmapped), VARIANT(entry_in_kernel),
	VARIANT(entry_in_data), VARIANT(truncated_text), VARIANT(overlapping),
	VARIANT(data_without_file), VARIANT(interpreter_missing), VARIANT(interpreter_absurd),
};

static void write_image(const char *directory, const char *name, const struct image *image)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.elf", directory, name);
	file = fopen(path, "wb");
	if (!file || fwrite(image->bytes, 1, image->size, file) != image->size || fclose(file) ||
	    chmod(path, (mode_t)image->mode)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static struct image image;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 1;
	}
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		make_good(&image);
		variants[i].spoil(&image);
		write_image(argv[1], variants[i].name, &image);
	}
	return 0;
}
