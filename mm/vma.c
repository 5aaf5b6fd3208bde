/* The tree of mappings: ordered by address, and augmented with the holes between them. */
#define RB_AUGMENT(vma)	((void)vma_augment(vma))
#include "mm/mmap_lock.h"
#include "kernel/uapi/errno.h"
#include "mm/pagecache.h"
#include "mm/slab.h"

static struct kmem_cache *vma_cache;

void vma_cache_init(void)
{
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0);
}

/* ---- the tree ---- */

/* Reckons the largest gap of the subtree anew; true if it has changed. */
static bool vma_augment(struct vm_area_struct *vma)
{
	const struct vm_area_struct *left = RB_LEFT(vma, rb), *right = RB_RIGHT(vma, rb);
	unsigned long gap = vma->gap, old = vma->subtree_gap;

	if (left)
		gap = max(gap, left->subtree_gap);
	if (right)
		gap = max(gap, right->subtree_gap);
	vma->subtree_gap = gap;
	return gap != old;
}

static int vma_compare(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_start < b->vm_start ? -1 : a->vm_start > b->vm_start;
}

RB_GENERATE_STATIC(vma_tree, vm_area_struct, rb, vma_compare)

/* Where the hole below a mapping ends: a stack keeps its guard gap free. */
static unsigned long start_gap(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}

/* Upward as far as it makes a difference. */
static void set_gap(struct vm_area_struct *vma, unsigned long gap)
{
	vma->gap = gap;
	while (vma && vma_augment(vma))
		vma = RB_PARENT(vma, rb);
}

static unsigned long gap_between(const struct vm_area_struct *prev,
				 const struct vm_area_struct *vma)
{
	unsigned long from = prev ? prev->vm_end : 0;
	unsigned long to = start_gap(vma);

	return to > from ? to - from : 0;
}

/* The bounds of vma or of the mapping before it have changed. */
static void update_gap(struct vm_area_struct *vma)
{
	set_gap(vma, gap_between(vma_prev(vma), vma));
}

static void update_gap_after(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma);

	if (next)
		update_gap(next);
}

void vm_account(const struct vm_area_struct *vma, long pages)
{
	struct mm_struct *mm = vma->vm_mm;

	mm->total_vm += (unsigned long)pages;
	mm->hiwater_vm = max(mm->hiwater_vm, mm->total_vm);
	if (is_exec_mapping(vma->vm_flags))
		mm->exec_vm += (unsigned long)pages;
	if (vma->vm_flags & VM_GROWSDOWN)
		mm->stack_vm += (unsigned long)pages;
	if (is_data_mapping(vma->vm_flags))
		mm->data_vm += (unsigned long)pages;
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
}

/*
 * What maps a file is found through it by truncation, which relies on bounds and tables while it
 * holds i_mmap_lock: for writing, the VMA's place among those of its file may change.
 */
static void lock_file(const struct vm_area_struct *vma)
{
	if (vma->mapping)
		down_write(&vma->mapping->i_mmap_lock);
}
static void unlock_file(const struct vm_area_struct *vma)
{
	if (vma->mapping)
		up_write(&vma->mapping->i_mmap_lock);
}
static void file_insert(struct vm_area_struct *vma)
{
	if (vma->mapping)
		i_mmap_insert(vma);
}
static void file_erase(struct vm_area_struct *vma)
{
	if (vma->mapping)
		i_mmap_erase(vma);
}

void vma_leave_file(struct vm_area_struct *vma)
{
	if (!vma->mapping)
		return;
	lock_file(vma);
	i_mmap_erase(vma);
	unlock_file(vma);
}

static void link_in_mm(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_write_locked(mm);
	vma->gap = vma->subtree_gap = 0;
	RB_INSERT(vma_tree, &mm->vmas, vma);
	mm->map_count++;
	vm_account(vma, (long)vma_pages(vma));
	update_gap(vma);
	update_gap_after(vma);
}

void vma_link(struct vm_area_struct *vma)
{
	lock_file(vma);
	file_insert(vma);
	link_in_mm(vma);
	unlock_file(vma);
}

void vma_unlink_dead(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *next = vma_next(vma);

	mmap_assert_write_locked(mm);
	if (next)
		set_gap(next, gap_between(vma_prev(vma), next));
	set_gap(vma, 0); /* so that nothing above depends on it, wherever rotations leave what */
	RB_REMOVE(vma_tree, &mm->vmas, vma);
	mm->map_count--;
	vm_account(vma, -(long)vma_pages(vma));
}

void vma_unlink(struct vm_area_struct *vma)
{
	vma_leave_file(vma);
	vma_unlink_dead(vma);
}

static void set_bounds(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long old_start = vma->vm_start, old_end = vma->vm_end;

	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_pgoff += (long)(start - old_start) >> PAGE_SHIFT;
	vma->vm_start = start;
	vma->vm_end = end;
	vm_account(vma, ((long)(end - start) - (long)(old_end - old_start)) >> PAGE_SHIFT);
	if (start != old_start)
		update_gap(vma);
	if (end != old_end)
		update_gap_after(vma);
}

