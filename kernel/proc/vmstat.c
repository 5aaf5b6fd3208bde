/* /proc/vmstat and zoneinfo: counters of memory, by Linux's names where Linux counts the same. */
#include "kernel/proc/memory.h"
#include "kernel/proc/proc.h"
#include "kernel/base/string.h"
#include "kernel/boot_info.h"
#include "mm/buddy.h"
#include "mm/vmstat.h"

struct stat {
	const char *name;
	unsigned long value;
};

/* Each on a line, behind that prefix and padded to that width. */
static void show_stats(struct text *text, const char *prefix, int width, const struct stat *stats,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_printf(text, "%s%-*s %lu\n", prefix, width, stats[i].name, stats[i].value);
}

/* ---- what there is now, in pages ---- */

enum { NR_ZONE_STATS = 4, NR_NODE_STATS = 22 };

static void zone_stats(struct stat stats[NR_ZONE_STATS], const struct memory_totals *totals)
{
	const struct stat all[] = {
		{ "nr_free_pages", frames_free() },
		{ "nr_zone_unevictable", totals->mlocked },
		{ "nr_zone_write_pending", vm_stat(VM_STAT_DIRTY) + vm_stat(VM_STAT_WRITEBACK) },
		{ "nr_mlock", totals->mlocked },
	};

	_Static_assert(ARRAY_SIZE(all) == NR_ZONE_STATS, "as many as the callers have room for");
	memcpy(stats, all, sizeof(all));
}

static void node_stats(struct stat stats[NR_NODE_STATS], const struct memory_totals *totals)
{
	const struct stat all[] = {
		{ "nr_unevictable", totals->mlocked },
		{ "nr_slab_reclaimable", 0 },
		{ "nr_slab_unreclaimable", totals->slabs },
		{ "nr_anon_pages", totals->anon },
		{ "nr_mapped", totals->mapped },
		{ "nr_file_pages", pagecache_pages() },
		{ "nr_dirty", vm_stat(VM_STAT_DIRTY) },
		{ "nr_writeback", vm_stat(VM_STAT_WRITEBACK) },
		{ "nr_shmem", pagecache_shmem_pages() },
		{ "nr_shmem_hugepages", 0 },
		{ "nr_shmem_pmdmapped", 0 },
		{ "nr_file_hugepages", 0 },
		{ "nr_file_pmdmapped", 0 },
		{ "nr_anon_transparent_hugepages", 0 },
		{ "nr_dirtied", vm_events(VM_EVENT_DIRTIED) },
		{ "nr_written", vm_events(VM_EVENT_WRITTEN) },
		{ "nr_foll_pin_acquired", vm_events(VM_EVENT_PIN) },
		{ "nr_foll_pin_released", vm_events(VM_EVENT_UNPIN) },
		{ "nr_kernel_stack", totals->stacks * (KERNEL_STACK_SIZE >> 10) },
		{ "nr_page_table_pages", totals->tables },
		{ "nr_sec_page_table_pages", 0 },
		{ "nr_swapcached", 0 },
	};

	_Static_assert(ARRAY_SIZE(all) == NR_NODE_STATS, "as many as the callers have room for");
	memcpy(stats, all, sizeof(all));
}

/* ---- vmstat ---- */

/* What Linux counts too; pgpgin and pgpgout in units of 1 KiB. */
static void show_events(struct text *text)
{
	const struct frame_stats frames = frame_stats();
	const struct stat events[] = {
		{ "pgpgin", vm_events(VM_EVENT_SECTORS_IN) / 2 },
		{ "pgpgout", vm_events(VM_EVENT_SECTORS_OUT) / 2 },
		{ "pswpin", 0 },
		{ "pswpout", 0 },
		{ "pgalloc_normal", frames.allocated },
		{ "pgfree", frames.freed },
		{ "pgfault", vm_events(VM_EVENT_FAULT) },
		{ "pgmajfault", vm_events(VM_EVENT_MAJOR_FAULT) },
		{ "drop_pagecache", vm_events(VM_EVENT_DROP_PAGECACHE) },
		{ "drop_slab", vm_events(VM_EVENT_DROP_SLAB) },
		{ "nr_tlb_remote_flush", vm_events(VM_EVENT_TLB_REMOTE_FLUSH) },
		{ "nr_tlb_remote_flush_received", vm_events(VM_EVENT_TLB_IPI_RECEIVED) },
		{ "nr_tlb_local_flush_all", vm_events(VM_EVENT_TLB_FLUSH_ALL) },
		{ "nr_tlb_local_flush_one", vm_events(VM_EVENT_TLB_FLUSH_ONE) },
	};

	show_stats(text, "", 0, events, ARRAY_SIZE(events));
}

