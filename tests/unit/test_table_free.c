/*
 * When an unlinked page table is given back: after an IPI, or after a grace period
 * (TABLE_FREE=rcu).
 */
#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/table_free.h"
#include "mm/vmstat.h"

#define TABLES 2	/* of pmds and of ptes, below the top */

/* Two CPUs run a program that has a page in a table of its own; the test goes on as CPU 0. */
static struct space two_cpus(void)
{
	struct space s = space_start(3, 4, 2);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	run_on(1, s.mm);
	run_on(0, s.mm);
	return s;
}

static void end(struct space *s)
{
	sim_flush_quietly = false;
	run_on(1, NULL);
	run_on(0, s->mm);
	space_end(s);
}

static struct page *table_of(struct mm_struct *mm)
{
	return pfn_to_page(entry_pfn(table_walk(mm_fold(mm), AT).entry[2]));
}

/* With a flush that interrupts nobody, while CPU 1 has its interrupts off. Returns the table. */
static struct page *unmap_under_walker(struct space *s)
{
	struct page *table = table_of(s->mm);

	sim_flush_quietly = true;
	sim_set_irqs_off(1, true);
	CHECK_EQ(mm_munmap(s->mm, AT, PAGE_SIZE), 0);
	return table;
}

/* The walk of CPU 1 is over. */
static void walker_leaves(void)
{
	sim_on_cpu(1);
	irq_restore(0);
	sim_on_cpu(0);
}

/* CPU 1 begins to be idle, or ends it, by what the idle loop calls. */
static void on_cpu_1(void (*idle)(void))
{
	sim_on_cpu(1);
	idle();
	sim_on_cpu(0);
}

/* Whether the table has waited long enough. */
static bool given_back(const struct page *table)
{
	grace_poll();
	return !page_test(table, PG_table);
}

TEST("a-flush-that-interrupts-is-enough-for-the-tables")
{
	struct space s = two_cpus();
	struct page *table = table_of(s.mm);

	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), 0);
	CHECK(given_back(table));
	CHECK_EQ(vm_events(VM_EVENT_TABLE_RCU), TABLE_FREE_RCU ? TABLES : 0);
	end(&s);
}

TEST("where-the-flush-interrupts-nobody-the-walkers-are-waited-for")
{
	struct space s = two_cpus();
	unsigned long before = sim_events[1].ipis_received;

	sim_flush_quietly = true;
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK_EQ(sim_events[1].ipis_received - before, !TABLE_FREE_RCU);
	CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), !TABLE_FREE_RCU);
	end(&s);
}

TEST("the-flush-alone-does-not-wait-for-a-walker")
{
	struct space s = two_cpus();

	if (TABLE_FREE_RCU) {
		unmap_under_walker(&s);
		walker_leaves();
	} else {
		EXPECT_DEATH("CPU 0 waits for CPUs 0x2, whose interrupts are off",
			     unmap_under_walker(&s));
	}
	end(&s);
}

TEST("a-table-waits-until-each-cpu-has-passed-a-quiescent-state")
{
	struct space s = two_cpus();
	struct page *table;

	if (TABLE_FREE_RCU) {
		table = unmap_under_walker(&s);
		/* No longer the program's, and still a table. */
		CHECK_EQ(atomic_long_read(&s.mm->table_frames), 1);
		CHECK(page_test(table, PG_table));
		grace_poll();
		grace_quiescent();	/* that of CPU 0 counts for CPU 0 */
		CHECK(!given_back(table));
		walker_leaves();
		CHECK(given_back(table));
		CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), 0);
	}
	end(&s);
}

TEST("nobody-waits-for-an-idle-cpu")
{
	struct space s = two_cpus();
	struct page *table;

	if (TABLE_FREE_RCU) {
		on_cpu_1(grace_idle_enter);
		table = unmap_under_walker(&s);
		CHECK(!page_test(table, PG_table));
		on_cpu_1(grace_idle_leave);
		walker_leaves();
	}
	end(&s);
}

TEST("a-cpu-that-was-idle-is-waited-for-again")
{
	struct space s = two_cpus();
	struct page *table;

	if (TABLE_FREE_RCU) {
		on_cpu_1(grace_idle_enter);
		on_cpu_1(grace_idle_leave);
		table = unmap_under_walker(&s);
		CHECK(page_test(table, PG_table));
		walker_leaves();
		CHECK(given_back(table));
	}
	end(&s);
}

