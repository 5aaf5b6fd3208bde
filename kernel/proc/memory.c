/* /proc/meminfo, buddyinfo, slabinfo: what memory is used for. */
#include "kernel/proc/memory.h"
#include "kernel/fs/blkdev.h"
#include "kernel/proc/proc.h"
#include "mm/memory_failure.h"
#include "mm/overcommit.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmstat.h"

#define KB(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

/* ---- counting processes' memory ---- */

static struct mm_struct *mm_of(const struct process *process)
{
	const struct task *task = TAILQ_FIRST(&process->threads);

	return task ? task->mm : NULL;
}

struct summing {
	struct memory_totals totals;
	unsigned long round;	/* what the address spaces that are in it have in `summed` */
};

static void add_process(struct process *process, void *arg)
{
	struct summing *sum = arg;
	struct memory_totals *totals = &sum->totals;
	struct mm_struct *mm = mm_of(process);
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link)
		totals->stacks++;
	if (!mm || mm->summed == sum->round)
		return; /* it is another process's too: vfork, CLONE_VM */
	mm->summed = sum->round;
	totals->anon += mm_rss(mm, MM_ANONPAGES);
	totals->mapped += mm_rss(mm, MM_FILEPAGES) + mm_rss(mm, MM_SHMEMPAGES);
	totals->tables += (unsigned long)atomic_long_read(&mm->table_frames);
}

struct search {
	unsigned long after;	/* whose number is the lowest above it? */
	struct mm_struct *mm;
};

static void consider(struct process *process, void *arg)
{
	struct search *search = arg;
	struct mm_struct *mm = mm_of(process);

	if (!mm || !READ_ONCE(mm->locked_vm) || mm->id <= search->after)
		return;
	if (!search->mm || mm->id < search->mm->id)
		search->mm = mm;
}

/* The next address space that has locked memory: with a reference to it; or NULL. */
static struct mm_struct *next_with_locks(unsigned long after)
{
	struct search search = { .after = after };

	spin_lock(&tasks_lock);
	process_for_each(consider, &search);
	if (search.mm)
		mmget(search.mm);
	spin_unlock(&tasks_lock);
	return search.mm;
}

/* Not counted as they come and go: few programs lock any, and nobody else pays for it. */
static unsigned long mlocked_pages(void)
{
	unsigned long pages = 0, after = 0;
	struct mm_struct *mm;

	while ((mm = next_with_locks(after))) {
		pages += mm_mlocked_pages(mm);
		after = mm->id;
		mmput(mm);
	}
	return pages;
}

static void add_slabs(const char *name, size_t size, unsigned long in_use, unsigned long slabs,
		      void *arg)
{
	*(unsigned long *)arg += slabs;
}

struct memory_totals memory_totals(void)
{
	static unsigned long rounds; /* under tasks_lock */
	struct summing sum = { .totals.mlocked = mlocked_pages() };

	slab_for_each(add_slabs, &sum.totals.slabs);
	spin_lock(&tasks_lock);
	sum.round = ++rounds;
	process_for_each(add_process, &sum);
	spin_unlock(&tasks_lock);
	return sum.totals;
}

/* ---- meminfo ---- */

struct line {
	const char *name;
	unsigned long kb;
};

static void show_lines(struct text *text, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t start = text->len;

		text_printf(text, "%s:", lines[i].name);
		text_pad(text, start, 16);
		text_printf(text, "%8lu kB\n", lines[i].kb);
	}
}

/*
 * Nobody reclaims: there are no lists of active and inactive pages, and only a lock is a reason to
 * stay.
 */
