/*
 * The life of a page fault. user_fault() finds the mapping and asks whether the access is allowed;
 * handle_mm_fault() makes it possible; the cases are below it.
 *
 * The pattern of all cases: read the entry without a lock, decide and prepare (this may sleep),
 * take the table's lock, and if the entry is no longer the one that was read, give everything back
 * and return: the access is tried again and faults again if it still must.
 */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "kernel/base/trace.h"
#include "kernel/base/uses.h"
#include "mm/context.h"
#include "mm/pagecache.h"
#include "mm/recent.h"
#include "mm/rmap.h"
#include "mm/tlb.h"
#include "mm/truncate.h"
#include "mm/vmstat.h"

/* One fault, as the cases see it. */
struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long addr;		/* page aligned */
	unsigned int flags;
	pmd_t *pmdp, pmd;		/* where the table hangs, and what was read there */
	pte_t *ptep, orig;		/* the entry, as it was read without a lock */
};

/*
 * The locked slot, if table and entry are still what the decision was made on; else ptep is NULL.
 * Every fault pays for it, so it is no call.
 */
static __always_inline struct pte_slot lock_if_same(const struct vm_fault *vmf)
{
	struct pte_slot slot = { vmf->ptep, pte_lockptr(vmf->pmd) };

	spin_lock(slot.ptl);
	if (unlikely(!pmd_same(pmdp_get(vmf->pmdp), vmf->pmd) ||
		     !pte_same(ptep_get(slot.ptep), vmf->orig))) {
		pte_unlock(slot);
		slot.ptep = NULL;
	}
	return slot;
}

static pte_t mk_pte(const struct page *page, const struct vm_area_struct *vma)
{
	return pfn_pte(page_to_pfn(page), vma->vm_page_prot);
}

/*
 * Where a page arrives at an empty or replaced entry: counts and the entry. The
 * table's lock is held.
 *
 * What the page holds must be there before the entry: a thread on another CPU finds the page by
 * it, without a fault and without a lock. The other side is the MMU's walk.
 * tests/models/publish.pml: NO_WMB
 */
static void install(const struct vm_fault *vmf, pte_t *ptep, struct page *page, pte_t pte)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	mm_rss_add(mm, mm_counter(page), 1);
	smp_wmb();
	set_pte(mm, vmf->addr, ptep, pte_mkyoung(pte));
}

/* ---- anonymous memory ---- */

/* A read of untouched memory: the zero page, until a write comes. */
static vm_fault_t zero_page_fault(const struct vm_fault *vmf)
{
	struct pte_slot slot = lock_if_same(vmf);

	if (slot.ptep) {
		set_pte(vmf->vma->vm_mm, vmf->addr, slot.ptep,
			pte_mkspecial(pte_mkyoung(mk_pte(zero_page, vmf->vma))));
		pte_unlock(slot);
		count_vm_event(VM_EVENT_ZERO_PAGE);
	}
	return 0;
}

static vm_fault_t anonymous_fault(const struct vm_fault *vmf)
{
	struct pte_slot slot;
	struct page *page;

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return zero_page_fault(vmf);
	page = alloc_page(GFP_ZERO);
	if (!page)
		return VM_FAULT_OOM;
	slot = lock_if_same(vmf);
	if (!slot.ptep) {
		free_page(page);
		return 0;
	}
	page_add_new_anon_rmap(page);
	install(vmf, slot.ptep, page, pte_mkwrite(pte_mkdirty(mk_pte(page, vmf->vma)), vmf->vma));
	pte_unlock(slot);
	count_vm_event(VM_EVENT_ANON_PAGE);
	return 0;
}

/* ---- files and shared memory ---- */

/* A first write to a private file mapping: its own copy at once. */
static vm_fault_t file_cow_fault(const struct vm_fault *vmf, struct folio *folio)
{
	struct page *copy = alloc_page(GFP_KERNEL);
	struct pte_slot slot;

	if (!copy)
		return VM_FAULT_OOM;
	page_copy(page_address(copy), folio_address(folio));
	slot = lock_if_same(vmf);
	if (!slot.ptep) {
		free_page(copy);
		return 0;
	}
	page_add_new_anon_rmap(copy);
	install(vmf, slot.ptep, copy, pte_mkwrite(pte_mkdirty(mk_pte(copy, vmf->vma)), vmf->vma));
	pte_unlock(slot);
	count_vm_event(VM_EVENT_COW_COPY);
	return 0;
}

