/* Making and ending address spaces. */
#include "mm/internal.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "mm/context.h"
#include "mm/pagecache.h"
#include "mm/slab.h"
#include "mm/table_free.h"
#include "mm/zap.h"

struct page *zero_page;
unsigned long user_end;
static struct kmem_cache *mm_cache;
static unsigned int initial_levels = 3;
static atomic_long_t last_id;

static const char *set_levels(const char *value)
{
	long n;

	if (!value || !cmdline_number(value, 3, 5, &n))
		return "it takes 3, 4 or 5";
	if (n > (long)hw_levels())
		return "this processor's page tables have 4 levels only";
	initial_levels = (unsigned int)n;
	return NULL;
}
BOOT_OPTION("levels", "=3|4|5", "page-table levels that programs start with (default 3)",
	    set_levels);

void mm_init(void)
{
	struct folio *zero = folio_alloc(GFP_ZERO | GFP_NOFAIL, 0);

	zero_page = &zero->page;
	zero_page->flags |= BIT(PG_reserved);
	user_end = levels_reach(hw_levels()) - PAGE_SIZE;
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 64);
	vma_cache_init();
	pagecache_init();
	table_free_init();
	overcommit_init();
}

unsigned int mm_initial_levels(void)
{
	return initial_levels;
}

struct mm_struct *mm_alloc(unsigned int levels)
{
	struct mm_struct *mm = kmem_cache_alloc(mm_cache, GFP_KERNEL | GFP_ZERO);
	struct page *root;

	if (!mm)
		return NULL;
	root = table_alloc(mm);
	if (!root) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	root_table_init(page_address(root), levels);
	mm->root = page_to_pfn(root) << PAGE_SHIFT | levels;
	mm->id = (unsigned long)atomic_long_add_return(1, &last_id);
	RB_INIT(&mm->vmas);
	mmap_lock_init(mm);
	spin_lock_init(&mm->page_table_lock, LOCK_PAGE_TABLE);
	mm->limits = (struct mm_limits){ ~0ul, ~0ul, ~0ul, ~0ul, ~0ul, true };
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	return mm;
}

static long rss_sum(const struct mm_struct *mm, enum mm_counter counter)
{
	unsigned int cpu;
	long sum = 0;

	for_each_cpu(cpu, cpus_online())
		sum += READ_ONCE(mm->cpu[cpu].rss[counter]);
	return sum;
}

unsigned long mm_rss(const struct mm_struct *mm, enum mm_counter counter)
{
	long sum = rss_sum(mm, counter);

	/* A page that comes on one CPU and goes on another meanwhile may be seen to go only. */
	return sum > 0 ? (unsigned long)sum : 0;
}

static unsigned long rss_of_all_kinds(const struct mm_struct *mm)
{
	cpumask_t cpus = cpus_online();
	unsigned int cpu;
	long sum = 0;

	for_each_cpu(cpu, cpus) {
		for (int i = 0; i < NR_MM_COUNTERS; i++)
			sum += READ_ONCE(mm->cpu[cpu].rss[i]);
	}
	return sum > 0 ? (unsigned long)sum : 0;
}

unsigned long mm_hiwater_rss(const struct mm_struct *mm)
{
	return max(READ_ONCE(mm->hiwater_rss), rss_of_all_kinds(mm));
}

void mm_reset_hiwater_rss(struct mm_struct *mm)
{
	WRITE_ONCE(mm->hiwater_rss, rss_of_all_kinds(mm));
}

#define RSS_BATCH	32	/* to add up takes a look at each CPU's line: not for every page */

/*
 * Two who raise it at once: the lower one may stay, and the next batch puts it right
 * or there was no more.
 */
void mm_rss_goes(struct mm_struct *mm, unsigned long pages)
{
	struct mm_cpu *cpu = &mm->cpu[this_cpu()];

	cpu->unmapped += pages;
	if (cpu->unmapped < RSS_BATCH)
		return;
	cpu->unmapped = 0;
	WRITE_ONCE(mm->hiwater_rss, mm_hiwater_rss(mm));
}

/*
 * Unmaps everything and frees all tables but the top: no CPU can reach them and no task will.
 * Mapping by mapping, from below: a table goes with the last mapping that it serves.
 */
