/* /proc/PID/maps, smaps, smaps_rollup: what is mapped where, and how much of it is there. */
#include "kernel/proc/proc.h"
#include "kernel/uapi/errno.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/pgtable.h"
#include "mm/rmap.h"
#include "mm/slab.h"

#define NAME_COLUMN	73	/* where Linux begins the name */

/* ---- one mapping ---- */

static void show_file(struct text *text, const struct file *file)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL), *path;

	if (!buf) {
		text->no_memory = true;
		return;
	}
	path = file->dentry ? d_path(file->dentry, buf, PATH_MAX) : NULL;
	if (path && !IS_ERR(path))
		text_escape(text, path, "\n");
	kfree(buf);
}

/* What Linux calls parts of the address space that are no file. */
static const char *special_name(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->mapping)
		return vma->mapping->shmem ? "/dev/zero (deleted)" : NULL;
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

static void show_header(struct text *text, unsigned long start, unsigned long end,
			unsigned long flags, unsigned long offset, u32 dev, u64 ino)
{
	text_printf(text, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %llu ", start, end,
		    flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		    flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p', offset,
		    dev >> 8 & 0xfff, dev & 0xff, (unsigned long long)ino);
}

/* A mapping of a file, or the unnamed one of shared memory, has numbers. */
static void show_vma(struct text *text, const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;
	const char *name = special_name(vma);
	size_t line = text->len;

	show_header(text, vma->vm_start, vma->vm_end, vma->vm_flags,
		    vma->mapping ? vma->vm_pgoff << PAGE_SHIFT : 0, inode ? inode->sb->dev : 0,
		    inode ? inode->ino : 0);
	if (inode || name)
		text_pad(text, line, NAME_COLUMN);
	if (inode)
		show_file(text, vma->vm_file);
	else if (name)
		text_printf(text, "%s", name);
	text_put(text, "\n", 1);
}

/* Calls fn for each mapping, under the lock. 0, or -ESRCH: the process has no memory any more. */
static int for_each_vma(const struct proc_target *target, struct text *text,
			void (*fn)(struct text *text, struct vm_area_struct *vma, void *arg),
			void *arg)
{
	struct mm_struct *mm = proc_mm(target->process);

	if (!mm)
		return 0;
	mmap_read_lock(mm);
	for (struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma))
		fn(text, vma, arg);
	mmap_read_unlock(mm);
	mmput(mm);
	return 0;
}

static void show_one_map(struct text *text, struct vm_area_struct *vma, void *arg)
{
	show_vma(text, vma);
}

SHOW(show_maps) { return for_each_vma(target, text, show_one_map, NULL); }

/* ---- how much of it is there ---- */

struct usage {
	unsigned long rss, shared_clean, shared_dirty, private_clean, private_dirty, referenced,
		anonymous;
	u64 pss;			/* bytes, with 12 more bits: parts of pages */
	u64 pss_dirty, pss_locked, pss_of[NR_MM_COUNTERS];
};

#define PSS_SHIFT	12

static void count_page(struct usage *u, const struct vm_area_struct *vma, pte_t pte)
{
	const struct page *page = pfn_to_page(pte_pfn(pte));
	int mapped = max(atomic_read(&page->_mapcount), 1);
	bool dirty = pte_dirty(pte, vma) || page_test(page, PG_dirty);
	u64 share = (u64)PAGE_SIZE << PSS_SHIFT;

	share /= (unsigned int)mapped;
	u->rss += PAGE_SIZE;
	u->pss += share;
	u->pss_of[mm_counter(page)] += share;
	if (dirty)
		u->pss_dirty += share;
	if (vma->vm_flags & VM_LOCKED)
		u->pss_locked += share;
	if (pte_young(pte))
		u->referenced += PAGE_SIZE;
	if (page_test(page, PG_anon))
		u->anonymous += PAGE_SIZE;
	if (mapped > 1)
		*(dirty ? &u->shared_dirty : &u->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &u->private_dirty : &u->private_clean) += PAGE_SIZE;
}

struct usage_walk {
	struct usage *usage;
	const struct vm_area_struct *vma;
};

/* The page of zeroes is special, and nobody's. */
static int count_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	struct usage_walk *w = walk->private;
	struct pte_slot slot = pte_offset_lock(pmdp, addr);

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++) {
		pte_t pte = ptep_get(slot.ptep);

		if (pte_present(pte) && !pte_special(pte))
			count_page(w->usage, w->vma, pte);
	}
	pte_unlock(slot);
	return 0;
}