/*
 * Somebody is about to get write permission for the folio, which is locked: so that it is not
 * written back between this note and the entry.
 */
static void page_mkwrite(const struct vm_area_struct *vma, struct folio *folio)
{
	lockdep_assert_held(folio);
	DEBUG_BUG_ON(folio->page.mapping != vma->mapping); /* else writeback would never find it */
	if (mapping_tracks_dirty(vma->mapping))
		folio_mark_dirty(folio);
}

/* Maps the page cache's own page. */
static void map_cache_page(const struct vm_fault *vmf, struct folio *folio)
{
	struct pte_slot slot = lock_if_same(vmf);
	pte_t pte = mk_pte(&folio->page, vmf->vma);

	if (!slot.ptep)
		return;
	folio_get(folio);
	if (vmf->flags & FAULT_FLAG_WRITE)
		pte = pte_mkwrite(pte_mkdirty(pte), vmf->vma);
	else if (mapping_tracks_dirty(vmf->vma->mapping) || vma_soft_dirty_enabled(vmf->vma))
		pte = pte_wrprotect(pte);	/* the first write is to be seen */
	page_dup_rmap(&folio->page);
	install(vmf, slot.ptep, &folio->page, pte);
	pte_unlock(slot);
}

static vm_fault_t locked_folio_fault(const struct vm_fault *vmf, struct folio *folio)
{
	const struct vm_area_struct *vma = vmf->vma;
	bool private_write = (vmf->flags & FAULT_FLAG_WRITE) && !(vma->vm_flags & VM_SHARED);

	lockdep_assert_held(folio);
	/*
	 * A re-check. Truncated since it was found: the next try sees the size, or
	 * finds another page.
	 */
	if (!folio_belongs(folio, vma->mapping, linear_page_index(vma, vmf->addr)))
		return 0;
	if (unlikely(page_test(&folio->page, PG_hwpoison)))
		return VM_FAULT_HWPOISON;
	if (private_write)
		return file_cow_fault(vmf, folio);
	if (vmf->flags & FAULT_FLAG_WRITE)
		page_mkwrite(vma, folio);
	map_cache_page(vmf, folio);
	return 0;
}

/* What a fault comes to that did not get its page from the cache. */
static vm_fault_t fault_of_error(long err)
{
	return err == -EAGAIN ? VM_FAULT_RETRY :
	       err == -ENOMEM ? VM_FAULT_OOM :
	       err == -EHWPOISON ? VM_FAULT_HWPOISON : VM_FAULT_SIGBUS;
}

/*
 * Until the page is there, and whoever has it locked is done; or until a signal
 * comes that ends the wait.
 */
static int wait_unlocked(struct address_space *mapping, unsigned long index, enum folio_wait until)
{
	struct folio *folio = filemap_get_until(mapping, index, until);
	int err;

	if (IS_ERR(folio))
		return (int)PTR_ERR(folio);
	err = folio_lock_until(folio, until);
	if (!err)
		folio_unlock(folio);
	folio_put(folio);
	return err;
}

/*
 * A killed program does not come back to its access; the kernel's own would be tried again and
 * again, and waits to the end, unless its caller says otherwise.
 */
static enum folio_wait wait_until(unsigned int flags)
{
	return flags & FAULT_FLAG_INTERRUPTIBLE ? WAIT_INTERRUPTIBLE :
	       flags & (FAULT_FLAG_KILLABLE | FAULT_FLAG_USER) ? WAIT_KILLABLE : WAIT_TO_THE_END;
}

static bool nowait(const struct vm_fault *vmf) { return vmf->flags & FAULT_FLAG_RETRY_NOWAIT; }

/* Is the wait for a page without mmap_lock? It may be long where a device is. */
static bool waits_unlocked(const struct vm_fault *vmf)
{
	return (vmf->flags & FAULT_FLAG_ALLOW_RETRY) && !nowait(vmf) &&
	       mapping_has_device(vmf->vma->mapping);
}