void vma_set_bounds(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	lock_file(vma);
	file_erase(vma);
	set_bounds(vma, start, end);
	file_insert(vma);
	unlock_file(vma);
}

/* ---- looking up ---- */

struct vm_area_struct *vma_find(const struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = RB_ROOT(&mm->vmas), *found = NULL;

	while (vma) {
		if (vma->vm_end > addr) {
			found = vma;
			if (vma->vm_start <= addr)
				break;
			vma = RB_LEFT(vma, rb);
		} else {
			vma = RB_RIGHT(vma, rb);
		}
	}
	return found;
}

struct vm_area_struct *vma_lookup(const struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_find(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

struct vm_area_struct *vma_find_intersection(const struct mm_struct *mm, unsigned long start,
					     unsigned long end)
{
	struct vm_area_struct *vma = vma_find(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

unsigned long count_vma_pages_range(const struct mm_struct *mm, unsigned long start,
				    unsigned long end, unsigned long vm_flags)
{
	const struct vm_area_struct *vma = vma_find_intersection(mm, start, end);
	unsigned long bytes = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		if ((vma->vm_flags & vm_flags) == vm_flags)
			bytes += min(end, vma->vm_end) - max(start, vma->vm_start);
	}
	return bytes >> PAGE_SHIFT;
}

struct vm_area_struct *vma_first(const struct mm_struct *mm)
{
	return vma_find(mm, 0);
}

struct vm_area_struct *vma_last(const struct mm_struct *mm)
{
	return RB_MAX(vma_tree, (struct vma_tree *)&mm->vmas);
}

struct vm_area_struct *vma_next(const struct vm_area_struct *vma)
{
	return vma_tree_RB_NEXT((struct vm_area_struct *)vma);
}

struct vm_area_struct *vma_prev(const struct vm_area_struct *vma)
{
	return vma_tree_RB_PREV((struct vm_area_struct *)vma);
}

/* ---- holes ---- */

/*
 * The mapping with the highest address in the subtree that has a gap of len before
 * it; there is one.
 */
static struct vm_area_struct *last_gap(struct vm_area_struct *top, unsigned long len)
{
	struct vm_area_struct *right;

	for (;;) {
		right = RB_RIGHT(top, rb);
		if (right && right->subtree_gap >= len)
			top = right;
		else if (top->gap >= len)
			return top;
		else
			top = RB_LEFT(top, rb);
	}
}

/* The next lower mapping than vma that has a gap of len before it. */
static struct vm_area_struct *prev_gap(struct vm_area_struct *vma, unsigned long len)
{
	struct vm_area_struct *left, *below = NULL;

	for (; vma; below = vma, vma = RB_PARENT(vma, rb)) {
		if (below && RB_RIGHT(vma, rb) != below)
			continue;
		if (below && vma->gap >= len)
			return vma;
		left = RB_LEFT(vma, rb);
		if (left && left->subtree_gap >= len)
			return last_gap(left, len);
	}
	return NULL;
}

unsigned long vma_unmapped_area(const struct mm_struct *mm, unsigned long len, unsigned long min,
				unsigned long limit)
{
	struct vm_area_struct *vma = vma_last(mm);
	unsigned long start, end;

	if (len > limit || limit - len < min)
		return -ENOMEM;
	if (!vma || limit - len >= vma->vm_end)
		return limit - len;
	vma = RB_ROOT(&mm->vmas);
	vma = vma->subtree_gap >= len ? last_gap(vma, len) : NULL;
	for (; vma; vma = prev_gap(vma, len)) {
		end = start_gap(vma);
		start = max(end - vma->gap, min);
		end = min(end, limit);
		if (end >= len && end - len >= start)
			return end - len;
		if (end < min)
			break;
	}
	return -ENOMEM;
}

/* ---- making, cutting, joining ---- */

void vma_set_flags(struct vm_area_struct *vma, unsigned long vm_flags)
{
	WRITE_ONCE(vma->vm_flags, vm_flags);	/* writeback looks without mmap_lock */
	vma->vm_page_prot = protection_map(vm_flags);
}

void vma_change_flags(struct vm_area_struct *vma, unsigned long vm_flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vm_account(vma, -(long)vma_pages(vma));
	vma_set_flags(vma, vm_flags);
	vm_account(vma, (long)vma_pages(vma));
}

struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end,
				 unsigned long vm_flags)
{
	struct vm_area_struct *vma = kmem_cache_alloc(vma_cache, GFP_KERNEL);

	if (!vma)
		return NULL;
	*vma = (struct vm_area_struct){
		.vm_start = start,
		.vm_end = end,
		.vm_mm = mm,
		.vm_pgoff = start >> PAGE_SHIFT,
	};
	vma_set_flags(vma, vm_flags);
	return vma;
}

/* A VMA that is counted among those through which a file may be written to. */
static bool counts_as_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

struct vma_pin vma_pin_file(const struct vm_area_struct *vma)
{
	const struct vma_pin pin = { vma->mapping, vma->vm_file };

	if (pin.file)
		vma_file_get(pin.file);
	else
		mapping_get(pin.mapping);
	return pin;
}

void vma_unpin_file(struct vma_pin pin)
{
	if (pin.file)
		vma_file_put(pin.file);
	else
		mapping_put(pin.mapping);
}

int vma_set_file(struct vm_area_struct *vma, const struct mmap_source *source, unsigned long pgoff)
{
	vma->vm_pgoff = pgoff;
	if (counts_as_writable(vma) && mapping_map_writable(source->mapping))
		return -EPERM;
	vma->mapping = source->mapping;
	vma->vm_file = source->file;
	vma_pin_file(vma);
	return 0;
}

void vma_copy_file(struct vm_area_struct *vma, const struct vm_area_struct *old,
		   unsigned long pgoff)
{
	const struct mmap_source source = { .mapping = old->mapping, .file = old->vm_file };

	vma->vm_pgoff = pgoff;
	if (old->mapping)
		BUG_ON(vma_set_file(vma, &source, pgoff));
}

void vma_free(struct vm_area_struct *vma)
{
	if (vma->mapping && counts_as_writable(vma))
		mapping_unmap_writable(vma->mapping);
	if (vma->mapping)
		vma_unpin_file((struct vma_pin){ vma->mapping, vma->vm_file });
	kmem_cache_free(vma_cache, vma);
}

int vma_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper;
	unsigned long end = vma->vm_end;

	BUG_MSG(addr <= vma->vm_start || addr >= end || addr & ~PAGE_MASK, "at %lx of [%lx, %lx)",
		addr, vma->vm_start, end);
	if (vma->vm_mm->map_count >= MAX_MAP_COUNT)
		return -ENOMEM;
	upper = vma_alloc(vma->vm_mm, addr, end, vma->vm_flags);
	if (!upper)
		return -ENOMEM;
	upper->vm_page_prot = vma->vm_page_prot;
	vma_copy_file(upper, vma, linear_page_index(vma, addr));
	/* At every moment each page is one's or the other's. */
	lock_file(vma);
	file_erase(vma);
	set_bounds(vma, vma->vm_start, addr);
	file_insert(vma);
	file_insert(upper);
	link_in_mm(upper);
	unlock_file(vma);
	return 0;
}

struct vm_area_struct *vma_isolate(struct vm_area_struct *vma, unsigned long start,
				   unsigned long end)
{
	if (vma->vm_start < start) {
		if (vma_split(vma, start))
			return ERR_PTR(-ENOMEM);
		vma = vma_next(vma);
	}
	if (vma->vm_end > end && vma_split(vma, end)) {
		vma_merge(vma);
		return ERR_PTR(-ENOMEM);
	}
	return vma;
}

/* Does `upper` go on where `lower` ends, with the same attributes? */
static bool continues(const struct vm_area_struct *lower, const struct vm_area_struct *upper)
{
	return lower->vm_end == upper->vm_start &&
	       !((lower->vm_flags ^ upper->vm_flags) & ~VM_SOFTDIRTY) &&
	       lower->mapping == upper->mapping && lower->vm_file == upper->vm_file &&
	       linear_page_index(lower, upper->vm_start) == upper->vm_pgoff;
}

/* What joins a mapping does not forget that it counts as written to. */
static void inherit_soft_dirty(struct vm_area_struct *vma, const struct vm_area_struct *joins)
{
	WRITE_ONCE(vma->vm_flags, vma->vm_flags | (joins->vm_flags & VM_SOFTDIRTY));
}

static void absorb(struct vm_area_struct *lower, struct vm_area_struct *upper)
{
	unsigned long end = upper->vm_end;

	lock_file(lower);
	file_erase(upper);
	file_erase(lower);
	vma_unlink_dead(upper);
	set_bounds(lower, lower->vm_start, end);
	inherit_soft_dirty(lower, upper);
	file_insert(lower);
	unlock_file(lower);
	vma_free(upper);
}

struct vm_area_struct *vma_merge(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_prev(vma), *next = vma_next(vma);

	if (next && continues(vma, next))
		absorb(vma, next);
	if (prev && continues(prev, vma)) {
		absorb(prev, vma);
		return prev;
	}
	return vma;
}

struct vm_area_struct *vma_expand_over(struct mm_struct *mm, unsigned long start,
				       unsigned long end, unsigned long vm_flags,
				       const struct mmap_source *source, unsigned long pgoff)
{
	struct vm_area_struct as_if = {
		.vm_start = start, .vm_end = end, .vm_flags = vm_flags, .vm_pgoff = pgoff,
		.mapping = source ? source->mapping : NULL,
		.vm_file = source ? source->file : NULL,
	};
	struct vm_area_struct *next = vma_find(mm, end), *prev;

	prev = start ? vma_lookup(mm, start - 1) : NULL;
	if (prev && continues(prev, &as_if)) {
		vma_set_bounds(prev, prev->vm_start, end);
		inherit_soft_dirty(prev, &as_if);
		return next && continues(prev, next) ? vma_merge(prev) : prev;
	}
	if (next && continues(&as_if, next)) {
		vma_set_bounds(next, start, next->vm_end);
		inherit_soft_dirty(next, &as_if);
		return next;
	}
	return NULL;
}
