/* mmap, munmap, brk: choosing addresses and changing the set of mappings. */
#include "mm/internal.h"
#include "kernel/base/trace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "mm/buddy.h"
#include "mm/pagecache.h"
#include "mm/zap.h"

#define MAX_FILE_SIZE	(~0ul >> 1)	/* no mapping reaches beyond what
					 * a file's position can be */

/* ---- limits ---- */

bool may_have_data(const struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = READ_ONCE(mm->limits.data);

	/* Linux lets Valgrind, which sets 0 to make brk() fail, go on with mmap(). */
	return mm->data_vm + pages <= (limit ? limit : READ_ONCE(mm->limits.data_max)) >>
	       PAGE_SHIFT;
}

bool may_expand_vm(const struct mm_struct *mm, unsigned long vm_flags, unsigned long pages)
{
	return mm->total_vm + pages <= READ_ONCE(mm->limits.as) >> PAGE_SHIFT &&
	       (!is_data_mapping(vm_flags) || may_have_data(mm, pages));
}

/* What MAP_FIXED would replace does not count. */
static bool may_map(const struct mm_struct *mm, unsigned long vm_flags, unsigned long addr,
		    unsigned long len)
{
	return may_expand_vm(mm, vm_flags, len >> PAGE_SHIFT) ||
	       may_expand_vm(mm, vm_flags,
			     (len >> PAGE_SHIFT) -
				     count_vma_pages_range(mm, addr, addr + len, 0));
}

/* vm_enough_memory() for that many pages, as if what MAP_FIXED replaces were given back before. */
static int promise(const struct mm_struct *mm, unsigned long addr, unsigned long len, int flags,
		   unsigned long pages)
{
	unsigned long replaced;
	int err;

	if (!(flags & MAP_FIXED))
		return vm_enough_memory(mm, pages);
	replaced = count_vma_pages_range(mm, addr, addr + len, VM_ACCOUNT);
	vm_unacct_memory(replaced);
	err = vm_enough_memory(mm, pages);
	vm_acct_memory(replaced);
	return err;
}

/* ---- choosing an address ---- */

/* Is [addr, addr + len) free, and clear of the guard gap of a stack above? */
static bool range_is_free(const struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	const struct vm_area_struct *vma = vma_find(mm, addr);
	unsigned long limit;

	if (!vma)
		return true;
	limit = vma->vm_start;
	if (vma->vm_flags & VM_GROWSDOWN)
		limit = limit > STACK_GUARD_GAP ? limit - STACK_GUARD_GAP : 0;
	return addr + len <= limit;
}

/*
 * The end of addresses for who does not ask for more: the reach of 4 levels, to which a 3-level
 * tree unfolds when nothing fits. Only a hint above that asks for 5.
 */
static unsigned long map_window(void) { return min(levels_reach(4) - PAGE_SIZE, task_size_max()); }

/* Is what begins there on one side of the window's end, whole? And are there such addresses? */
static bool hint_is_valid(unsigned long addr, unsigned long len)
{
	return addr <= task_size_max() - len &&
	       (addr > map_window()) == (addr + len > map_window());
}

/* Top-down from mmap_base, then from the end of the tree's reach, and of the window. */
static unsigned long unmapped_area(struct mm_struct *mm, unsigned long hint, unsigned long len)
{
	unsigned long window = map_window(), addr;

	if (hint > window) {
		addr = vma_unmapped_area(mm, len, window, task_size_max());
		if (!IS_ERR_VALUE(addr))
			return addr;
	}
	addr = vma_unmapped_area(mm, len, MMAP_MIN_ADDR, mm->mmap_base);
	if (!IS_ERR_VALUE(addr))
		return addr;
	addr = vma_unmapped_area(mm, len, MMAP_MIN_ADDR,
				 min(levels_reach(mm_levels(mm)) - PAGE_SIZE, window));
	if (!IS_ERR_VALUE(addr))
		return addr;
	return vma_unmapped_area(mm, len, MMAP_MIN_ADDR, window);
}