/* What happens without the lock when a page is not there, or somebody has it locked. */
static vm_fault_t wait_for_page(const struct vm_fault *vmf)
{
	unsigned long index = linear_page_index(vmf->vma, vmf->addr);
	vm_fault_t ret = VM_FAULT_RETRY;
	struct vma_pin pin;
	int err;

	use_fault(true);
	pin = vma_pin_file(vmf->vma);
	mmap_read_unlock(vmf->vma->vm_mm);
	err = wait_unlocked(pin.mapping, index, wait_until(vmf->flags));
	vma_unpin_file(pin);
	return err && err != -EINTR ? ret | fault_of_error(err) : ret;
}

/*
 * Its lock, but not by waiting for a device, nor for anybody with RETRY_NOWAIT. With an error the
 * reference is gone.
 */
static vm_fault_t lock_folio_or_retry(const struct vm_fault *vmf, struct folio *folio)
{
	if (!waits_unlocked(vmf) && !nowait(vmf)) {
		folio_lock(folio);
		return 0;
	}
	if (folio_trylock(folio))
		return 0;
	folio_put(folio);
	return nowait(vmf) ? VM_FAULT_RETRY : wait_for_page(vmf);
}

/* Does the fault have to wait for the page to be read, and may it let go of mmap_lock for that? */
static bool wants_retry(const struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;
	unsigned long index = linear_page_index(vma, vmf->addr);
	struct folio *folio;
	bool absent;

	if (!waits_unlocked(vmf) || index >= size_pages(vma->mapping))
		return false;
	folio = filemap_find(vma->mapping, index);
	absent = !folio || !page_test(&folio->page, PG_uptodate);
	if (folio)
		folio_put(folio);
	return absent;
}

/*
 * The folio is locked until it, or its copy, is mapped: truncation, which takes it out of the
 * cache under that lock, comes before and we see it, or after and it finds what we have mapped.
 */