static const struct walk_ops count_ops = { .pte_range = count_range };

static void add_usage(struct text *text, struct vm_area_struct *vma, void *arg)
{
	struct usage_walk w = { .usage = arg, .vma = vma };

	walk_page_range(vma->vm_mm, vma->vm_start, vma->vm_end, &count_ops, &w);
}

static void kb(struct text *text, const char *name, unsigned long bytes)
{
	size_t line = text->len;

	text_printf(text, "%s:", name);
	text_pad(text, line, 16);
	text_printf(text, "%8lu kB\n", bytes >> 10);
}

static void kb_shared(struct text *text, const char *name, u64 pss)
{
	kb(text, name, (unsigned long)(pss >> PSS_SHIFT));
}

/* `absent` is what there is none of, but programs look for. */
static void show_usage(struct text *text, const struct usage *u, bool rollup)
{
	static const char *const absent[] = {
		"KSM",		 "LazyFree",	   "AnonHugePages",   "ShmemPmdMapped",
		"FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap",
		"SwapPss",
	};

	kb(text, "Rss", u->rss);
	kb_shared(text, "Pss", u->pss);
	kb_shared(text, "Pss_Dirty", u->pss_dirty);
	if (rollup) {
		kb_shared(text, "Pss_Anon", u->pss_of[MM_ANONPAGES]);
		kb_shared(text, "Pss_File", u->pss_of[MM_FILEPAGES]);
		kb_shared(text, "Pss_Shmem", u->pss_of[MM_SHMEMPAGES]);
	}
	kb(text, "Shared_Clean", u->shared_clean);
	kb(text, "Shared_Dirty", u->shared_dirty);
	kb(text, "Private_Clean", u->private_clean);
	kb(text, "Private_Dirty", u->private_dirty);
	kb(text, "Referenced", u->referenced);
	kb(text, "Anonymous", u->anonymous);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		kb(text, absent[i], 0);
	kb_shared(text, "Locked", u->pss_locked);
}

static void show_flags(struct text *text, unsigned long flags)
{
	static const struct { unsigned long flag; char name[4]; } names[] = {
		{ VM_READ, "rd" }, { VM_WRITE, "wr" }, { VM_EXEC, "ex" }, { VM_SHARED, "sh" },
		{ VM_MAYREAD, "mr" }, { VM_MAYWRITE, "mw" }, { VM_MAYEXEC, "me" },
		{ VM_MAYSHARE, "ms" },
		{ VM_GROWSDOWN, "gd" }, { VM_LOCKED, "lo" },
		{ VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" }, { VM_NORESERVE, "nr" },
		{ VM_SOFTDIRTY, "sd" },
	};

	/* Linux takes VM_SHARED back where the file was not opened for writing. */
	if (!(flags & VM_MAYWRITE))
		flags &= ~VM_SHARED;
	text_printf(text, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].flag)
			text_printf(text, "%s ", names[i].name);
	}
	text_put(text, "\n", 1);
}

static void show_one_smap(struct text *text, struct vm_area_struct *vma, void *arg)
{
	struct usage usage = { 0 };

	add_usage(text, vma, &usage);
	show_vma(text, vma);
	kb(text, "Size", vma->vm_end - vma->vm_start);
	kb(text, "KernelPageSize", PAGE_SIZE);
	kb(text, "MMUPageSize", PAGE_SIZE);
	show_usage(text, &usage, false);
	text_printf(text, "THPeligible:    %8u\n", 0u);
	show_flags(text, vma->vm_flags);
}

SHOW(show_smaps) { return for_each_vma(target, text, show_one_smap, NULL); }

static void find_bounds(struct text *text, struct vm_area_struct *vma, void *arg)
{
	unsigned long *bounds = arg;

	if (!bounds[1])
		bounds[0] = vma->vm_start;
	bounds[1] = vma->vm_end;
}

SHOW(show_smaps_rollup)
{
	unsigned long bounds[2] = { 0, 0 };
	struct usage usage = { 0 };
	size_t line = text->len;
	int ret = for_each_vma(target, text, find_bounds, bounds);

	if (!ret)
		ret = for_each_vma(target, text, add_usage, &usage);
	if (ret || !bounds[1])
		return ret ? ret : -ESRCH;
	show_header(text, bounds[0], bounds[1], 0, 0, 0, 0);
	text_pad(text, line, NAME_COLUMN);
	text_printf(text, "[rollup]\n");
	show_usage(text, &usage, true);
	return 0;
}