static unsigned long get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len,
				       int flags)
{
	unsigned long max = task_size_max();

	if (len > max)
		return -ENOMEM;
	if (flags & MAP_FIXED) {
		if (addr > max - len)
			return -ENOMEM;
		return addr & ~PAGE_MASK ? (unsigned long)-EINVAL : addr;
	}
	addr &= PAGE_MASK;	/* of the first page: no hint */
	if (addr) {
		addr = max(addr, MMAP_MIN_ADDR);
		if (hint_is_valid(addr, len) && range_is_free(mm, addr, len))
			return addr;
	}
	return unmapped_area(mm, addr, len);
}

/* ---- mmap ---- */

/* What MAP_SHARED_VALIDATE knows; the other types ignore what they do not. */
#define LEGACY_MAP_MASK \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE | \
	 MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | \
	 MAP_HUGETLB | MAP_UNINITIALIZED)

/* VM_ flags from what the program asked for; or an error in *err. */
static unsigned long mmap_vm_flags(int prot, int flags, const struct mmap_source *source,
				   long *err)
{
	unsigned long vm_flags =
		(prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
		(prot & PROT_EXEC ? VM_EXEC : 0) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	*err = 0;
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (!source || flags & ~LEGACY_MAP_MASK) {
			*err = source ? -EOPNOTSUPP : -EINVAL;
			break;
		}
		/* fall through */
	case MAP_SHARED:
		vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (flags & MAP_GROWSDOWN)
			*err = -EINVAL;
		if (source && source->read_only) {
			vm_flags &= ~VM_MAYWRITE;
			if (prot & PROT_WRITE)
				*err = -EACCES;
		}
		break;
	case MAP_PRIVATE:
		if (flags & MAP_GROWSDOWN) {
			vm_flags |= VM_GROWSDOWN;
			if (source)
				*err = -EINVAL;
		}
		break;
	default:
		*err = -EINVAL;
	}
	if ((flags & MAP_NORESERVE) && READ_ONCE(overcommit.memory) != OVERCOMMIT_NEVER)
		vm_flags |= VM_NORESERVE;
	if (flags & MAP_LOCKED)
		vm_flags |= VM_LOCKED;
	return vm_flags;
}

/* Gives a new mapping its object: the file, or memory for it to share. 0 or -errno. */
static int set_object(struct vm_area_struct *vma, const struct mmap_source *source,
		      unsigned long pgoff)
{
	struct mmap_source memory = { 0 };
	int err;

	vma->vm_pgoff = pgoff;
	if (source)
		return vma_set_file(vma, source, pgoff);
	if (!(vma->vm_flags & VM_SHARED))
		return 0;
	memory.mapping =
		shmem_mapping_create(vma->vm_end - vma->vm_start, vma->vm_flags & VM_NORESERVE);
	if (!memory.mapping)
		return -ENOMEM;
	err = vma_set_file(vma, &memory, pgoff);
	mapping_put(memory.mapping);
	return err;
}

/*
 * All that a new mapping takes, and that there may be too little memory for: it is in no tree yet.
 * Unfolding comes last: it is not undone. Or ERR_PTR().
 */
static struct vm_area_struct *new_vma(struct mm_struct *mm, unsigned long addr, unsigned long len,
				      unsigned long vm_flags, const struct mmap_source *source,
				      unsigned long pgoff)
{
	struct vm_area_struct *vma = vma_alloc(mm, addr, addr + len, vm_flags | VM_SOFTDIRTY);
	int err;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	err = set_object(vma, source, pgoff);
	if (!err)
		err = ensure_reach(mm, addr + len);
	if (!err)
		return vma;
	vma_free(vma);
	return ERR_PTR(err);
}

/* The mapping at an address that has been chosen and is free. */
static long map_region(struct mm_struct *mm, unsigned long addr, unsigned long len,
		       unsigned long vm_flags, const struct mmap_source *source,
		       unsigned long pgoff)
{
	struct vm_area_struct *vma;

	if (addr + len <= levels_reach(mm_levels(mm)) &&
	    vma_expand_over(mm, addr, addr + len, vm_flags | VM_SOFTDIRTY, source, pgoff))
		return 0;
	vma = new_vma(mm, addr, len, vm_flags, source, pgoff);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	vma_link(vma);
	return 0;
}