static void show_use(struct text *text, const struct memory_totals *totals)
{
	const unsigned long cached = pagecache_pages(), shmem = pagecache_shmem_pages(),
			    buffers = blkdev_pages();
	const unsigned long free = frames_free();
	const struct line lines[] = {
		{ "MemTotal", KB(frames_total()) },
		{ "MemFree", KB(free) },
		{ "MemAvailable", KB(free + cached - shmem) },
		{ "Buffers", KB(buffers) },
		{ "Cached", KB(cached > buffers ? cached - buffers : 0) },
		{ "SwapCached", 0 },
		{ "Unevictable", KB(totals->mlocked) },
		{ "Mlocked", KB(totals->mlocked) },
		{ "SwapTotal", 0 },
		{ "SwapFree", 0 },
		{ "Dirty", KB(vm_stat(VM_STAT_DIRTY)) },
		{ "Writeback", KB(vm_stat(VM_STAT_WRITEBACK)) },
		{ "AnonPages", KB(totals->anon) },
		{ "Mapped", KB(totals->mapped) },
		{ "Shmem", KB(shmem) },
	};

	show_lines(text, lines, ARRAY_SIZE(lines));
}

/* No slab gives anything back that is in use; per-CPU variables are part of the image. */
static void show_kernel(struct text *text, const struct memory_totals *totals)
{
	const struct line lines[] = {
		{ "KReclaimable", 0 },
		{ "Slab", KB(totals->slabs) },
		{ "SReclaimable", 0 },
		{ "SUnreclaim", KB(totals->slabs) },
		{ "KernelStack", totals->stacks * (KERNEL_STACK_SIZE >> 10) },
		{ "PageTables", KB(totals->tables) },
		{ "SecPageTables", 0 },
		{ "NFS_Unstable", 0 },
		{ "Bounce", 0 },
		{ "WritebackTmp", 0 },
		{ "CommitLimit", KB(vm_commit_limit()) },
		{ "Committed_AS", KB(vm_committed()) },
		{ "VmallocTotal", (VMALLOC_END - VMALLOC_START) >> 10 },
		{ "VmallocUsed", KB(vmalloc_pages()) },
		{ "VmallocChunk", 0 },
		{ "Percpu", 0 },
	};

	show_lines(text, lines, ARRAY_SIZE(lines));
	text_printf(text, "HardwareCorrupted: %5lu kB\n", KB(hwpoisoned_pages()));
}

static void show_huge(struct text *text)
{
	static const struct line transparent[] = {
		{ "AnonHugePages", 0 }, { "ShmemHugePages", 0 }, { "ShmemPmdMapped", 0 },
		{ "FileHugePages", 0 }, { "FilePmdMapped", 0 },
	};
	const struct line rest[] = {
		{ "Hugepagesize", PMD_SIZE >> 10 },
		{ "Hugetlb", 0 },
		{ "DirectMap4k", direct_map_bytes[0] >> 10 },
		{ "DirectMap2M", direct_map_bytes[1] >> 10 },
		{ "DirectMap1G", direct_map_bytes[2] >> 10 },
	};

	show_lines(text, transparent, ARRAY_SIZE(transparent));
	text_printf(text, "HugePages_Total:       0\nHugePages_Free:        0\n"
			  "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	show_lines(text, rest, ARRAY_SIZE(rest));
}

int show_meminfo(struct text *text, const struct proc_target *target)
{
	const struct memory_totals totals = memory_totals();

	show_use(text, &totals);
	show_kernel(text, &totals);
	show_huge(text);
	return 0;
}

/* ---- the allocators ---- */

int show_buddyinfo(struct text *text, const struct proc_target *target)
{
	unsigned long counts[MAX_ORDER + 1];

	buddy_counts(counts);
	text_printf(text, "Node 0, zone %8s ", "Normal");
	for (int order = 0; order <= MAX_ORDER; order++)
		text_printf(text, "%6lu ", counts[order]);
	text_printf(text, "\n");
	return 0;
}

static void show_cache(const char *name, size_t size, unsigned long in_use, unsigned long slabs,
		       void *arg)
{
	unsigned long fit = size ? PAGE_SIZE / size : 1, per_slab = max(fit, 1ul);

	text_printf(arg,
		    "%-17s %6lu %6lu %6zu %4lu %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
		    name, in_use, max(in_use, slabs * per_slab), size, per_slab, 1, 0u, 0u, 0u,
		    slabs, slabs, 0ul);
}

int show_slabinfo(struct text *text, const struct proc_target *target)
{
	text_printf(text, "slabinfo - version: 2.1\n"
		    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		    " : tunables <limit> <batchcount> <sharedfactor>"
		    " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	slab_for_each(show_cache, text);
	return 0;
}
