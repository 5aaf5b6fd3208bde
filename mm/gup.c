/*
 * get_user_pages: the slow path, which holds the mmap lock, and what all ways have in common. The
 * lockless walk is gup_fast.c's.
 */
#include "mm/gup.h"
#include "kernel/base/uses.h"
#include "kernel/uapi/errno.h"
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/vmstat.h"

/* ---- references and pins ---- */

static inline void unpin(struct page *page)
{
	int left = atomic_add_return(-1, &page->pincount);

	BUG_MSG(left < 0, "frame %#lx has been unpinned more often than pinned",
		page_to_pfn(page));
	put_page(page);
}

/* Pins count when a caller gets them: this one does not. */
void put_grabbed_page(struct page *page, unsigned int foll)
{
	if (foll & FOLL_PIN)
		unpin(page);
	else
		put_page(page);
}

void unpin_user_page(struct page *page)
{
	unpin_user_pages(&page, 1);
}

void unpin_user_pages(struct page **pages, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		unpin(pages[i]);
	count_vm_events(VM_EVENT_UNPIN, nr);
}

/*
 * An anonymous page is kept by its entries' dirty bits; a file's page may have lost its last entry
 * by now. If it has left its file as well, nobody looks at the mark.
 *
 * The mark is set even where it is set: a full barrier after what was written. A look alone
 * could come before that, and writeback, which clears the mark first, between them.
 * tests/models/pin_dirty.pml: PLAIN_LOOK
 */
void set_page_dirty_lock(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!page_test(&folio->page, PG_anon))
		folio_mark_dirty(folio);
}

void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool dirty)
{
	for (unsigned long i = 0; i < nr; i++) {
		if (dirty)
			set_page_dirty_lock(pages[i]);
		unpin(pages[i]);
	}
	count_vm_events(VM_EVENT_UNPIN, nr);
}

/* ---- what may be asked, and what follows for the fault ---- */

static __always_inline bool flags_valid(unsigned int flags, const int *locked, unsigned int to_set)
{
	const unsigned int kinds = FOLL_GET | FOLL_PIN;
	unsigned int all = flags | to_set;
	bool bad = (flags & FOLL_INTERNAL) ||			/* ours */
		   (all & kinds) == kinds ||			/* one or the other */
		   ((all & FOLL_LONGTERM) && !(all & FOLL_PIN)) ||	/* only a pin is counted */
		   (locked && !*locked) ||			/* held when we begin */
		   ((all & FOLL_UNLOCKABLE) && !locked);	/* a place to be told it */

	return !WARN_ONCE(bad, "get_user_pages: flags %#x contradict each other", all);
}

bool gup_flags_valid(unsigned int flags, const int *locked, unsigned int to_set)
{
	return flags_valid(flags, locked, to_set);
}

/*
 * NOWAIT and UNLOCKABLE together are no contradiction: the caller would bear a dropped lock,
 * and does not want to wait. Then nobody waits, so nobody drops the lock, and nobody needs
 * to be killed in a wait.
 */