/* The same in place of what is there; that goes last, so that an error leaves it as it was. */
static long replace_region(struct mm_struct *mm, unsigned long addr, unsigned long len,
			   unsigned long vm_flags, const struct mmap_source *source,
			   unsigned long pgoff)
{
	struct vm_area_struct *vma = new_vma(mm, addr, len, vm_flags, source, pgoff);
	int err;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	err = unmap_locked(mm, addr, addr + len);
	if (err) {
		vma_free(vma);
		return err;
	}
	vma_link(vma);
	vma_merge(vma);
	return 0;
}

static long mmap_locked(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot,
			int flags, const struct mmap_source *source, unsigned long pgoff)
{
	unsigned long vm_flags, charged = 0;
	long err;

	if (mm->map_count >= MAX_MAP_COUNT)
		return -ENOMEM;
	addr = get_unmapped_area(mm, addr, len, flags);
	if (IS_ERR_VALUE(addr))
		return (long)addr;
	if ((flags & MAP_FIXED_NOREPLACE) && vma_find_intersection(mm, addr, addr + len))
		return -EEXIST;
	if ((flags & MAP_LOCKED) && !can_do_mlock(mm))
		return -EPERM;
	vm_flags = mmap_vm_flags(prot, flags, source, &err) | mm->def_flags;
	if (!mlock_future_ok(mm, vm_flags, len >> PAGE_SHIFT))
		return -EAGAIN;
	if (err)
		return err;
	if (map_deny_write_exec(mm, vm_flags, vm_flags))
		return -EACCES;
	if (!may_map(mm, vm_flags, addr, len))
		return -ENOMEM;
	if (flags & MAP_HUGETLB)
		return -ENOMEM;		/* there is no pool of huge pages */
	if (accountable_mapping(vm_flags)) {
		charged = len >> PAGE_SHIFT;
		vm_flags |= VM_ACCOUNT;
	}
	if (promise(mm, addr, len, flags, charged))
		return -ENOMEM;
	if (!source)
		pgoff = vm_flags & VM_SHARED ? 0 : addr >> PAGE_SHIFT;
	if ((flags & MAP_FIXED) && vma_find_intersection(mm, addr, addr + len))
		err = replace_region(mm, addr, len, vm_flags, source, pgoff);
	else
		err = map_region(mm, addr, len, vm_flags, source, pgoff);
	if (err) {
		vm_unacct_memory(charged);
		return err;
	}
	trace(TRACE_MAP, addr, addr + len, vm_flags);
	return (long)addr;
}

long mm_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags,
	     const struct mmap_source *source, unsigned long pgoff)
{
	bool populate;
	long ret;

	if (source && !source->mapping)
		source = NULL;
	if (!len)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff ||
	    (source && pgoff > (MAX_FILE_SIZE - len) >> PAGE_SHIFT))
		return -EOVERFLOW;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	mmap_write_lock(mm);
	ret = mmap_locked(mm, addr, len, prot, flags, source, pgoff);
	populate = flags & MAP_LOCKED || mm->def_flags & VM_LOCKED ||
		   (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	mmap_write_unlock(mm);
	if (populate && !IS_ERR_VALUE(ret))
		mm_populate(mm, (unsigned long)ret, (unsigned long)ret + len, true);
	return ret;
}

/* ---- munmap ---- */

/*
 * Takes [start, end) out of the mappings that intersect it: whole ones go to `gone`,
 * others shrink. At most one new structure is needed, for a hole in the middle of one
 * mapping, and it comes first.
 */
static int detach_vmas(struct mm_struct *mm, unsigned long start, unsigned long end,
		       struct vm_area_struct **gone)
{
	struct vm_area_struct *vma = vma_find_intersection(mm, start, end), *next;
	unsigned long bytes = 0;