/* And what it does not. */
static void show_own_events(struct text *text)
{
	static const struct { enum vm_event event; const char *name; } names[] = {
		{ VM_EVENT_ZERO_PAGE, "zero_page_fault" },
		{ VM_EVENT_ANON_PAGE, "anon_page_fault" },
		{ VM_EVENT_COW_COPY, "cow_copy" },
		{ VM_EVENT_COW_REUSE, "cow_reuse" },
		{ VM_EVENT_GUP_FAST, "gup_fast" },
		{ VM_EVENT_GUP_SLOW, "gup_slow" },
		{ VM_EVENT_FORK_PINNED, "fork_pinned" },
		{ VM_EVENT_UNSHARE, "cow_unshare" },
		{ VM_EVENT_UNFOLD, "unfold" },
		{ VM_EVENT_ROOT_RELOAD, "root_reload" },
		{ VM_EVENT_TLB_TARGETS, "tlb_cpus_targeted" },
		{ VM_EVENT_TLB_IPI_SENT, "tlb_ipis_sent" },
		{ VM_EVENT_TLB_WAIT_CYCLES, "tlb_wait_cycles" },
		{ VM_EVENT_TLB_KERNEL_FLUSH, "tlb_kernel_flush" },
		{ VM_EVENT_TABLE_IPI, "table_free_ipis" },
		{ VM_EVENT_TABLE_RCU, "table_free_rcu" },
		{ VM_EVENT_ASYNC_FAULT_TRY, "async_fault_try" },
		{ VM_EVENT_ASYNC_FAULT_WAIT, "async_fault_wait" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		text_printf(text, "%s %lu\n", names[i].name, vm_events(names[i].event));
}

int show_vmstat(struct text *text, const struct proc_target *target)
{
	const struct memory_totals totals = memory_totals();
	struct stat zone[NR_ZONE_STATS], node[NR_NODE_STATS];

	zone_stats(zone, &totals);
	node_stats(node, &totals);
	show_stats(text, "", 0, zone, NR_ZONE_STATS);
	show_stats(text, "", 0, node, NR_NODE_STATS);
	show_events(text);
	show_own_events(text);
	return 0;
}

/* ---- zoneinfo: one node, and one zone of all memory ---- */

static unsigned long present_pages(void)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < boot_info.nr_regions; i++)
		pages += (boot_info.regions[i].end - boot_info.regions[i].start) >> PAGE_SHIFT;
	return pages;
}

static void show_pagesets(struct text *text, const struct frame_stats *frames)
{
	unsigned int cpu;

	text_printf(text, "  pagesets\n");
	for_each_cpu(cpu, cpus_online()) {
		text_printf(text, "    cpu: %u\n              count:    %u\n"
				  "              high:     %u\n              batch:    %u\n",
			    cpu, frames->free_by_cpus.count[cpu], frames->free_by_cpus.high,
			    frames->free_by_cpus.batch);
	}
}

/*
 * Nobody reclaims: of the watermarks there is the lowest, below which who can wait gets nothing.
 */
int show_zoneinfo(struct text *text, const struct proc_target *target)
{
	const struct memory_totals totals = memory_totals();
	const struct frame_stats frames = frame_stats();
	struct stat zone[NR_ZONE_STATS], node[NR_NODE_STATS];

	zone_stats(zone, &totals);
	node_stats(node, &totals);
	text_printf(text, "Node 0, zone %8s\n  per-node stats\n", "Normal");
	show_stats(text, "      ", 12, node, NR_NODE_STATS);
	text_printf(text, "  pages free     %lu\n        boost    0\n        min      %lu\n",
		    zone[0].value, frames.reserve);
	text_printf(text, "        spanned  %lu\n        present  %lu\n        managed  %lu\n",
		    max_pfn, present_pages(), frames_total());
	text_printf(text, "        cma      0\n        protection: (0)\n");
	show_stats(text, "      ", 12, zone, NR_ZONE_STATS);
	show_pagesets(text, &frames);
	text_printf(text, "  node_unreclaimable:  0\n  start_pfn:           0\n");
	return 0;
}