unsigned int foll_to_fault_flags(unsigned int foll)
{
	unsigned int flags = 0;

	if (foll & FOLL_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (foll & FOLL_REMOTE)
		flags |= FAULT_FLAG_REMOTE;
	if (foll & FOLL_TRIED)
		flags |= FAULT_FLAG_TRIED;
	if (foll & FOLL_NOWAIT)
		return flags | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT;
	if (foll & FOLL_UNLOCKABLE)
		flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	if ((foll & FOLL_UNLOCKABLE) && (foll & FOLL_INTERRUPTIBLE))
		flags |= FAULT_FLAG_INTERRUPTIBLE;
	return flags;
}

/* ---- one page ---- */

/*
 * A write through an entry that is not writable: by FORCE only, into a private mapping that is not
 * writable, and only to a page of its own. The page's state proves that, under the table's lock;
 * that COW has been broken a moment ago proves nothing, since the copy may have been dropped again
 * (Dirty COW). Where the write has not been noted yet, the fault notes it.
 */
static bool can_follow_write(const struct vm_area_struct *vma, pte_t pte, const struct page *page,
			     unsigned int foll)
{
	if (pte_write(pte))
		return true;
	return (foll & FOLL_FORCE) && !(vma->vm_flags & VM_WRITE) &&
	       is_cow_mapping(vma->vm_flags) && pte_soft_dirty(pte) && !pte_special(pte) &&
	       page_test(page, PG_anon) && page_test(page, PG_exclusive);
}

static struct page *follow_pte(const struct vm_area_struct *vma, pte_t pte, unsigned int foll)
{
	struct page *page = pfn_to_page(pte_pfn(pte));

	if (!pte_present(pte) || ((foll & FOLL_WRITE) && !can_follow_write(vma, pte, page, foll)))
		return NULL;
	if (pte_special(pte) && (foll & FOLL_DUMP))
		return ERR_PTR(-EFAULT);
	if (gup_must_unshare(vma->vm_flags, foll, page))
		return ERR_PTR(-EMLINK);
	return !(foll & (FOLL_GET | FOLL_PIN)) || try_grab_page(page, foll) ? page :
									      ERR_PTR(-ENOMEM);
}

/*
 * An entry as hardware leaves it once the program has used its page. Dirty also where a
 * debugger writes through one that is not writable, or not even accessible: what it has
 * written is to be kept.
 */
static pte_t touched(pte_t pte, unsigned int foll)
{
	const u64 write = foll & FOLL_WRITE ? _PAGE_DIRTY : 0;

	return foll & FOLL_TOUCH ? pte_mkyoung(__pte(pte.val | write)) : pte;
}

/*
 * Pages of a leaf above the pte level, whose frame is the first one's. What it does
 * not allow is -EFAULT.
 */
static long take_from_leaf(const struct vm_area_struct *vma, u64 leaf, unsigned long nr,
			   unsigned int foll, struct page **pages)
{
	struct page *page;

	for (unsigned long n = 0; n < nr; n++, leaf += PAGE_SIZE) {
		page = follow_pte(vma, __pte(leaf), foll);
		/* No fault could make the leaf allow more, or its pages exclusive. */
		if (!page || PTR_ERR(page) == -EMLINK)
			page = ERR_PTR(-EFAULT);
		if (IS_ERR(page))
			return n ? (long)n : PTR_ERR(page);
		if (pages)
			pages[n] = page;
	}
	return (long)nr;
}

/* Where the entry at which the walk ended lies. */
static u64 *lowest_slot(const struct table_walk *walk, unsigned long addr)
{
	unsigned long table = walk->lowest == fold_levels(walk->fold) ?
				      fold_table(walk->fold) :
				      entry_pfn(walk->entry[walk->lowest + 1]);

	return table_slot(table, addr, walk->lowest);
}

/* As follow_pages() below, where there is no table. 0: there is no leaf either. */
static long follow_leaf(const struct vm_area_struct *vma, unsigned long addr, unsigned long nr,
			unsigned int foll, struct page **pages)
{
	struct mm_struct *mm = vma->vm_mm;
	struct table_walk walk;
	unsigned long offset, left;
	pte_t leaf;
	long n = 0;

	spin_lock(&mm->page_table_lock);
	walk = table_walk(mm_fold(mm), addr);
	leaf = __pte(walk.entry[walk.lowest]);
	if (walk.lowest > 1 && entry_leaf(leaf.val, walk.lowest)) {
		offset = addr & (level_span(walk.lowest) - 1);
		left = min(level_span(walk.lowest) - offset, vma->vm_end - addr) >> PAGE_SHIFT;
		n = take_from_leaf(vma, leaf.val + offset, min(nr, left), foll, pages);
		if (n > 0 && !pte_same(touched(leaf, foll), leaf))
			leaf_upgrade(mm, addr, walk.lowest, lowest_slot(&walk, addr),
				     touched(leaf, foll).val);
	}
	spin_unlock(&mm->page_table_lock);
	return n;
}

/*
 * Pages from addr on, at most nr, as far as one table and its entries give them without a fault.
 * 0: the first needs one; -EMLINK: it must be unshared first; or another error of the first.
 */
static long follow_pages(const struct vm_area_struct *vma, unsigned long addr, unsigned long nr,
			 unsigned int foll, struct page **pages)
{
	pmd_t *pmdp = mm_pmd_find(vma->vm_mm, addr);
	struct pte_slot slot = { 0 };
	struct page *page = NULL;
	unsigned long n;
	pte_t pte;

	if (pmdp)
		slot = pte_offset_lock(pmdp, addr);
	if (!slot.ptep)
		return follow_leaf(vma, addr, nr, foll, pages);
	nr = min(nr, (pmd_addr_end(addr, vma->vm_end) - addr) >> PAGE_SHIFT);
	for (n = 0; n < nr; n++, addr += PAGE_SIZE, slot.ptep++) {
		pte = ptep_get(slot.ptep);
		page = follow_pte(vma, pte, foll);
		if (!page || IS_ERR(page))
			break;
		if (!pte_same(touched(pte, foll), pte))
			ptep_upgrade(vma->vm_mm, addr, slot.ptep, touched(pte, foll));
		pages[n] = page;
	}
	pte_unlock(slot);
	return n || !page ? (long)n : PTR_ERR(page);
}

/*
 * Writeback takes write permission from the entries of a page to see the next write. A pin writes
 * past the entries; when it goes it says so (unpin_user_pages_dirty_lock()). One that stays would
 * say so far too late.
 */
static bool writes_unnoticed(const struct vm_area_struct *vma, unsigned int foll)
{
	const unsigned int long_write = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;

	return (foll & long_write) == long_write && (vma->vm_flags & VM_SHARED) && vma->mapping &&
	       mapping_tracks_dirty(vma->mapping);
}

static int vma_allows(const struct vm_area_struct *vma, unsigned int foll)
{
	if (!vma || writes_unnoticed(vma, foll))
		return -EFAULT;
	if (foll & FOLL_WRITE) {
		if (!(vma->vm_flags & VM_WRITE) &&
		    (!(foll & FOLL_FORCE) || !is_cow_mapping(vma->vm_flags)))
			return -EFAULT;
	} else if (!(vma->vm_flags & VM_READ) &&
		   (!(foll & FOLL_FORCE) || !(vma->vm_flags & VM_MAYREAD))) {
		return -EFAULT;
	}
	return 0;
}

/* One call's state. */
struct gup {
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* of the last page; NULL: to be looked up */
	unsigned int foll;
	unsigned int fault;		/* the flags of its faults, by foll */
	int *locked;			/* NULL: the lock is never dropped */
};

/*
 * unshare is for readers: what may be written to through its entry is exclusive, or no
 * anonymous page.
 * 0: look again. -EBUSY: it would wait, or the lock has been dropped (*locked is 0).
 */
static int faultin_page(struct gup *g, unsigned long addr, unsigned int unshare)
{
	unsigned int flags = g->fault | unshare;
	vm_fault_t ret;

	DEBUG_BUG_ON(unshare && (g->foll & FOLL_WRITE));
	if (g->foll & FOLL_NOFAULT)
		return -EFAULT;
	ret = handle_mm_fault(g->vma, addr, flags);
	if (likely(!ret)) {
		use_fault(false);
		return 0;
	}
	if (ret & VM_FAULT_RETRY) {
		if (!(flags & FAULT_FLAG_RETRY_NOWAIT)) {
			BUG_MSG(!g->locked, "a fault dropped a lock that its caller keeps");
			*g->locked = 0;
		}
		if (!(ret & (VM_FAULT_OOM | VM_FAULT_SIGBUS)))
			return -EBUSY;
	}
	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & VM_FAULT_HWPOISON)
		return g->foll & FOLL_HWPOISON ? -EHWPOISON : -EFAULT;
	return ret & VM_FAULT_SIGBUS ? -EFAULT : 0;
}