static void exit_mmap(struct mm_struct *mm)
{
	unsigned long reach = levels_reach(mm_levels(mm)), accounted = 0;
	struct vm_area_struct *vma, *next;
	struct mmu_gather tlb;

	mmap_write_lock(mm);
	tlb_gather_mmu_dead(&tlb, mm);
	for (vma = vma_first(mm); vma; vma = next) {
		next = vma_next(vma);
		vma_leave_file(vma);	/* truncation must not look for tables that go */
		unmap_page_range(&tlb, vma->vm_start, vma->vm_end, 0,
				 next ? next->vm_start : reach);
	}
	tlb_finish_mmu(&tlb);
	/*
	 * Tables that no mapping leads to: the old top of a tree that was unfolded
	 * while it was empty.
	 */
	if (atomic_long_read(&mm->table_frames) > 1) {
		tlb_gather_mmu_dead(&tlb, mm);
		unmap_page_range(&tlb, 0, reach, 0, reach);
		tlb_finish_mmu(&tlb);
	}
	for (vma = vma_first(mm); vma; vma = next) {
		next = vma_next(vma);
		accounted += vma->vm_flags & VM_ACCOUNT ? vma_pages(vma) : 0;
		vma_unlink_dead(vma);
		vma_free(vma);
	}
	vm_unacct_memory(accounted);
	mmap_write_unlock(mm);
}

bool mmget_not_zero(struct mm_struct *mm)
{
	int old = atomic_read(&mm->mm_users);

	do {
		if (!old)
			return false;
	} while (!atomic_try_cmpxchg(&mm->mm_users, &old, old + 1));
	return true;
}

void mmdrop(struct mm_struct *mm)
{
	if (atomic_dec_and_test(&mm->mm_count))
		kmem_cache_free(mm_cache, mm);
}

void mmput(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	mm_leave_all_cpus(mm);
	exit_mmap(mm);
	if (mm->exe_file)
		exe_file_put(mm->exe_file);
	table_free(mm, pfn_to_page(fold_table(mm_fold(mm))));
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		BUG_MSG(rss_sum(mm, i), "counter %d of an empty mm is %ld", i, rss_sum(mm, i));
	BUG_MSG(atomic_long_read(&mm->table_frames), "%ld page tables are not freed",
		atomic_long_read(&mm->table_frames));
	mmdrop(mm);
}

/* ---- exec's part of the layout ---- */

#define STACK_INITIAL	(128 * 1024ul + PAGE_SIZE) /* less where the limit is lower */
#define MMAP_GAP_MIN	(128ul << 20)	/* kept below the stack for it to grow */

/*
 * As many bits as on Linux where the tree has its reach; with 3 levels, 4 GiB for mappings and 1
 * GiB for the stack, of 512.
 */
static unsigned long random_pages(const struct mm_struct *mm, unsigned long random,
				  unsigned int bits_3, unsigned int bits)
{
	return (random & (BIT(mm_levels(mm) == 3 ? bits_3 : bits) - 1)) << PAGE_SHIFT;
}

unsigned long mm_random_offset(const struct mm_struct *mm, unsigned long random)
{
	return random_pages(mm, random, 20, 28);
}

int mm_setup_stack(struct mm_struct *mm, const struct mm_random *random, unsigned long *top)
{
	/* Trees of 4 and 5 levels have Linux's layout, those of 3 the same below 2^39. */
	unsigned long window = levels_reach(min(mm_levels(mm), 4u));
	unsigned long gap = min(max(mm->limits.stack, MMAP_GAP_MIN), window / 6 * 5);
	unsigned long end = window - PAGE_SIZE - random_pages(mm, random->stack, 18, 22);
	unsigned long base = end - gap - STACK_GUARD_GAP;
	unsigned long size =
		max(min(ALIGN_DOWN(mm->limits.stack, PAGE_SIZE), STACK_INITIAL), PAGE_SIZE);
	struct vm_area_struct *vma;

	if (vm_enough_memory(mm, size >> PAGE_SHIFT))
		return -ENOMEM;
	mmap_write_lock(mm);
	vma = vma_alloc(mm, end - size, end,
			VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_GROWSDOWN |
			VM_ACCOUNT | VM_SOFTDIRTY);
	if (vma) {
		vma_link(vma);
		mm->mmap_base = ALIGN_DOWN(base - min(mm_random_offset(mm, random->mmap),
						      base / 2), PAGE_SIZE);
		mm->start_stack = *top = end;
	}
	mmap_write_unlock(mm);
	if (vma)
		return 0;
	vm_unacct_memory(size >> PAGE_SHIFT);
	return -ENOMEM;
}

void mm_setup_brk(struct mm_struct *mm, unsigned long start, unsigned long random)
{
	/* Linux moves the break by up to 32 MiB. */
	mm->start_brk = mm->brk = ALIGN_UP(start, PAGE_SIZE) + random_pages(mm, random, 13, 13);
}
