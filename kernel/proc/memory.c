/* /proc/meminfo, vmstat, buddyinfo, zoneinfo, slabinfo: what memory is used for. */
#include "kernel/proc/proc.h"
#include "mm/memory_failure.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmstat.h"

#define KB(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

/* ---- counting processes' memory ---- */

struct totals {
	unsigned long anon, mapped, tables, stacks;
};

static void add_process(struct process *process, void *arg)
{
	struct totals *totals = arg;
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link)
		totals->stacks++;
	task = TAILQ_FIRST(&process->threads);
	if (!task || !task->mm)
		return;
	totals->anon += mm_rss(task->mm, MM_ANONPAGES);
	totals->mapped += mm_rss(task->mm, MM_FILEPAGES) + mm_rss(task->mm, MM_SHMEMPAGES);
	totals->tables += (unsigned long)atomic_long_read(&task->mm->table_frames);
}

static void count_processes(struct totals *totals)
{
	*totals = (struct totals){ 0 };
	spin_lock(&tasks_lock);
	process_for_each(add_process, totals);
	spin_unlock(&tasks_lock);
}

static void add_slabs(const char *name, size_t size, unsigned long in_use, unsigned long slabs, void *arg)
{
	*(unsigned long *)arg += slabs;
}

static void line(struct text *text, const char *name, unsigned long kb)
{
	size_t start = text->len;

	text_printf(text, "%s:", name);
	text_pad(text, start, 16);
	text_printf(text, "%8lu kB\n", kb);
}

int show_meminfo(struct text *text, const struct proc_target *target)
{
	unsigned long slabs = 0, total = frames_total(), free = frames_free();
	unsigned long cached = pagecache_pages(), shmem = pagecache_shmem_pages();
	struct totals totals;

	count_processes(&totals);
	slab_for_each(add_slabs, &slabs);
	line(text, "MemTotal", KB(total));
	line(text, "MemFree", KB(free));
	line(text, "MemAvailable", KB(free + cached - shmem));
	line(text, "Buffers", 0);
	line(text, "Cached", KB(cached));
	line(text, "SwapCached", 0);
	line(text, "SwapTotal", 0);
	line(text, "SwapFree", 0);
	line(text, "AnonPages", KB(totals.anon));
	line(text, "Mapped", KB(totals.mapped));
	line(text, "Shmem", KB(shmem));
	line(text, "Slab", KB(slabs));
	line(text, "SReclaimable", 0);
	line(text, "SUnreclaim", KB(slabs));
	line(text, "KernelStack", totals.stacks * (KERNEL_STACK_SIZE >> 10));
	line(text, "PageTables", KB(totals.tables));
	line(text, "VmallocTotal", (VMALLOC_END - VMALLOC_START) >> 10);
	text_printf(text, "HardwareCorrupted: %5lu kB\n", KB(hwpoisoned_pages()));
	return 0;
}

int show_vmstat(struct text *text, const struct proc_target *target)
{
	static const char *const names[NR_VM_EVENTS] = {
		[VM_EVENT_FAULT] = "pgfault",
		[VM_EVENT_ZERO_PAGE] = "zero_page_fault",
		[VM_EVENT_ANON_PAGE] = "anon_page_fault",
		[VM_EVENT_COW_COPY] = "cow_copy",
		[VM_EVENT_COW_REUSE] = "cow_reuse",
		[VM_EVENT_GUP_FAST] = "gup_fast",
		[VM_EVENT_GUP_SLOW] = "gup_slow",
		[VM_EVENT_FORK_PINNED] = "fork_pinned",
		[VM_EVENT_UNSHARE] = "cow_unshare",
		[VM_EVENT_UNFOLD] = "unfold",
		[VM_EVENT_ROOT_RELOAD] = "root_reload",
		[VM_EVENT_TLB_REMOTE_FLUSH] = "nr_tlb_remote_flush",
		[VM_EVENT_TLB_TARGETS] = "tlb_cpus_targeted",
		[VM_EVENT_TLB_IPI_SENT] = "tlb_ipis_sent",
		[VM_EVENT_TLB_IPI_RECEIVED] = "nr_tlb_remote_flush_received",
		[VM_EVENT_TLB_WAIT_CYCLES] = "tlb_wait_cycles",
		[VM_EVENT_TLB_FLUSH_ALL] = "nr_tlb_local_flush_all",
		[VM_EVENT_TLB_FLUSH_ONE] = "nr_tlb_local_flush_one",
		[VM_EVENT_TLB_KERNEL_FLUSH] = "tlb_kernel_flush",
		[VM_EVENT_TABLE_IPI] = "table_free_ipis",
		[VM_EVENT_TABLE_RCU] = "table_free_rcu",
		[VM_EVENT_ASYNC_FAULT_TRY] = "async_fault_try",
		[VM_EVENT_ASYNC_FAULT_WAIT] = "async_fault_wait",
	};
	struct totals totals;

	count_processes(&totals);
	text_printf(text, "nr_free_pages %lu\n", frames_free());
	text_printf(text, "nr_anon_pages %lu\n", totals.anon);
	text_printf(text, "nr_mapped %lu\n", totals.mapped);
	text_printf(text, "nr_file_pages %lu\n", pagecache_pages());
	text_printf(text, "nr_shmem %lu\n", pagecache_shmem_pages());
	text_printf(text, "nr_page_table_pages %lu\n", totals.tables);
	text_printf(text, "nr_kernel_stack %lu\n", totals.stacks * (KERNEL_STACK_SIZE >> 10));
	for (int i = 0; i < NR_VM_EVENTS; i++)
		text_printf(text, "%s %lu\n", names[i], vm_events(i));
	return 0;
}

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

int show_zoneinfo(struct text *text, const struct proc_target *target)
{
	text_printf(text, "Node 0, zone %8s\n", "Normal");
	text_printf(text, "  pages free     %lu\n", frames_free());
	text_printf(text, "        spanned  %lu\n        present  %lu\n        managed  %lu\n", max_pfn,
		    frames_total(), frames_total());
	return 0;
}

static void show_cache(const char *name, size_t size, unsigned long in_use, unsigned long slabs, void *arg)
{
	unsigned long fit = size ? PAGE_SIZE / size : 1, per_slab = max(fit, 1ul);

	text_printf(arg,
		    "%-17s %6lu %6lu %6zu %4lu %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
		    name, in_use, max(in_use, slabs * per_slab), size, per_slab, 1, 0u, 0u, 0u, slabs, slabs,
		    0ul);
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
