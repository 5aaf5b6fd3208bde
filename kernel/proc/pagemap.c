/*
 * /proc/PID/pagemap, /proc/kpagecount, /proc/kpageflags: eight bytes for each page of an address
 * space, or each frame (Linux: Documentation/admin-guide/mm/pagemap.rst).
 */
#include "kernel/proc/proc.h"
#include "kernel/uapi/errno.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/pgtable.h"
#include "mm/slab.h"

#define ENTRY		sizeof(u64)
#define BATCH		64u	/* entries copied at a time */

#define PM_FRAME	((1ull << 55) - 1)	/* which: for root to know */
#define PM_SOFT_DIRTY	(1ull << 55)
#define PM_EXCLUSIVE	(1ull << 56)
#define PM_UFFD_WP	(1ull << 57)
#define PM_FILE		(1ull << 61)
#define PM_SWAP		(1ull << 62)
#define PM_PRESENT	(1ull << 63)

/* Of an entry that maps nothing, the type, below an offset: what Linux has between swap files. */
#define SWP_HWPOISON	26

/* ---- reading such files ---- */

typedef int (*fill_fn)(u64 *entries, unsigned long first, unsigned int n, void *arg);

/* At *pos, a multiple of 8, up to the last index. */
static long read_entries(void *user, size_t n, u64 *pos, u64 end, fill_fn fill, void *arg)
{
	u64 entries[BATCH];
	size_t done = 0;

	if (*pos % ENTRY || n % ENTRY)
		return -EINVAL;
	while (done < n && *pos / ENTRY < end) {
		u64 first = *pos / ENTRY;
		u64 left = min((u64)(n - done) / ENTRY, end - first);
		unsigned int count = (unsigned int)min(left, (u64)BATCH);
		int ret = fatal_signal_pending() ? -EINTR : fill(entries, first, count, arg);

		if (ret)
			return done ? (long)done : ret;
		if (copy_to_user((char *)user + done, entries, count * ENTRY))
			return done ? (long)done : -EFAULT;
		done += count * ENTRY;
		*pos += count * ENTRY;
		cond_resched();
	}
	return (long)done;
}

/* ---- pagemap ---- */

struct pagemap {
	struct mm_struct *mm;
	u64 shown;			/* bits of an entry */
	u64 *entries;
	unsigned long first;		/* address of entries[0] */
};

static u64 pagemap_entry(pte_t pte)
{
	const struct page *page;
	u64 entry;

	if (pte_hwpoison(pte))
		return PM_SWAP | pte_pfn(pte) << 5 | SWP_HWPOISON;
	if (!pte_present(pte))
		return 0;
	entry = PM_PRESENT | pte_pfn(pte);
	if (pte_soft_dirty(pte))
		entry |= PM_SOFT_DIRTY;
	if (pte_uffd_wp(pte))
		entry |= PM_UFFD_WP;
	if (pte_special(pte))
		return entry;
	page = pfn_to_page(pte_pfn(pte));
	if (!page_test(page, PG_anon))
		entry |= PM_FILE;
	if (atomic_read(&page->_mapcount) == 1)
		entry |= PM_EXCLUSIVE;
	return entry;
}

static u64 *entry_at(const struct pagemap *map, unsigned long addr)
{
	return &map->entries[(addr - map->first) >> PAGE_SHIFT];
}

static int pagemap_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			 unsigned long end)
{
	const struct pagemap *map = walk->private;
	struct pte_slot slot = pte_offset_lock(pmdp, addr);

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++)
		*entry_at(map, addr) |= pagemap_entry(ptep_get(slot.ptep)) & map->shown;
	pte_unlock(slot);
	return 0;
}

static const struct walk_ops pagemap_ops = { .pte_range = pagemap_range };

