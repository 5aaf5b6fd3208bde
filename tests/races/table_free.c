/*
 * Page tables that go while they are walked without a lock, on a machine that flushes other TLBs
 * without an interrupt: the flush keeps nobody waiting, so that freeing a table has to
 * (mm/table_free.c). With TABLE_FREE=rcu by a grace period, else by an IPI of its own.
 */
#include "arch/sim/explore.h"
#include "tests/races/race.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/leak.h"
#include "kernel/base/string.h"
#include "mm/table_free.h"
#include "mm/vmstat.h"

#define AT    0x40000000ul
#define OTHER 0x80000000ul
#define OLD   1
#define FRAMES 4

static struct page *second;		/* OTHER's table */
static struct page *reused[FRAMES];	/* somebody else's, until the probe */

static void map_touched(void)
{
	sim_flush_quietly = true;
	memset(reused, 0, sizeof(reused));
	race_map(AT, 1);
	race_poke(AT, OLD);
}
static void map_two(void)
{
	map_touched();
	race_map(OTHER, 1);
	race_poke(OTHER, OLD);
}

static void walk(unsigned long addr)
{
	struct page *page;
	long n = get_user_pages_fast_only(addr, 1, 0, &page);

	race_outcome((u64)n);
	if (!n)
		return;
	RACE_EQ(READ_ONCE(*(u64 *)page_address(page)), OLD);
	put_page(page);
}
static void walk_it(void) { walk(AT); }
static void walk_other(void) { walk(OTHER); }
/* A quiescent state: what has waited for it so far may go. */
static void tick_and_walk_other(void)
{
	grace_quiescent();
	walk(OTHER);
}
static void tick(void) { grace_quiescent(); }
static void poll(void) { grace_poll(); }
static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }
static void unmap_other(void) { RACE_EQ(mm_munmap(race_mm, OTHER, PAGE_SIZE), 0); }

/*
 * The first table is gone; with a grace period, CPU 0 was in a walk then, and has
 * to be waited for.
 */
static void first_unmapped(void)
{
	map_two();
	sim_set_irqs_off(0, TABLE_FREE_RCU);
	cpu_become(1);
	unmap();
	cpu_become(0);
	sim_set_irqs_off(0, false);
}

/*
 * Both tables are gone, the second while the first had a grace period to wait for
 * already: CPU 0 walks.
 */
static void both_unmapped(void)
{
	map_two();
	second = pfn_to_page(pmd_pfn(pmdp_get(mm_pmd_find(race_mm, OTHER))));
	sim_set_irqs_off(0, TABLE_FREE_RCU);
	cpu_become(1);
	unmap();
	unmap_other();
	cpu_become(0);
}

/* What a walker takes for an entry from now on leads nowhere. */
static void unmap_and_reuse(void)
{
	unmap();
	for (int i = 0; i < FRAMES; i++) {
		reused[i] = alloc_page(GFP_KERNEL);
		memset(page_address(reused[i]), 0x55, PAGE_SIZE);
	}
}

static void all_gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	for (int i = 0; i < FRAMES; i++)
		if (reused[i])
			free_page(reused[i]);
	mem_quiesce();
	RACE_EQ(vm_events(VM_EVENT_TABLE_IPI) && TABLE_FREE_RCU, 0);
}
static void both_gone(void)
{
	race_expect_signal(OTHER, SIGSEGV);
	all_gone();
}

/* CPU 0 has passed one quiescent state: not the one that the second table waits for. */
static void second_waits(void)
{
	RACE_EQ(page_test(second, PG_table), TABLE_FREE_RCU);
	sim_set_irqs_off(0, false);
	both_gone();
}

RACE("table-walk", "a walk without a lock through a table that goes; no flush waits for it",
     .levels = 3, .setup = map_touched, .cpu = { walk_it, unmap_and_reuse }, .probe = all_gone)
RACE("table-walk-5", "the same with 5 levels", .levels = 5, .setup = map_touched,
     .cpu = { walk_it, unmap_and_reuse }, .probe = all_gone)
RACE("table-walk-two", "two tables of one program go, one of them under a walker", .levels = 3,
     .setup = map_two, .cpu = { walk_other, unmap, unmap_other }, .probe = both_gone)
RACE("table-walk-next", "a table goes while another waits, and the walk that this waits for ends",
     .levels = 3, .setup = first_unmapped, .cpu = { tick_and_walk_other, unmap_other },
     .probe = both_gone)
RACE("table-polls", "two CPUs see that a grace period is over, and tables wait for the next one",
     .levels = 3, .setup = both_unmapped, .cpu = { tick, poll, poll }, .probe = second_waits)
RACE("table-two-walks", "two walks without a lock, and the table goes", .levels = 3,
     .setup = map_touched, .cpu = { walk_it, walk_it, unmap }, .probe = all_gone)