static vm_fault_t file_fault(const struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio;
	vm_fault_t ret;

	if (wants_retry(vmf)) {
		count_vm_event(VM_EVENT_MAJOR_FAULT);
		return wait_for_page(vmf);
	}
	folio = filemap_get_until(vma->mapping, linear_page_index(vma, vmf->addr),
				  nowait(vmf) ? WAIT_NOT : WAIT_TO_THE_END);
	if (IS_ERR(folio))
		return fault_of_error(PTR_ERR(folio));
	ret = lock_folio_or_retry(vmf, folio);
	if (ret)
		return ret;
	ret = locked_folio_fault(vmf, folio);
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

/*
 * The entry stays and gets its permission, if the page is still the file's and the
 * entry what it was.
 */
static void make_writable(const struct vm_fault *vmf, struct folio *folio)
{
	const struct vm_area_struct *vma = vmf->vma;
	struct pte_slot slot;

	/* A re-check: it may have left the file while its lock was waited for. */
	if (!folio_belongs(folio, vma->mapping, linear_page_index(vma, vmf->addr)))
		return;
	page_mkwrite(vma, folio);
	slot = lock_if_same(vmf);
	if (!slot.ptep)
		return;
	ptep_upgrade(vma->vm_mm, vmf->addr, slot.ptep,
		     pte_mkwrite(pte_mkyoung(pte_mkdirty(vmf->orig)), vma));
	pte_unlock(slot);
}

/*
 * The first write to a page of a device since it was read or written back, through
 * a shared mapping.
 */
static vm_fault_t wp_page_shared(const struct vm_fault *vmf)
{
	struct pte_slot slot = lock_if_same(vmf);
	struct folio *folio;
	vm_fault_t ret;

	if (!slot.ptep)
		return 0;
	folio = page_folio(vm_normal_page(vmf->orig));
	folio_get(folio);
	pte_unlock(slot);
	ret = lock_folio_or_retry(vmf, folio);
	if (ret)
		return ret;
	make_writable(vmf, folio);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/* ---- a write to a present, read-only entry ---- */

/*
 * Is this anonymous page exclusive, or may it be *made* so: does nobody else hold it? The
 * folio lock keeps those away who would add a reference on the strength of it; the
 * table's lock keeps the entry.
 */
static bool make_exclusive(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool alone;

	if (!page_test(page, PG_anon))
		return false;
	if (page_test(page, PG_exclusive))
		/* Pinned, perhaps: then it has to stay, whatever the mapping allows. */
		return true;
	if (folio_ref_count(folio) != 1 || !folio_trylock(folio))
		return false;
	/* The re-check. */
	alone = folio_ref_count(folio) == 1;
	if (alone)
		page_set(page, PG_exclusive);
	folio_unlock(folio);
	return alone;
}

/* The entry gets write permission, if that is what is wanted, and keeps its page. */
static void wp_reuse(const struct vm_fault *vmf, struct pte_slot slot)
{
	pte_t pte = pte_mkyoung(pte_mkdirty(vmf->orig));

	if (vmf->flags & FAULT_FLAG_UNSHARE) {
		pte_unlock(slot);	/* the exclusive mark was all */
		return;
	}
	ptep_upgrade(vmf->vma->vm_mm, vmf->addr, slot.ptep, pte_mkwrite(pte, vmf->vma));
	pte_unlock(slot);
	trace(TRACE_COW, vmf->addr, pte_pfn(vmf->orig), pte_pfn(vmf->orig));
	count_vm_event(VM_EVENT_COW_REUSE);
}

/* What leads to the copy. Nobody has written to one that was made for a reader. */
static pte_t copied_pte(const struct vm_fault *vmf, struct page *copy)
{
	const u64 dirty = _PAGE_DIRTY | _PAGE_SOFT_DIRTY;
	pte_t pte = mk_pte(copy, vmf->vma);

	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return __pte(pte.val | (vmf->orig.val & dirty));
	return pte_mkwrite(pte_mkdirty(pte), vmf->vma);
}

/*
 * The copy takes the entry over. It is cleared and flushed first: while another CPU can still read
 * the old page at this address, no CPU may write the new one.
 */
static void wp_replace(const struct vm_fault *vmf, struct pte_slot slot, struct page *old,
		       struct page *copy)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	ptep_get_and_clear(mm, vmf->addr, slot.ptep);
	flush_tlb_page(mm, vmf->addr);
	if (old) {
		mm_rss_add(mm, mm_counter(old), -1);
		page_remove_rmap(old);
	}
	page_add_new_anon_rmap(copy);
	install(vmf, slot.ptep, copy, copied_pte(vmf, copy));
	pte_unlock(slot);
	trace(TRACE_COW, vmf->addr, pte_pfn(vmf->orig), page_to_pfn(copy));
	if (old)
		put_page(old);
	count_vm_event(vmf->flags & FAULT_FLAG_UNSHARE ? VM_EVENT_UNSHARE : VM_EVENT_COW_COPY);
}

/* old is NULL for the zero page; otherwise the caller holds a reference to it. */
static vm_fault_t wp_copy(const struct vm_fault *vmf, struct page *old)
{
	struct page *copy = alloc_page(old ? GFP_KERNEL : GFP_ZERO);
	struct pte_slot slot;

	if (!copy)
		return VM_FAULT_OOM;
	if (old) {
		if (page_test(old, PG_anon)) /* a file's page may be written to through the file */
			ledger_assert_not_writable(old);
		page_copy(page_address(copy), page_address(old));
	}
	slot = lock_if_same(vmf);
	if (slot.ptep)
		wp_replace(vmf, slot, old, copy);
	else
		free_page(copy);
	return 0;
}

static vm_fault_t wp_fault(const struct vm_fault *vmf)
{
	struct pte_slot slot = lock_if_same(vmf);
	struct page *page;
	vm_fault_t ret;

	if (!slot.ptep)
		return 0;
	page = vm_normal_page(vmf->orig);
	if (pte_may_be_writable(vmf->vma, vmf->orig) || (page && make_exclusive(page))) {
		wp_reuse(vmf, slot);
		return 0;
	}
	if (page)
		get_page(page);
	pte_unlock(slot);
	ret = wp_copy(vmf, page);
	if (page)
		put_page(page);
	return ret;
}

/* ---- all of them ---- */

/* The entry allows the access by now: another CPU was faster, or only A and D are missing. */
static vm_fault_t spurious_fault(const struct vm_fault *vmf)
{
	struct pte_slot slot = lock_if_same(vmf);
	pte_t pte = pte_mkyoung(vmf->orig);

	if (!slot.ptep)
		return 0;
	if (vmf->flags & FAULT_FLAG_WRITE)
		pte = pte_mkdirty(pte);
	ptep_upgrade(vmf->vma->vm_mm, vmf->addr, slot.ptep, pte);
	pte_unlock(slot);
	tlb_flush_local(vmf->addr, vmf->addr + PAGE_SIZE);
	return 0;
}

static vm_fault_t absent_fault(const struct vm_fault *vmf)
{
	if (unlikely(pte_hwpoison(vmf->orig)))
		return VM_FAULT_HWPOISON;
	return vma_is_anonymous(vmf->vma) ? anonymous_fault(vmf) : file_fault(vmf);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct vm_fault vmf;

	vmf.vma = vma;
	vmf.addr = addr & PAGE_MASK;
	vmf.flags = flags;
	vmf.pmdp = mm_pmd_alloc(vma->vm_mm, addr);
	if (unlikely(!vmf.pmdp))
		return VM_FAULT_OOM;
	vmf.pmd = pmdp_get(vmf.pmdp);
	if (unlikely(pmd_none(vmf.pmd))) {
		if (pte_table_alloc(vma->vm_mm, vmf.pmdp, addr))
			return VM_FAULT_OOM;
		vmf.pmd = pmdp_get(vmf.pmdp);
	}
	vmf.ptep = (pte_t *)table_slot(pmd_pfn(vmf.pmd), addr, 1);
	vmf.orig = ptep_get(vmf.ptep);
	if (!pte_present(vmf.orig))
		return absent_fault(&vmf);
	if ((flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pte_write(vmf.orig))
		return vma->vm_flags & VM_SHARED && mapping_tracks_dirty(vma->mapping) ?
			       wp_page_shared(&vmf) : wp_fault(&vmf);
	return spurious_fault(&vmf);
}

/* ---- the running program's fault ---- */

/* Why vma does not allow the access, in words; NULL if it does. */
static const char *access_error(const struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE ? NULL : "is not writable";
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vma->vm_flags & VM_EXEC ? NULL : "is not executable";
	return vma->vm_flags & VM_ACCESS_FLAGS ? NULL : "allows no access";
}

static void refuse(struct fault_result *res, int signo, int code, unsigned long addr,
		   unsigned int flags, const struct vm_area_struct *vma, const char *why)
{
	*res = (struct fault_result){
		.signo = signo, .code = code, .why = why, .addr = addr, .flags = flags
	};
	if (vma) {
		res->vm_start = vma->vm_start;
		res->vm_end = vma->vm_end;
		res->vm_flags = vma->vm_flags;
	}
}

/*
 * What handle_mm_fault() says of the access; after VM_FAULT_RETRY alone the
 * program tries it again.
 */
static __noinline void refuse_fault(struct fault_result *res, vm_fault_t ret, unsigned long addr,
				    unsigned int flags, const struct vm_area_struct *vma)
{
	bool retry = ret & VM_FAULT_RETRY;	/* then vma may be gone */

	if (ret & VM_FAULT_OOM)
		refuse(res, SIGKILL, 0, addr, flags, retry ? NULL : vma,
		       "gets no page: out of memory");
	else if (ret & VM_FAULT_SIGBUS)
		refuse(res, SIGBUS, BUS_ADRERR, addr, flags, retry ? NULL : vma,
		       retry ? "the page cannot be read from the disk" : "ends beyond its file");
	else if (ret & VM_FAULT_HWPOISON)
		refuse(res, SIGBUS, BUS_MCEERR_AR, addr, flags, retry ? NULL : vma,
		       "has broken memory there");
}

void fault_explain(const struct fault_result *res, char *buf, size_t size)
{
	const char *what = res->flags & FAULT_FLAG_INSTRUCTION ? "execution" :
			   res->flags & FAULT_FLAG_WRITE ? "write" : "read";
	unsigned long flags = res->vm_flags;
	size_t n = scnprintf(buf, size, "%s at %lx: ", what, res->addr);

	if (!res->vm_end)
		scnprintf(buf + n, size - n, "%s", res->why);
	else
		scnprintf(buf + n, size - n, "the mapping %lx-%lx %c%c%c%c %s", res->vm_start,
			  res->vm_end, flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
			  flags & VM_EXEC ? 'x' : '-', flags & VM_SHARED ? 's' : 'p', res->why);
}

/* A stack grows to addr if its limit and the guard gap to the mapping below allow it. */
static const char *expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PAGE_MASK, pages = (vma->vm_start - start) >> PAGE_SHIFT;
	const struct vm_area_struct *prev = vma_prev(vma);

	if (vma->vm_end - start > READ_ONCE(vma->vm_mm->limits.stack) ||
	    !may_expand_vm(vma->vm_mm, vma->vm_flags, pages) ||
	    !mlock_future_ok(vma->vm_mm, vma->vm_flags, pages))
		return "the stack may not grow that far";
	if (start < MMAP_MIN_ADDR)
		return "the stack would come too near to address 0";
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && (prev->vm_flags & VM_ACCESS_FLAGS) &&
	    start - prev->vm_end < STACK_GUARD_GAP)
		return "the stack would come too near to the mapping below";
	if ((vma->vm_flags & VM_ACCOUNT) && vm_enough_memory(vma->vm_mm, pages))
		return "no more memory may be promised";
	vma_set_bounds(vma, start, vma->vm_end);
	return NULL;
}