	if (vma->vm_start < start && vma->vm_end > end && vma_split(vma, end))
		return -ENOMEM;
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(vma);
		if (vma->vm_flags & VM_ACCOUNT)
			bytes += min(end, vma->vm_end) - max(start, vma->vm_start);
		if (vma->vm_start < start) {
			vma_set_bounds(vma, vma->vm_start, start);
		} else if (vma->vm_end > end) {
			vma_set_bounds(vma, end, vma->vm_end);
		} else {
			vma_unlink(vma);
			RB_LEFT(vma, rb) = *gone;	/* out of the tree, it serves as a list */
			*gone = vma;
		}
	}
	vm_unacct_memory(bytes >> PAGE_SHIFT);
	return 0;
}

int unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *gone = NULL, *vma, *next, *prev;
	unsigned long floor, ceiling;
	struct mmu_gather tlb;

	if (!vma_find_intersection(mm, start, end))
		return 0;
	trace(TRACE_UNMAP, start, end, 0);
	if (detach_vmas(mm, start, end, &gone))
		return -ENOMEM;
	next = vma_find(mm, end);
	prev = next ? vma_prev(next) : vma_last(mm);
	floor = prev ? prev->vm_end : 0;
	ceiling = next ? next->vm_start : levels_reach(mm_levels(mm));
	tlb_gather_mmu(&tlb, mm);
	unmap_page_range(&tlb, start, end, floor, ceiling);
	tlb_finish_mmu(&tlb);
	for (vma = gone; vma; vma = next) {
		next = RB_LEFT(vma, rb);
		vma_free(vma);
	}
	return 0;
}

long mm_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	long ret;

	if (addr & ~PAGE_MASK || addr > task_size_max() || len > task_size_max() - addr)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -EINVAL;
	mmap_write_lock(mm);
	ret = unmap_locked(mm, addr, addr + len);
	mmap_write_unlock(mm);
	return ret;
}

/* ---- brk ---- */

#define BRK_FLAGS (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT)

static int brk_grow(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	const unsigned long vm_flags = BRK_FLAGS | mm->def_flags,
			    pages = (to - from) >> PAGE_SHIFT;

	if (to > task_size_max() || !range_is_free(mm, from, to - from + PAGE_SIZE) ||
	    mm->map_count >= MAX_MAP_COUNT || !may_expand_vm(mm, vm_flags, pages) ||
	    !mlock_future_ok(mm, vm_flags, pages) || vm_enough_memory(mm, pages))
		return -ENOMEM;
	if (!map_region(mm, from, to - from, vm_flags, NULL, from >> PAGE_SHIFT))
		return 0;
	vm_unacct_memory(pages);
	return -ENOMEM;
}

/* RLIMIT_DATA counts what a program calls its data: that of its file, and all of the break's. */
static bool brk_is_limited(const struct mm_struct *mm, unsigned long brk)
{
	unsigned long data = mm->end_data - mm->start_data;

	return brk - mm->start_brk + data > READ_ONCE(mm->limits.data);
}

static bool brk_move(struct mm_struct *mm, unsigned long brk)
{
	unsigned long from = ALIGN_UP(mm->brk, PAGE_SIZE), to = ALIGN_UP(brk, PAGE_SIZE);

	if (brk < mm->start_brk || to < brk || brk_is_limited(mm, brk))
		return false;
	if (to < from)	/* it does not shrink where the program has unmapped it before */
		return vma_find_intersection(mm, to, from) && !unmap_locked(mm, to, from);
	return to == from || !brk_grow(mm, from, to);
}

long mm_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long old, now;
	bool populate;

	mmap_write_lock(mm);
	old = mm->brk;
	if (brk_move(mm, brk))
		mm->brk = brk;
	now = mm->brk;
	populate = now > old && mm->def_flags & VM_LOCKED;
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(mm, ALIGN_UP(old, PAGE_SIZE), ALIGN_UP(now, PAGE_SIZE), true);
	return (long)now;
}
