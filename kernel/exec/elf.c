/*
 * Loading an ELF64 program into a new address space (System V ABI, chapter 5), and with it the
 * interpreter that it may name: the dynamic linker, which starts first and loads the rest itself.
 * Nothing in the files is trusted: whatever they say, the result is a program or an error, and the
 * caller goes on as it was.
 */
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/exec/exec.h"
#include "kernel/fs/permission.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mman.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define MAX_PHDR_SIZE	65536	/* bytes of program headers, as on Linux */
#define MAX_INTERP	4096

/*
 * Where position-independent programs go: within reach of three levels; otherwise where Linux has
 * them.
 */
#define DYN_BASE_3	0x5555554000ul
#define DYN_BASE	0x555555554000ul

/* One file on its way into the address space. */
struct image {
	struct mm_struct *mm;
	struct file *file;
	struct elf64_hdr hdr;
	struct elf64_phdr *phdrs;
	unsigned long bias;		/* added to the file's addresses */
	unsigned long end;		/* of the highest segment: the break */
	unsigned long phdr_addr;	/* where the program headers lie in memory; 0: nowhere */
};

void *buffer_alloc(size_t size)
{
	return size <= KMALLOC_MAX ? kmalloc(size, GFP_KERNEL) : vmalloc(size);
}

void buffer_free(void *buf, size_t size)
{
	if (size <= KMALLOC_MAX)
		kfree(buf);
	else
		vfree(buf);
}

/* All of it or -ENOEXEC; -EIO, -ENOMEM from the page cache. */
static int read_exact(const struct file *file, u64 pos, void *buf, size_t n)
{
	long got = filemap_read(file->f_mapping, pos, buf, n);

	return got < 0 ? (int)got : (size_t)got == n ? 0 : -ENOEXEC;
}