TEST("where-no-table-waits-there-is-nothing-to-pass")
{
	struct space s = two_cpus();
	struct page *table = table_of(s.mm);

	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	grace_idle_enter();
	grace_idle_leave();
	grace_quiescent_slow();
	grace_drain();
	CHECK(!page_test(table, PG_table));
	CHECK_EQ(grace_waiting, 0);
	CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), 0);
	end(&s);
}

TEST("a-cpu-that-becomes-idle-is-waited-for-no-longer")
{
	struct space s = two_cpus();
	struct page *table;

	if (TABLE_FREE_RCU) {
		table = unmap_under_walker(&s);
		on_cpu_1(grace_idle_enter);
		CHECK(given_back(table));
		on_cpu_1(grace_idle_leave);
		walker_leaves();
	}
	end(&s);
}

TEST("without-memory-to-wait-with-an-interrupt-is-sent")
{
	struct space s = two_cpus();
	struct page *table = table_of(s.mm);

	sim_flush_quietly = true;
	fail_nth_set(1);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	fail_nth_set(0);
	CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), 1);
	CHECK_EQ(vm_events(VM_EVENT_TABLE_RCU), 0);
	CHECK(!page_test(table, PG_table));
	end(&s);
}

/* As if so many tables had just been unlinked, with no flush that interrupts. */
static void free_tables(struct mm_struct *mm, unsigned long n)
{
	struct page_list tables = TAILQ_HEAD_INITIALIZER(tables);
	struct page *table;

	for (unsigned long i = 0; i < n; i++) {
		table = table_alloc(mm);
		TAILQ_INSERT_TAIL(&tables, table, lru);
	}
	tables_free(mm, &tables, false);
}

TEST("so-many-tables-wait-as-there-is-room-for-and-then-an-interrupt-is-sent")
{
	const unsigned long in_batch = (PAGE_SIZE - 2 * sizeof(long)) / sizeof(struct page *),
			    max = 8 * in_batch;
	struct space s = two_cpus();
	unsigned long frames;

	if (TABLE_FREE_RCU) {
		mem_quiesce();
		sim_set_irqs_off(1, true);
		frames = frames_free();
		free_tables(s.mm, in_batch + 1);
		CHECK_EQ(frames - frames_free(), in_batch + 1 + 2);	/* and two batches */
		free_tables(s.mm, max - in_batch - 1);
		/* These wait for the next grace period. */
		CHECK_EQ(frames - frames_free(), max + 2 + 7);
		CHECK_EQ(vm_events(VM_EVENT_TABLE_IPI), 0);
		EXPECT_DEATH("CPU 0 waits for CPUs 0x2, whose interrupts are off",
			     free_tables(s.mm, 1));
		walker_leaves();
		grace_poll();
		CHECK_EQ(frames_free(), frames);
		CHECK_EQ(vm_events(VM_EVENT_TABLE_RCU), max);
	}
	end(&s);
}

TEST("who-counts-frames-does-not-wait-for-the-timer")
{
	struct space s = two_cpus();
	struct page *table;

	if (TABLE_FREE_RCU) {
		table = unmap_under_walker(&s);
		sim_set_irqs_off(1, false);	/* and no timer comes */
		CHECK(page_test(table, PG_table));
		mem_quiesce();
		CHECK(!page_test(table, PG_table));
		sim_flush_quietly = false;
		/* Another IPI: the last one has been waited for. */
		flush_tlb_range(s.mm, AT, AT + PAGE_SIZE);
	}
	end(&s);
}

TEST("who-counts-frames-passes-a-quiescent-state-itself")
{
	struct space s = two_cpus();
	struct page *table = table_of(s.mm);

	if (TABLE_FREE_RCU) {
		sim_flush_quietly = true;
		sim_set_irqs_off(0, true);
		sim_on_cpu(1);
		CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);	/* waits for CPU 0 */
		sim_on_cpu(0);
		sim_set_irqs_off(0, false);
		CHECK(page_test(table, PG_table));
		mem_quiesce();
		CHECK(!page_test(table, PG_table));
	}
	end(&s);
}

TEST("a-program-that-ends-waits-for-nobody")
{
	struct space s = two_cpus();
	struct page *table = table_of(s.mm);

	sim_flush_quietly = true;
	end(&s);
	CHECK(!page_test(table, PG_table));
	CHECK_EQ(vm_events(VM_EVENT_TABLE_RCU), 0);
}