/*
 * The mapping for addr, a stack grown to it if need be; mmap_lock is held for reading if it is
 * found, and free if not. Growing changes the tree and needs the lock for writing: it is taken
 * anew, and so is the look.
 */
static struct vm_area_struct *lock_and_find_vma(struct mm_struct *mm, unsigned long addr,
						const char **why)
{
	struct vm_area_struct *vma;

	*why = "nothing is mapped there";
	mmap_read_lock(mm);
	vma = vma_find(mm, addr);
	if (likely(vma && vma->vm_start <= addr))
		return vma;
	if (!vma || !(vma->vm_flags & VM_GROWSDOWN)) {
		mmap_read_unlock(mm);
		return NULL;
	}
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	vma = vma_find(mm, addr);
	/* A re-check: another fault may have grown it as far by now. */
	if (vma && vma->vm_start > addr) {
		if (vma->vm_flags & VM_GROWSDOWN)
			*why = expand_stack(vma, addr);
		if (*why)
			vma = NULL;
	}
	if (vma)
		mmap_write_downgrade(mm);
	else
		mmap_write_unlock(mm);
	return vma;
}

static void resolve_user_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags,
			       struct fault_result *res)
{
	struct vm_area_struct *vma;
	const char *why;
	vm_fault_t ret = 0;

