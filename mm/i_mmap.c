/*
 * Which VMAs map a file: an interval tree over the pages that each maps, ordered by the first and
 * augmented with the last of its subtree.
 *
 * Among VMAs that begin with the same page, who came later lies behind. So a walk meets a parent
 * before its child of fork(): what is copied from one to the other while the walk is between them
 * is still ahead of it.
 */
#define RB_AUGMENT(vma) i_mmap_augment(vma)
#include "kernel/uapi/errno.h"
#include "mm/pagecache.h"
#include "mm/vma.h"

static unsigned long last_page(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static void i_mmap_augment(struct vm_area_struct *vma)
{
	const struct vm_area_struct *left = RB_LEFT(vma, i_mmap_rb),
				    *right = RB_RIGHT(vma, i_mmap_rb);
	unsigned long last = last_page(vma);

	if (left)
		last = max(last, left->i_mmap_last);
	if (right)
		last = max(last, right->i_mmap_last);
	vma->i_mmap_last = last;
}

static int i_mmap_compare(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	if (a->vm_pgoff != b->vm_pgoff)
		return a->vm_pgoff < b->vm_pgoff ? -1 : 1;
	return a->i_mmap_order < b->i_mmap_order ? -1 : a->i_mmap_order > b->i_mmap_order;
}

RB_GENERATE_STATIC(i_mmap_tree, vm_area_struct, i_mmap_rb, i_mmap_compare)

static void augment_upward(struct vm_area_struct *vma)
{
	for (; vma; vma = RB_PARENT(vma, i_mmap_rb))
		i_mmap_augment(vma);
}

void i_mmap_insert(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->mapping;

	lockdep_assert_held(&mapping->i_mmap_lock);
	if (!vma->i_mmap_order)
		vma->i_mmap_order = ++mapping->i_mmap_count;
	vma->i_mmap_last = last_page(vma);
	RB_INSERT(i_mmap_tree, &mapping->i_mmap, vma);
	augment_upward(vma);
}

void i_mmap_erase(struct vm_area_struct *vma)
{
	struct vm_area_struct *parent = RB_PARENT(vma, i_mmap_rb);

	lockdep_assert_held(&vma->mapping->i_mmap_lock);
	RB_REMOVE(i_mmap_tree, &vma->mapping->i_mmap, vma);
	augment_upward(parent);
}

/* The leftmost VMA of the subtree that reaches `first`, if any does. */
static struct vm_area_struct *leftmost(struct vm_area_struct *top, unsigned long first)
{
	struct vm_area_struct *left;

	while (top && top->i_mmap_last >= first) {
		left = RB_LEFT(top, i_mmap_rb);
		if (left && left->i_mmap_last >= first)
			top = left;
		else if (last_page(top) >= first)
			return top;
		else
			top = RB_RIGHT(top, i_mmap_rb);
	}
	return NULL;
}

struct vm_area_struct *i_mmap_first(struct address_space *mapping, unsigned long first,
				    unsigned long last)
{
	struct vm_area_struct *vma;

	lockdep_assert_held(&mapping->i_mmap_lock);
	vma = leftmost(RB_ROOT(&mapping->i_mmap), first);
	return vma && vma->vm_pgoff <= last ? vma : NULL;
}

struct vm_area_struct *i_mmap_next(struct vm_area_struct *vma, unsigned long first,
				   unsigned long last)
{
	do
		vma = i_mmap_tree_RB_NEXT(vma);
	while (vma && vma->vm_pgoff <= last && last_page(vma) < first);
	return vma && vma->vm_pgoff <= last ? vma : NULL;
}

/* ---- how many may write ---- */

int mapping_map_writable(struct address_space *mapping)
{
	int n = atomic_read(&mapping->i_mmap_writable);

	do {
		if (n < 0)
			return -EPERM;
	} while (!atomic_try_cmpxchg(&mapping->i_mmap_writable, &n, n + 1));
	return 0;
}

int mapping_deny_writable(struct address_space *mapping)
{
	int n = atomic_read(&mapping->i_mmap_writable);

	do {
		if (n > 0)
			return -EBUSY;
	} while (n == 0 && !atomic_try_cmpxchg(&mapping->i_mmap_writable, &n, -1));
	return 0;
}