/*
 * The next pages from addr on: at least one, or an error. Without a place for them,
 * one fault is one page.
 */
static long gup_some(struct gup *g, unsigned long addr, unsigned long nr, struct page **pages)
{
	long n = 0;
	int err;

	if (!g->vma || addr >= g->vma->vm_end) {
		g->vma = vma_lookup(g->mm, addr);
		err = vma_allows(g->vma, g->foll);
		if (err && (g->foll & FOLL_MADV_POPULATE))
			return g->vma ? -EINVAL : -ENOMEM;
		if (err)
			return err;
	}
	for (;;) {
		if (fatal_signal_pending())
			return -EINTR;
		if (pages)
			n = follow_pages(g->vma, addr, nr, g->foll, pages);
		if (n && n != -EMLINK)
			return n;
		if (!n && (g->foll & FOLL_DUMP) && vma_is_anonymous(g->vma))
			return -EFAULT;
		err = faultin_page(g, addr, n ? FAULT_FLAG_UNSHARE : 0);
		if (err)
			return err;
		if (!pages)
			return 1;
	}
}

/* ---- ranges ---- */

/*
 * Until all are there, an error, or a wait that the caller does not want or that
 * has dropped the lock.
 */
static long gup_locked_pages(struct gup *g, unsigned long start, unsigned long nr,
			     struct page **pages)
{
	unsigned long done = 0;
	long n;