static int check_header(const struct elf64_hdr *hdr)
{
	if (memcmp(hdr->e_ident, ELFMAG, SELFMAG) || hdr->e_ident[EI_CLASS] != ELFCLASS64 ||
	    hdr->e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	if ((hdr->e_type != ET_EXEC && hdr->e_type != ET_DYN) || hdr->e_machine != EM_X86_64)
		return -ENOEXEC;
	if (hdr->e_phentsize != sizeof(struct elf64_phdr) || !hdr->e_phnum ||
	    hdr->e_phnum * sizeof(struct elf64_phdr) > MAX_PHDR_SIZE)
		return -ENOEXEC;
	return 0;
}

/* Sizes and addresses that fit the file, the page size and user memory. */
static int check_segment(const struct image *img, const struct elf64_phdr *ph)
{
	unsigned long max = task_size_max(), start = ph->p_vaddr + img->bias;
	u64 file_end;

	if (ph->p_filesz > ph->p_memsz || start < img->bias)
		return -ENOEXEC;
	if (__builtin_add_overflow(ph->p_offset, ph->p_filesz, &file_end) ||
	    file_end > READ_ONCE(img->file->f_mapping->size))
		return -ENOEXEC;
	if (ph->p_filesz && (ph->p_vaddr - ph->p_offset) % PAGE_SIZE)
		return -ENOEXEC;
	if (ph->p_memsz > max || start > max - ph->p_memsz)
		return -ENOMEM;
	return 0;
}

static int segment_prot(const struct elf64_phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Maps pages that nothing lies on yet, the stack included: a file whose segments overlap is no
 * program.
 */
static int map_pages(struct image *img, unsigned long start, unsigned long end, int prot,
		     u64 offset, bool file)
{
	int flags = MAP_PRIVATE | MAP_FIXED | MAP_FIXED_NOREPLACE | (file ? 0 : MAP_ANONYMOUS);
	const struct mmap_source source = { .mapping = img->file->f_mapping, .file = img->file };
	long ret;

	if (start >= end)
		return 0;
	ret = mm_mmap(img->mm, start, end - start, prot, flags, file ? &source : NULL,
		      offset >> PAGE_SHIFT);
	if (ret == -EEXIST)
		return -ENOEXEC;
	return IS_ERR_VALUE(ret) ? (int)ret : 0;
}

/* The rest of the last page from the file is bss if the program can write it. */
static int clear_tail(struct image *img, unsigned long start)
{
	static char zeros[512];
	unsigned long end = ALIGN_UP(start, PAGE_SIZE);

	while (start < end) {
		size_t n = min(end - start, sizeof(zeros));

		if (mm_access(img->mm, start, zeros, n, true) != n)
			return -ENOMEM;
		start += n;
	}
	return 0;
}

static int map_segment(struct image *img, const struct elf64_phdr *ph)
{
	unsigned long start = ph->p_vaddr + img->bias;
	unsigned long file_end = start + ph->p_filesz, end = start + ph->p_memsz;
	unsigned long first = ALIGN_DOWN(start, PAGE_SIZE);
	unsigned long file_last = ph->p_filesz ? ALIGN_UP(file_end, PAGE_SIZE) : first;
	int prot = segment_prot(ph);
	int ret = map_pages(img, first, file_last, prot, ph->p_offset - (start - first), true);

	if (!ret)
		ret = map_pages(img, file_last, ALIGN_UP(end, PAGE_SIZE), prot, 0, false);
	if (!ret && ph->p_filesz && end > file_end && ph->p_flags & PF_W)
		ret = clear_tail(img, file_end);
	img->end = max(img->end, end);
	return ret;
}

/* What /proc will say of the program. */
static void note_segment(struct image *img, const struct elf64_phdr *ph)
{
	struct mm_struct *mm = img->mm;
	unsigned long start = ph->p_vaddr + img->bias, end = start + ph->p_filesz;

	if (ph->p_flags & PF_X) {
		mm->start_code = mm->start_code ? min(mm->start_code, start) : start;
		mm->end_code = max(mm->end_code, end);
	} else {
		mm->start_data = start;
		mm->end_data = max(mm->end_data, end);
	}
	if (ph->p_offset <= img->hdr.e_phoff && img->hdr.e_phoff - ph->p_offset < ph->p_filesz)
		img->phdr_addr = img->hdr.e_phoff - ph->p_offset + start;
}

/* ---- the headers ---- */

/*
 * Reads and checks the headers; img->phdrs is then to be given back by drop_headers(). `bad` is
 * the answer to a file that is no program.
 */
static int read_headers(struct image *img, int bad)
{
	size_t size;
	int ret = read_exact(img->file, 0, &img->hdr, sizeof(img->hdr));

	if (!ret)
		ret = check_header(&img->hdr);
	if (ret)
		return ret == -ENOEXEC ? bad : ret;
	size = img->hdr.e_phnum * sizeof(struct elf64_phdr);
	img->phdrs = buffer_alloc(size);
	if (!img->phdrs)
		return -ENOMEM;
	ret = read_exact(img->file, img->hdr.e_phoff, img->phdrs, size);
	return ret == -ENOEXEC ? bad : ret;
}

static void drop_headers(struct image *img)
{
	if (img->phdrs)
		buffer_free(img->phdrs, img->hdr.e_phnum * sizeof(struct elf64_phdr));
}

/* The first header of that type, or NULL. */
static const struct elf64_phdr *find_phdr(const struct image *img, u32 type)
{
	for (unsigned int i = 0; i < img->hdr.e_phnum; i++) {
		if (img->phdrs[i].p_type == type)
			return &img->phdrs[i];
	}
	return NULL;
}

/* ---- where a position-independent file goes ---- */

static unsigned long image_align(const struct image *img)
{
	unsigned long align = PAGE_SIZE;

	for (unsigned int i = 0; i < img->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &img->phdrs[i];

		if (ph->p_type == PT_LOAD && !(ph->p_align & (ph->p_align - 1)) &&
		    ph->p_align <= 1ul << 30)
			align = max(align, ph->p_align);
	}
	return align;
}

static void place_program(struct image *img, unsigned long random)
{
	bool small = mm_levels(img->mm) == 3;

	if (img->hdr.e_type == ET_DYN)
		img->bias = ALIGN_UP((small ? DYN_BASE_3 : DYN_BASE) +
					     mm_random_offset(img->mm, random),
				     image_align(img));
}

/* The bytes from the lowest address that segments ask for to the highest. 0: there are none. */
static unsigned long image_span(const struct image *img)
{
	unsigned long low = ~0ul, high = 0;

	for (unsigned int i = 0; i < img->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &img->phdrs[i];

		if (ph->p_type != PT_LOAD || ph->p_memsz > task_size_max() ||
		    ph->p_vaddr > task_size_max() - ph->p_memsz)
			continue;
		low = min(low, ALIGN_DOWN(ph->p_vaddr, PAGE_SIZE));
		high = max(high, ph->p_vaddr + ph->p_memsz);
	}
	return low < high ? ALIGN_UP(high - low, PAGE_SIZE) : 0;
}

/* An interpreter lies where mmap() would put it: a hole is found by mapping all of its size. */
static int place_interpreter(struct image *img)
{
	unsigned long align = image_align(img), span = image_span(img) + align - PAGE_SIZE;
	long hole;

	if (img->hdr.e_type != ET_DYN || !image_span(img))
		return 0;
	hole = mm_mmap(img->mm, 0, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       NULL, 0);
	if (IS_ERR_VALUE(hole))
		return (int)hole;
	img->bias = ALIGN_UP((unsigned long)hole, align);
	return (int)mm_munmap(img->mm, (unsigned long)hole, span);
}

/* ---- loading ---- */

static int load_segments(struct image *img, bool program)
{
	bool any = false;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < img->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &img->phdrs[i];

		if (ph->p_type != PT_LOAD)
			continue;
		ret = check_segment(img, ph);
		if (ret || !ph->p_memsz)
			continue;
		ret = map_segment(img, ph);
		if (program)
			note_segment(img, ph);
		any = true;
	}
	return ret ? ret : any ? 0 : -ENOEXEC;
}

static int load_interpreter(struct exec *exec, struct file *file)
{
	struct image img = { .mm = exec->mm, .file = file };
	int ret = read_headers(&img, -ELIBBAD);

	if (!ret)
		ret = place_interpreter(&img);
	if (!ret)
		ret = load_segments(&img, false);
	exec->entry = img.hdr.e_entry + img.bias;
	exec->interpreter_base = img.bias;
	drop_headers(&img);
	return ret;
}

/* The path in a PT_INTERP segment, to be kfree'd; ERR_PTR. */
static char *interpreter_path(const struct image *img, const struct elf64_phdr *ph)
{
	char *path;
	int ret;

	if (ph->p_filesz < 2 || ph->p_filesz > MAX_INTERP)
		return ERR_PTR(-ENOEXEC);
	path = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!path)
		return ERR_PTR(-ENOMEM);
	ret = read_exact(img->file, ph->p_offset, path, ph->p_filesz);
	if (!ret && path[ph->p_filesz - 1])
		ret = -ENOEXEC;
	if (!ret)
		return path;
	kfree(path);
	return ERR_PTR(ret);
}

