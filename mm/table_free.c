/*
 * Page tables that no entry leads to any more, and that lockless walkers may still be reading.
 *
 * A grace period, with TABLE_FREE=rcu. It begins when the tables of a batch have all been
 * unlinked: each CPU gets a bit in grace_waiting, which it clears itself in its next
 * quiescent state. When none is left, no walk goes on that began before, and a later one
 * finds the entries cleared:
 *
 *	who frees				a CPU that walked
 *	  clear the entry			  interrupts off: read the entry, the table; on
 *	  set the bits (full barrier)		  see the bit, clear it (full barrier)
 *	  see that no bit is left		  interrupts off: read the entry: none
 *	  free the table
 *
 * A CPU that is idle does not pass anything by itself, and has none to walk for: it has a bit in
 * grace.idle, and nobody waits for it. tests/models/table_rcu.pml has all of it, and
 * what happens without.
 */
#include "mm/table_free.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/pgtable.h"
#include "mm/vmstat.h"

static void sync_here(void *arg)
{
	(void)arg;	/* that interrupts are on is the answer */
}

static void interrupt_and_wait(cpumask_t others)
{
	if (!others)
		return;
	count_vm_events(VM_EVENT_TABLE_IPI, (unsigned long)__builtin_popcountl(others));
	ipi_send(others, sync_here, NULL);
	ipi_wait();
}

void tlb_remove_table_sync_one(struct mm_struct *mm)
{
	/* Entries before the mask: pairs with switch_mm(); tests/models/table_ipi.pml: NO_MB. */
	smp_mb();
	interrupt_and_wait(READ_ONCE(mm->cpumask) & ~cpumask_of(this_cpu()));
}

cpumask_t grace_waiting;

#ifdef CONFIG_TABLE_FREE_RCU

/* A batch is a frame. Beyond the limit nobody waits any more. */
#define BATCH_TABLES	((PAGE_SIZE - 2 * sizeof(long)) / sizeof(struct page *))
#define MAX_WAITING	(8 * BATCH_TABLES)

struct mmu_table_batch {
	struct mmu_table_batch *next;
	unsigned long nr;
	struct page *tables[BATCH_TABLES];
};

static struct {
	spinlock_t lock;
	struct mmu_table_batch *current;	/* waits for the CPUs in grace_waiting */
	struct mmu_table_batch *next;		/* unlinked since that began */
	unsigned long nr;			/* tables in both */
	cpumask_t idle;
} grace = { .lock = SPINLOCK_INIT(LOCK_GRACE) };

void grace_quiescent_slow(void)
{
	cpumask_test_and_clear(this_cpu(), &grace_waiting);
}

/*
 * A sleeper and its waker: who begins a grace period sets our bit, and then looks
 * whether we are idle.
 */
void grace_idle_enter(void)
{
	cpumask_test_and_set(this_cpu(), &grace.idle);
	grace_quiescent();
}

/* A full barrier before the next walk. tests/models/table_rcu.pml: WAKE_NO_MB */
void grace_idle_leave(void)
{
	cpumask_test_and_clear(this_cpu(), &grace.idle);
}

/* All tables of grace.current are unlinked. The lock is held; the caller is no walker. */
static void grace_begin(void)
{
	cpumask_t passed;

	/*
	 * A full barrier after the entries were cleared. tests/models/table_rcu.pml: BEGIN_NO_MB
	 */
	atomic_or_return_old(cpus_online(), &grace_waiting);
	/*
	 * Whoever is idle now finds the entries cleared when it walks.
	 * tests/models/table_rcu.pml: IDLE_LATE
	 */
	passed = READ_ONCE(grace.idle) | cpus_quiescent() | cpumask_of(this_cpu());
	atomic_and_return_old(~passed, &grace_waiting);
}

/* What a grace period that has ended leaves to be freed. */
static struct mmu_table_batch *take_passed(void)
{
	struct mmu_table_batch *passed = NULL;