	lockdep_assert_held(&g->mm->mmap_lock);
	while (done < nr) {
		n = gup_some(g, start + done * PAGE_SIZE, nr - done, pages ? pages + done : NULL);
		if (n < 0)
			return done || n == -EBUSY ? (long)done : n;
		done += (unsigned long)n;
		cond_resched();
	}
	return (long)nr;
}

/*
 * The same over dropped locks: what had to wait is tried again under a new one. In the end the
 * lock is free if it was dropped once, for what the caller knew from before no longer holds.
 */
static long gup_range(struct gup *g, unsigned long start, unsigned long nr, struct page **pages)
{
	unsigned long done = 0;
	bool dropped = false;
	long n;

	start &= PAGE_MASK;
	for (;;) {
		g->fault = foll_to_fault_flags(g->foll);
		n = gup_locked_pages(g, start + done * PAGE_SIZE, nr - done,
				     pages ? pages + done : NULL);
		if (n > 0)
			done += (unsigned long)n;
		if (!g->locked || *g->locked)
			break;
		dropped = true;
		if (n < 0)
			break;
		if (fatal_signal_pending() ||
		    ((g->foll & FOLL_INTERRUPTIBLE) && signal_pending())) {
			n = -EINTR;
			break;
		}
		mmap_read_lock(g->mm);
		*g->locked = 1;
		g->vma = NULL;
		g->foll |= FOLL_TRIED;
	}
	if (dropped && *g->locked) {
		mmap_read_unlock(g->mm);
		*g->locked = 0;
	}
	if (g->foll & FOLL_PIN)
		count_vm_events(VM_EVENT_PIN, done);
	return done || n > 0 ? (long)done : n;
}

static long gup_checked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			unsigned int flags, unsigned int to_set, struct page **pages, int *locked)
{
	struct gup g = { .mm = mm, .foll = flags | to_set, .locked = locked };

	if (locked)
		to_set |= FOLL_UNLOCKABLE;
	if (!gup_flags_valid(flags, locked, to_set) ||
	    WARN_ONCE(!pages, "get_user_pages without a place for them"))
		return -EINVAL;
	g.foll |= to_set;
	lockdep_assert_held(&mm->mmap_lock);
	return nr ? gup_range(&g, start, nr, pages) : 0;
}

long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr,
		    unsigned int flags, struct page **pages)
{
	return gup_checked(mm, start, nr, flags, FOLL_TOUCH | FOLL_GET, pages, NULL);
}

long get_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr,
			   unsigned int flags, struct page **pages, int *locked)
{
	return gup_checked(mm, start, nr, flags, FOLL_TOUCH | FOLL_REMOTE | FOLL_GET, pages,
			   locked);
}

long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr,
		    unsigned int flags, struct page **pages)
{
	return gup_checked(mm, start, nr, flags, FOLL_PIN, pages, NULL);
}