/* All of a mapping that is new counts as written to, whether or not a page is there. */
static void fill_soft_dirty(const struct pagemap *map, unsigned long end)
{
	const struct vm_area_struct *vma = vma_find_intersection(map->mm, map->first, end);
	unsigned long addr, last;

	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		if (!(vma->vm_flags & VM_SOFTDIRTY))
			continue;
		last = min(vma->vm_end, end);
		for (addr = max(vma->vm_start, map->first); addr < last; addr += PAGE_SIZE)
			*entry_at(map, addr) = PM_SOFT_DIRTY;
	}
}

static int fill_pagemap(u64 *entries, unsigned long first, unsigned int n, void *arg)
{
	struct pagemap *map = arg;
	unsigned long end = (first + n) << PAGE_SHIFT;

	map->entries = entries;
	map->first = first << PAGE_SHIFT;
	for (unsigned int i = 0; i < n; i++)
		entries[i] = 0;
	mmap_read_lock(map->mm);
	end = min(end, levels_reach(mm_levels(map->mm)));
	if (map->first < end) {
		fill_soft_dirty(map, end);
		walk_page_range(map->mm, map->first, end, &pagemap_ops, map);
	}
	mmap_read_unlock(map->mm);
	return 0;
}

static long pagemap_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	struct pagemap map = { .mm = proc_opened_mm(file),
			       .shown = proc_opened_by_root(file) ? ~0ull : ~PM_FRAME };
	long ret;

	if (!map.mm)
		return 0;
	ret = read_entries(buf, n, pos, task_size_max() >> PAGE_SHIFT, fill_pagemap, &map);
	mmput(map.mm);
	return ret;
}

const struct file_operations pagemap_fops = {
	.open = proc_mem_open, .read = pagemap_read, .llseek = no_seek_end_llseek
};

/* ---- frames ---- */

/* Without a lock: what a frame is may change while we look, as on Linux. */
static int fill_counts(u64 *entries, unsigned long first, unsigned int n, void *arg)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct page *page =
			page_initialised(first + i) ? pfn_to_page(first + i) : NULL;

		entries[i] = page && !page_test(page, PG_slab) && !page_test(page, PG_table) ?
			     (u64)max(atomic_read(&page->_mapcount), 0) : 0;
	}
	return 0;
}

static long kpagecount_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	return read_entries(buf, n, pos, max_pfn, fill_counts, NULL);
}

const struct file_operations kpagecount_fops = {
	.read = kpagecount_read, .llseek = no_seek_end_llseek
};

/* Linux's bits, from linux/kernel-page-flags.h. */
static u64 stable_flags(const struct page *page)
{
	static const struct { enum page_flag flag; u8 bit; } bits[] = {
		{ PG_locked, 0 }, { PG_uptodate, 3 }, { PG_dirty, 4 }, { PG_slab, 7 },
		{ PG_buddy, 10 },
		{ PG_anon, 12 }, { PG_swapbacked, 14 }, { PG_head, 15 }, { PG_tail, 16 },
		{ PG_hwpoison, 19 },
		{ PG_table, 26 },
		{ PG_reserved, 32 },
	};
	u64 flags = READ_ONCE(page->flags), out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		out |= flags & BIT(bits[i].flag) ? 1ull << bits[i].bit : 0;
	if (atomic_read(&page->_mapcount) > 0 && !(flags & (BIT(PG_slab) | BIT(PG_table))))
		out |= 1ull << 11;	/* MMAP */
	return out;
}

#define KPF_NOPAGE	(1ull << 20)

static int fill_flags(u64 *entries, unsigned long first, unsigned int n, void *arg)
{
	for (unsigned int i = 0; i < n; i++)
		entries[i] = page_initialised(first + i) ? stable_flags(pfn_to_page(first + i)) :
							   KPF_NOPAGE;
	return 0;
}

static long kpageflags_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	return read_entries(buf, n, pos, max_pfn, fill_flags, NULL);
}

const struct file_operations kpageflags_fops = {
	.read = kpageflags_read, .llseek = no_seek_end_llseek
};