	count_vm_event(VM_EVENT_FAULT);
	res->signo = 0;
	vma = mm ? lock_and_find_vma(mm, addr, &why) : NULL;
	if (unlikely(!vma)) {
		if (!mm || addr >= task_size_max())
			why = "not a user address";
		refuse(res, SIGSEGV, SEGV_MAPERR, addr, flags, NULL, why);
		return;
	}
	why = access_error(vma, flags);
	if (unlikely(why)) {
		refuse(res, SIGSEGV, SEGV_ACCERR, addr, flags, vma, why);
	} else if (unlikely(reload_root(mm))) {
		/*
		 * With mmap_lock held no unfolding is under way: every CPU should have been told.
		 */
		WARN_ONCE(!UNFOLD_LAZY, "CPU %u had an old root of its address space", this_cpu());
	} else {
		ret = handle_mm_fault(vma, addr, flags | FAULT_FLAG_ALLOW_RETRY);
		if (likely(!ret))
			use_fault(false);
		else
			refuse_fault(res, ret, addr, flags, vma);
	}
	if (likely(!(ret & VM_FAULT_RETRY)))
		mmap_read_unlock(mm);
}

void user_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags,
		struct fault_result *res)
{
	struct recent_mark mark = recent_fault_begin();

	trace(TRACE_FAULT, addr, flags, 0);
	resolve_user_fault(mm, addr, flags, res);
	trace(TRACE_FAULT_END, addr, (u64)res->signo, 0);
	recent_fault_end(&mark, mm, addr, flags, res->signo);
}