/* The file named as interpreter, before anything is mapped; NULL: the program starts itself. */
static struct file *open_interpreter(const struct image *img)
{
	const struct elf64_phdr *ph = find_phdr(img, PT_INTERP);
	struct file *file;
	char *path;

	if (!ph)
		return NULL;
	path = interpreter_path(img, ph);
	if (IS_ERR(path))
		return (struct file *)path;
	file = open_exec(AT_FDCWD, path, 0);
	kfree(path);
	return file;
}

static int load_program(struct exec *exec, struct image *img)
{
	struct file *interpreter = open_interpreter(img);
	int ret;

	if (IS_ERR(interpreter))
		return (int)PTR_ERR(interpreter);
	place_program(img, exec->random.image);
	ret = load_segments(img, true);
	exec->program_entry = exec->entry = img->hdr.e_entry + img->bias;
	exec->phdr_addr = img->phdr_addr;
	exec->phnum = img->hdr.e_phnum;
	if (!ret && interpreter)
		ret = load_interpreter(exec, interpreter);
	if (interpreter)
		exec->secret |= inode_permission(interpreter->inode, MAY_READ) != 0;
	if (interpreter)
		exe_file_put(interpreter);
	if (!ret && exec->entry >= task_size_max())
		ret = -ENOEXEC;
	if (!ret)
		mm_setup_brk(exec->mm, img->end, exec->random.brk);
	return ret;
}

int elf_load(struct exec *exec)
{
	struct image img = { .mm = exec->mm, .file = exec->file };
	int ret = read_headers(&img, -ENOEXEC);

	if (!ret)
		ret = load_program(exec, &img);
	drop_headers(&img);
	return ret;
}
