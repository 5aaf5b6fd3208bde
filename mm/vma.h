/* Mappings of an address space: struct vm_area_struct, their tree, merge and split. */
#pragma once
#include <sys/tree.h>
#include "mm/page.h"

struct mm_struct;
struct mmap_source;

/* Mappings that one address space may have, as in Linux. */
#define MAX_MAP_COUNT	65530

/* As in Linux: the low four index protection_map(). */
#define VM_READ		0x00000001ul
#define VM_WRITE	0x00000002ul
#define VM_EXEC		0x00000004ul
#define VM_SHARED	0x00000008ul
#define VM_MAYREAD	0x00000010ul
#define VM_MAYWRITE	0x00000020ul
#define VM_MAYEXEC	0x00000040ul
#define VM_MAYSHARE	0x00000080ul
#define VM_GROWSDOWN	0x00000100ul
#define VM_LOCKED	0x00002000ul
#define VM_LOCKONFAULT	0x00080000ul
#define VM_ACCOUNT	0x00100000ul	/* its pages are promised: see overcommit.h */
#define VM_NORESERVE	0x00200000ul
#define VM_SOFTDIRTY	0x08000000ul	/* new since clear_refs: all of it counts as written to */

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)

struct vm_area_struct {
	unsigned long vm_start, vm_end;		/* [start, end), page aligned */
	unsigned long vm_flags;
	pgprot_t vm_page_prot;
	struct mm_struct *vm_mm;
	struct address_space *mapping;		/* file or shared memory;
						 * NULL: private anonymous */
	struct file *vm_file;			/* the open file that mapping
						 * belongs to; NULL: none does */
	unsigned long vm_pgoff;			/* offset in mapping; anonymous: vm_start
						 * >> PAGE_SHIFT at creation */
	RB_ENTRY(vm_area_struct) rb;
	unsigned long gap;			/* bytes free before it, the
						 * stack's guard gap left out */
	unsigned long subtree_gap;		/* the largest gap in its subtree */
	/* In mapping->i_mmap, under its lock. */
	RB_ENTRY(vm_area_struct) i_mmap_rb;
	unsigned long i_mmap_last;		/* the last page that its subtree maps */
	u64 i_mmap_order;			/* among those that begin with the same page */
};

RB_HEAD(vma_tree, vm_area_struct);

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}
/* Is a write to what is not soft-dirty noticed? Then only entries with the bit are writable. */
static inline bool vma_soft_dirty_enabled(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SOFTDIRTY);
}
static inline bool vma_is_anonymous(const struct vm_area_struct *vma) { return !vma->mapping; }
/* The page of the file, or of the anonymous area, that lies at addr. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* The mapping that contains addr or the first one above it; NULL: none. mmap_lock held. */
struct vm_area_struct *vma_find(const struct mm_struct *mm, unsigned long addr);
/* The mapping that contains addr; NULL: none. */
struct vm_area_struct *vma_lookup(const struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *vma_first(const struct mm_struct *mm);
struct vm_area_struct *vma_last(const struct mm_struct *mm);
struct vm_area_struct *vma_next(const struct vm_area_struct *vma);
struct vm_area_struct *vma_prev(const struct vm_area_struct *vma);
/* The first mapping that intersects [start, end). */
struct vm_area_struct *vma_find_intersection(const struct mm_struct *mm, unsigned long start,
					     unsigned long end);
/* Pages of [start, end) in mappings that have all of these flags. */
unsigned long count_vma_pages_range(const struct mm_struct *mm, unsigned long start,
				    unsigned long end, unsigned long vm_flags);

/*
 * Keeps what the VMA maps (not the VMA) while mmap_lock is let go: filled under the lock, put
 * without. The last put may close the file, and sleep.
 */
struct vma_pin {
	struct address_space *mapping;
	struct file *file;
};
struct vma_pin vma_pin_file(const struct vm_area_struct *vma);
void vma_unpin_file(struct vma_pin pin);

/* All that follow need mmap_lock held for writing. */
struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end,
				 unsigned long vm_flags);
void vma_free(struct vm_area_struct *vma);	/* one that is in no tree */
/* Makes a new VMA one of a file, whose references it takes. -EPERM: it may not be writable. */
int vma_set_file(struct vm_area_struct *vma, const struct mmap_source *source,
		 unsigned long pgoff);
/* Gives a new VMA what an old one maps; pgoff is the new one's. */
void vma_copy_file(struct vm_area_struct *vma, const struct vm_area_struct *old,
		   unsigned long pgoff);
/* Exit: nobody finds the VMA through its file any more. Before its tables are freed. */
void vma_leave_file(struct vm_area_struct *vma);
void vma_link(struct vm_area_struct *vma);
void vma_unlink(struct vm_area_struct *vma);
/* The same after vma_leave_file(). */
void vma_unlink_dead(struct vm_area_struct *vma);
/* Moves the bounds of a linked mapping; the hole beside it is free. vm_pgoff follows start. */
void vma_set_bounds(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* Cuts at addr (inside it); the mapping keeps the lower part. -ENOMEM leaves all as it was. */
int vma_split(struct vm_area_struct *vma, unsigned long addr);
/*
 * Cuts so that a mapping begins and ends with the part of [start, end) that lies in
 * vma, and returns that one: for what changes it, and merges it again.
 * ERR_PTR(-ENOMEM) leaves all as it was.
 */
struct vm_area_struct *vma_isolate(struct vm_area_struct *vma, unsigned long start,
				   unsigned long end);
/*
 * Joins with neighbours that continue it with equal flags, VM_SOFTDIRTY aside: where one has it,
 * all of it counts as written to. Returns the mapping that covers it now.
 */
struct vm_area_struct *vma_merge(struct vm_area_struct *vma);
/*
 * An existing mapping grown to cover [start, end) with those attributes, or NULL if none borders
 * on it: mmap and brk then need no new structure.
 */
struct vm_area_struct *vma_expand_over(struct mm_struct *mm, unsigned long start,
				       unsigned long end, unsigned long vm_flags,
				       const struct mmap_source *source, unsigned long pgoff);
/* Unmapped bytes below a stack, so that its growth meets a hole and not another mapping. */
#define STACK_GUARD_GAP	(256 * PAGE_SIZE)

/* The highest address in [min, limit - len] with len bytes free; -ENOMEM. */
unsigned long vma_unmapped_area(const struct mm_struct *mm, unsigned long len, unsigned long min,
				unsigned long limit);

/* What RLIMIT_DATA limits: private writable memory but the stack. */
static inline bool is_data_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}
/* What has to be promised before it may be mapped: private memory that can be written to. */
static inline bool accountable_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_NORESERVE)) == VM_WRITE;
}
/* The text of programs and libraries. */
static inline bool is_exec_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC;
}
/* Pages of a linked mapping come or go, or change their kind. mmap_lock held for writing. */
void vm_account(const struct vm_area_struct *vma, long pages);
void vma_set_flags(struct vm_area_struct *vma, unsigned long vm_flags);
/* vma_set_flags() of a linked mapping, whose pages count by its flags. */
void vma_change_flags(struct vm_area_struct *vma, unsigned long vm_flags);
void vma_cache_init(void);
