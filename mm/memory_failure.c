/*
 * Memory that is broken: docs/hwpoison.md.
 *
 * Where a page is mapped is known in two ways. An anonymous page has no way back to its entries:
 * it must have one entry only, the one by which it was found. A file's page is mapped where its
 * file is, which is known.
 *
 * Each entry changes under its table's lock, from the page to nothing, and is flushed, before the
 * mark comes to its place: so nobody reaches the page through it while the page goes, and who
 * faults waits for the lock.
 */
#include "mm/memory_failure.h"
#include "kernel/uapi/errno.h"
#include "mm/gup.h"
#include "mm/internal.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlb.h"
#include "mm/truncate.h"

static atomic_long_t poisoned;

unsigned long hwpoisoned_pages(void) { return (unsigned long)atomic_long_read(&poisoned); }

/* Before its references go: the last one finds it marked. */
static void mark_page(struct page *page)
{
	if (!page_test_and_set(page, PG_hwpoison))
		atomic_long_add(1, &poisoned);
}

/* What one failure does to the entries that map the page. */
struct failure {
	struct page *page;	/* with a reference */
	bool lost;		/* its contents are nowhere else: entries keep a mark */
	unsigned int entries;	/* that mapped it */
};

/* The table is locked. */
static void replace_entry(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
			  const struct failure *f)
{
	ptep_get_and_clear(mm, addr, ptep);
	flush_tlb_page(mm, addr);
	mm_rss_add(mm, mm_counter(f->page), -1);
	page_remove_rmap(f->page);
	if (f->lost)
		set_pte(mm, addr, ptep, pfn_hwpoison_pte(page_to_pfn(f->page)));
	put_page(f->page);
}

/*
 * Has an anonymous page other entries? One stays one: fork, which makes another, needs
 * mmap_lock for writing.
 */
static bool is_shared(struct mm_struct *mm, const struct page *page)
{
	lockdep_assert_held(&mm->mmap_lock);
	return atomic_read(&page->_mapcount) > 1;
}

static int fail_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			  unsigned long end)
{
	struct pte_slot slot = pte_offset_lock(pmdp, addr);
	struct failure *f = walk->private;
	int err = 0;
	pte_t pte;

	if (!slot.ptep)
		return 0;
	pte = ptep_get(slot.ptep);
	/* A re-check: a fault, or MADV_DONTNEED, may have put another page there. */
	if (pte_present(pte) && vm_normal_page(pte) == f->page) {
		if (page_test(f->page, PG_anon) && is_shared(walk->mm, f->page)) {
			err = -EBUSY;
		} else {
			mark_page(f->page);
			replace_entry(walk->mm, addr, slot.ptep, f);
			f->entries++;
		}
	}
	pte_unlock(slot);
	return err;
}

static const struct walk_ops fail_ops = { .pte_range = fail_pte_range };

/* -EAGAIN: it is mapped no more. */
static int fail_anonymous(struct mm_struct *mm, unsigned long addr, struct page *page)
{
	struct failure f = { .page = page, .lost = true };
	int err;

	mmap_read_lock(mm);
	err = walk_page_range(mm, addr, addr + PAGE_SIZE, &fail_ops, &f);
	mmap_read_unlock(mm);
	return err ? err : f.entries ? 0 : -EAGAIN;
}

/* The folio lock keeps faults away: the page is mapped nowhere afterwards. */
static void unmap_everywhere(struct address_space *mapping, unsigned long index, struct failure *f)
{
	struct vm_area_struct *vma;

	lockdep_assert_held(f->page);
	down_read(&mapping->i_mmap_lock);
	for (vma = i_mmap_first(mapping, index, index); vma;
	     vma = i_mmap_next(vma, index, index)) {
		unsigned long addr = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);

		walk_page_range(vma->vm_mm, addr, addr + PAGE_SIZE, &fail_ops, f);
	}
	up_read(&mapping->i_mmap_lock);
}

/*
 * A page that is on a device too leaves the cache: the next reader has it read again; what was
 * written to it since is lost, and who maps it is told. One that is nowhere else keeps its place,
 * so that nobody takes zeroes for the file's contents.
 */
static int fail_cached(struct address_space *mapping, struct folio *folio)
{
	bool backed = mapping_reads(mapping);
	struct failure f = { .page = &folio->page,
			     .lost = !backed || page_test(&folio->page, PG_dirty) };

	lockdep_assert_held(folio);
	/* A re-check: truncated, or broken by another thread, since it was found. */
	if (folio->page.mapping != mapping || page_test(&folio->page, PG_hwpoison))
		return -EAGAIN;
	mark_page(&folio->page);
	page_clear(&folio->page, PG_uptodate);
	unmap_everywhere(mapping, folio->page.index, &f);
	if (f.lost)
		mapping_set_error(mapping, -EIO);	/* before fsync() could miss the page */
	if (backed)
		filemap_remove(mapping, folio);
	return 0;
}

/*
 * The page that addr shows, with a reference, and if it is a file's, the file. 1; -EAGAIN: the
 * lock was dropped for a wait; or what get_user_pages says.
 */