long pin_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr,
			   unsigned int flags, struct page **pages, int *locked)
{
	return gup_checked(mm, start, nr, flags, FOLL_PIN | FOLL_TOUCH | FOLL_REMOTE, pages,
			   locked);
}

static long gup_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			 unsigned int flags, unsigned int to_set, struct page **pages)
{
	int locked = 1;
	long ret;

	mmap_read_lock(mm);
	ret = gup_checked(mm, start, nr, flags, to_set, pages, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return ret;
}

long get_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			     unsigned int flags, struct page **pages)
{
	return gup_unlocked(mm, start, nr, flags, FOLL_TOUCH | FOLL_GET, pages);
}

long pin_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			     unsigned int flags, struct page **pages)
{
	return gup_unlocked(mm, start, nr, flags, FOLL_TOUCH | FOLL_PIN, pages);
}

long faultin_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool write,
			int *locked)
{
	struct gup g = { .mm = mm,
			 .locked = locked,
			 .foll = FOLL_TOUCH | FOLL_HWPOISON | FOLL_UNLOCKABLE |
				 FOLL_MADV_POPULATE | (write ? FOLL_WRITE : 0) };

	BUG_MSG(!locked || !*locked, "faultin_page_range: the lock is held, and may be dropped");
	lockdep_assert_held(&mm->mmap_lock);
	return gup_range(&g, start, (end - start) >> PAGE_SHIFT, NULL);
}

long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     int *locked)
{
	struct gup g = { .mm = vma->vm_mm, .vma = vma, .locked = locked, .foll = FOLL_TOUCH };
	const unsigned long nr = (end - start) >> PAGE_SHIFT;
	int err;

	lockdep_assert_held(&vma->vm_mm->mmap_lock);
	if (vma->vm_flags & VM_LOCKONFAULT)
		return (long)nr;
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		g.foll |= FOLL_WRITE;
	if (vma->vm_flags & VM_ACCESS_FLAGS)
		g.foll |= FOLL_FORCE;	/* what can only be executed is there too */
	if (locked)
		g.foll |= FOLL_UNLOCKABLE;
	err = vma_allows(vma, g.foll);
	return err ? err : gup_range(&g, start, nr, NULL);
}

/* ---- the fast way, and what it leaves ---- */

static long gup_fast(unsigned long start, unsigned long nr, unsigned int flags,
		     unsigned int to_set, struct page **pages)
{
	const unsigned int fast = flags | to_set;
	unsigned long end, done;
	long ret;

	if (!flags_valid(flags, NULL, to_set) ||
	    WARN_ONCE(!pages, "get_user_pages_fast without a place for them"))
		return -EINVAL;
	start &= PAGE_MASK;
	if (nr > ~0ul >> PAGE_SHIFT || start + (nr << PAGE_SHIFT) < start)
		return -EOVERFLOW;
	end = start + (nr << PAGE_SHIFT);
	if (end > task_size_max())
		return -EFAULT;
	done = gup_fast_range(start, end, fast, pages);
	count_vm_events(VM_EVENT_GUP_FAST, done);
	if (fast & FOLL_PIN)
		count_vm_events(VM_EVENT_PIN, done);
	if (done == nr || (fast & FOLL_FAST_ONLY))
		return (long)done;
	ret = gup_unlocked(current_mm(), start + (done << PAGE_SHIFT), nr - done, flags,
			   to_set | FOLL_TOUCH, pages + done);
	if (ret > 0)
		count_vm_events(VM_EVENT_GUP_SLOW, (unsigned long)ret);
	return ret < 0 && done ? (long)done : ret + (long)done;
}

long get_user_pages_fast(unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages)
{
	return gup_fast(start, nr, flags, FOLL_GET, pages);
}

long pin_user_pages_fast(unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages)
{
	return gup_fast(start, nr, flags, FOLL_PIN, pages);
}

long get_user_pages_fast_only(unsigned long start, unsigned long nr, unsigned int flags,
			      struct page **pages)
{
	long ret = gup_fast(start, nr, flags, FOLL_GET | FOLL_FAST_ONLY, pages);

	return ret < 0 ? 0 : ret;
}