	spin_lock(&grace.lock);
	/*
	 * A re-check: another CPU may have taken them, and begun the next. The walkers' last reads
	 * come before what we do to the tables. tests/models/table_rcu.pml: NO_ACQUIRE
	 */
	if (!smp_load_acquire(&grace_waiting)) {
		passed = grace.current;
		grace.current = grace.next;
		grace.next = NULL;
		for (struct mmu_table_batch *batch = passed; batch; batch = batch->next)
			grace.nr -= batch->nr;
		if (grace.current)
			grace_begin();
	}
	spin_unlock(&grace.lock);
	return passed;
}

void grace_poll(void)
{
	struct mmu_table_batch *batch, *next;

	while (READ_ONCE(grace.nr) && (READ_ONCE(grace.next) || !READ_ONCE(grace_waiting))) {
		batch = take_passed();
		if (!batch && READ_ONCE(grace_waiting))
			return;
		for (; batch; batch = next) {
			next = batch->next;
			count_vm_events(VM_EVENT_TABLE_RCU, batch->nr);
			for (unsigned long i = 0; i < batch->nr; i++)
				table_give_back(batch->tables[i]);
			free_page(virt_to_page(batch));
		}
	}
}

static void quiescent_here(void *arg)
{
	(void)arg;
	grace_quiescent();
}

void grace_drain(void)
{
	cpumask_t others;

	for (grace_poll(); READ_ONCE(grace.nr); grace_poll()) {
		grace_quiescent();
		others = READ_ONCE(grace_waiting) & ~cpumask_of(this_cpu());
		if (others) {
			ipi_send(others, quiescent_here, NULL);
			ipi_wait();
		}
	}
}

void table_free_init(void)
{
	quiesce_register(grace_drain);
}

/* Of batches that no grace period has begun for yet. The lock is held. */
static struct mmu_table_batch **open_batches(void)
{
	lockdep_assert_held(&grace.lock);
	return &grace.next;
}

/* Into the open batch; false: it is full, or there is none. */
static bool add(struct page *table)
{
	struct mmu_table_batch *batch;
	bool room;

	spin_lock(&grace.lock);
	batch = *open_batches();
	room = batch && batch->nr < BATCH_TABLES;
	if (room) {
		batch->tables[batch->nr++] = table;
		WRITE_ONCE(grace.nr, grace.nr + 1);
	}
	spin_unlock(&grace.lock);
	return room;
}

static bool open_batch(void)
{
	struct page *page = alloc_page(GFP_ATOMIC);
	struct mmu_table_batch *batch;

	if (!page)
		return false;
	batch = page_address(page);
	batch->nr = 0;
	spin_lock(&grace.lock);
	batch->next = *open_batches();
	*open_batches() = batch;
	spin_unlock(&grace.lock);
	return true;
}

/* False: too many wait, or there is no memory to remember one more. */
static bool defer(struct page *table)
{
	if (READ_ONCE(grace.nr) >= MAX_WAITING)
		return false;
	while (!add(table))
		if (!open_batch())
			return false;
	return true;
}

#else

static bool defer(struct page *table) { return false; }

void table_free_init(void) {}
void grace_poll(void) {}
void grace_drain(void) {}
void grace_quiescent_slow(void) {}
void grace_idle_enter(void) {}
void grace_idle_leave(void) {}

#endif

void tables_free(struct mm_struct *mm, struct page_list *tables, bool interrupted)
{
	bool nobody_walks = !TABLE_FREE_RCU && interrupted;
	struct page *table;

	while ((table = TAILQ_FIRST(tables))) {
		TAILQ_REMOVE(tables, table, lru);
		table_unaccount(mm, table);
		if (!nobody_walks && defer(table))
			continue;
		if (!nobody_walks)
			tlb_remove_table_sync_one(mm);
		nobody_walks = true;
		table_give_back(table);
	}
	grace_poll();
}