static long find_page(struct mm_struct *mm, unsigned long addr, struct page **page,
		      struct vma_pin *pin)
{
	int locked = 1;
	long ret;

	mmap_read_lock(mm);
	ret = get_user_pages_remote(mm, addr, 1, 0, page, &locked);
	if (ret == 1 && !locked) {
		put_page(*page);
		return -EAGAIN;
	}
	if (ret == 1 && !page_test(*page, PG_anon) && *page != zero_page)
		*pin = vma_pin_file(vma_lookup(mm, addr));
	if (locked)
		mmap_read_unlock(mm);
	return ret;
}

/* ---- a page that is still good: it is moved, and its frame taken out of use ---- */

struct move {
	struct page *page;	/* with a reference */
	struct page *copy;
	bool done;
};

/* The table is locked, the entry cleared and flushed: nobody writes to the page. */
static void replace_by_copy(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t old,
			    const struct move *m)
{
	const pgprot_t prot = { old.val & ~PTE_PFN_MASK };

	page_copy(page_address(m->copy), page_address(m->page));
	page_add_new_anon_rmap(m->copy);
	get_page(m->copy);
	smp_wmb();	/* as install() does in mm/fault.c */
	set_pte(mm, addr, ptep, pfn_pte(page_to_pfn(m->copy), prot));
	mark_page(m->page);
	page_remove_rmap(m->page);
	put_page(m->page);
}

/*
 * The entry goes first, on every CPU. After that a lockless walk that has got the page
 * shows in its count, and one that has not sees at its second look that the entry is gone:
 * so the count can be believed.
 */
static int move_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			  unsigned long end)
{
	struct pte_slot slot = pte_offset_lock(pmdp, addr);
	struct move *m = walk->private;
	int err = 0;
	pte_t pte;

	if (!slot.ptep)
		return 0;
	pte = ptep_get(slot.ptep);
	/* A re-check: a fault, or MADV_DONTNEED, may have put another page there. */
	if (pte_present(pte) && vm_normal_page(pte) == m->page) {
		pte = ptep_get_and_clear(walk->mm, addr, slot.ptep);
		flush_tlb_page(walk->mm, addr);
		if (folio_ref_count(page_folio(m->page)) == 2) {	/* the entry's and ours */
			replace_by_copy(walk->mm, addr, slot.ptep, pte, m);
			m->done = true;
		} else {
			set_pte(walk->mm, addr, slot.ptep, pte);
			err = -EBUSY;
		}
	}
	pte_unlock(slot);
	return err;
}

/* -EAGAIN: it is mapped no more. */
static long move_anonymous(struct mm_struct *mm, unsigned long addr, struct page *page)
{
	static const struct walk_ops ops = { .pte_range = move_pte_range };
	struct move m = { .page = page, .copy = alloc_page(GFP_KERNEL) };
	int err;

	if (!m.copy)
		return -ENOMEM;
	mmap_read_lock(mm);
	err = walk_page_range(mm, addr, addr + PAGE_SIZE, &ops, &m);
	mmap_read_unlock(mm);
	put_page(m.copy);
	return err ? err : m.done ? 0 : -EAGAIN;
}

/* ---- both ---- */

/*
 * A page of a file is found again in its cache, so that it need not be mapped while it is
 * moved; the folio lock keeps faults away. What is known of it by an entry goes to the page
 * with that. -EBUSY: somebody has it.
 */
static long move_cached(struct address_space *mapping, struct folio *folio)
{
	const unsigned long index = folio->page.index;
	struct folio *copy;
	long err;

	lockdep_assert_held(folio);
	/* A re-check: truncated, or broken by another thread, since it was found. */
	if (folio->page.mapping != mapping || page_test(&folio->page, PG_hwpoison))
		return -EAGAIN;
	copy = folio_alloc(GFP_KERNEL, 0);
	if (!copy)
		return -ENOMEM;
	unmap_mapping_range(mapping, index, index, false);
	err = filemap_replace(mapping, folio, copy);
	if (!err)
		mark_page(&folio->page);
	folio_put(copy);
	return err;
}

static long fail_at(struct mm_struct *mm, unsigned long addr, bool soft)
{
	struct vma_pin pin = { 0 };
	struct folio *folio;
	struct page *page;
	long ret = find_page(mm, addr, &page, &pin);

	if (ret != 1)
		return ret;
	folio = page_folio(page);
	if (page == zero_page || folio_order(folio)) {
		ret = soft ? -EIO : -EBUSY;
	} else if (!pin.mapping) {
		ret = soft ? move_anonymous(mm, addr, page) : fail_anonymous(mm, addr, page);
	} else {
		folio_lock(folio);
		ret = soft ? move_cached(pin.mapping, folio) : fail_cached(pin.mapping, folio);
		folio_unlock(folio);
	}
	put_page(page);
	if (pin.mapping)
		vma_unpin_file(pin);
	return ret;
}

long inject_memory_failure(struct mm_struct *mm, unsigned long start, unsigned long end, bool soft)
{
	long ret = 0;

	for (; start < end && !ret; start += PAGE_SIZE) {
		do
			ret = fail_at(mm, start, soft);
		while (ret == -EAGAIN);
		cond_resched();
	}
	return ret;
}
