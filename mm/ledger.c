/*
 * The TLB ledger: see check.h. What may be cached, as a set of records: each says that a
 * translation which an entry no longer grants may still be in the TLB of some CPUs. A flush on a
 * CPU takes it out of the records that the flush covers. Exists in debug builds only.
 */
#include "mm/check.h"

#if CONFIG_DEBUG

#include "mm/pgtable.h"

#define LEDGER_RECORDS	4096

struct record {
	struct record *next;
	const struct mm_struct *mm;
	unsigned long addr, size;	/* what the old entry mapped */
	u64 old;
	cpumask_t cpus;			/* that may still have it */
	u8 level;
};

static struct {
	spinlock_t lock;
	struct record *used, *free;
	unsigned int nr_ever;		/* records[0..nr_ever) have been on a list */
	unsigned long nr_used, lost;
	u32 on_cpu[NR_CPUS];		/* no values: see touch_cpus() */
	struct record records[LEDGER_RECORDS];
} ledger = { .lock = SPINLOCK_INIT(LOCK_UNCHECKED) };

/*
 * No scheduling points of the simulator: what the ledger notes must not make steps
 * depend on each other.
 */
static unsigned long used(void) { return __atomic_load_n(&ledger.nr_used, __ATOMIC_RELAXED); }
static void set_used(unsigned long n) { __atomic_store_n(&ledger.nr_used, n, __ATOMIC_RELAXED); }

/* By all that follow, up to the public functions: the shootdown's interrupt takes the lock too. */
static void assert_locked(void) { BUG_ON(!ledger.lock.locked || !irqs_disabled()); }

/*
 * What may be cached on a CPU is one object for the simulator: a flush before a downgrade does not
 * cover it, one after it does. Downgrades commute.
 */
static void touch_cpus(cpumask_t cpus, int how)
{
	unsigned int cpu;

	for_each_cpu(cpu, cpus)
		machine_point(&ledger.on_cpu[cpu], how | ACCESS_NOTE);
}

/*
 * Whoever looks at the frame's counts depends on each step that changed a record
 * of it, in any order.
 */
static void touch(const struct record *r)
{
	machine_point(&frame_checks[entry_pfn(r->old)], ACCESS_ADD | ACCESS_NOTE);
}

static void count(const struct record *r, int sign)
{
	struct frame_check *c = &frame_checks[entry_pfn(r->old)];

	touch(r);
	c->pending += sign;
	if (r->level == 1 && entry_write(r->old))
		c->pending_write += sign;
}

static void drop(struct record **link)
{
	struct record *r = *link;

	count(r, -1);
	*link = r->next;
	r->next = ledger.free;
	ledger.free = r;
	set_used(ledger.nr_used - 1);
}

static void add(const struct mm_struct *mm, unsigned long addr, unsigned int level, u64 old,
		cpumask_t cpus)
{
	struct record *r = ledger.free;

	assert_locked();
	touch_cpus(cpus, ACCESS_ADD);
	if (r)
		ledger.free = r->next;
	else if (ledger.nr_ever < LEDGER_RECORDS)
		r = &ledger.records[ledger.nr_ever++];
	if (!r) {
		ledger.lost++;
		return;
	}
	*r = (struct record){ ledger.used, mm, ALIGN_DOWN(addr, level_span(level)),
			      level_span(level), old, cpus, (u8)level };
	ledger.used = r;
	set_used(ledger.nr_used + 1);
	count(r, 1);
}

/* Does new grant less than old did, to a CPU that still has old? */
static bool downgrade(u64 old, u64 new, unsigned int level)
{
	if (!(old & _PAGE_PRESENT))
		return false;
	if (!(new & _PAGE_PRESENT) || entry_pfn(old) != entry_pfn(new))
		return true;
	return level == 1 && entry_write(old) && !entry_write(new);
}

/*
 * An entry that was cleared comes back with the same frame under the same lock: what counts is
 * the net change. The newest record for the address is the one of that clear.
 */
static void settle(const struct mm_struct *mm, unsigned long addr, unsigned int level, u64 new)
{
	for (struct record **link = &ledger.used; *link; link = &(*link)->next) {
		struct record *r = *link;

		if (r->mm != mm || r->addr != addr || r->level != level)
			continue;
		if (!downgrade(r->old, new, level))
			drop(link);
		return;
	}
}

/*
 * Another frame becomes writable at an address where a CPU may still read the old one: legal after
 * MADV_DONTNEED, whose flush is under way. The same frame becoming writable in another place is
 * not, unless it is shared memory, which any number of entries may write.
 */
static bool writable_elsewhere(const struct mm_struct *mm, unsigned long addr, u64 new)
{
	const struct frame_check *c = &frame_checks[entry_pfn(new)];

	if (!entry_write(new) || (new & _PAGE_SPECIAL) || !c->pending ||
	    !page_test(pfn_to_page(entry_pfn(new)), PG_anon))
		return false;
	for (const struct record *r = ledger.used; r; r = r->next)
		if (r->level == 1 && entry_pfn(r->old) == entry_pfn(new) &&
		    (r->mm != mm || r->addr != addr))
			return true;
	return false;
}

void ledger_changed(struct mm_struct *mm, unsigned long addr, unsigned int level, u64 old, u64 new)
{
	cpumask_t cpus;
	unsigned long flags;
	bool bad = false;

	if (!__atomic_load_n(&mm->cpumask, __ATOMIC_RELAXED) && !used())
		return;
	flags = irq_save();	/* the shootdown's interrupt takes the lock too */
	machine_spin_lock(&ledger.lock);
	cpus = READ_ONCE(mm->cpumask);	/* under the lock: pairs with ledger_left() */
	if ((new & _PAGE_PRESENT) && frame_checks[entry_pfn(new)].pending) {
		if (cpus)
			settle(mm, ALIGN_DOWN(addr, level_span(level)), level, new);
		bad = level == 1 && writable_elsewhere(mm, addr, new);
	}
	if (cpus && downgrade(old, new, level))
		add(mm, addr, level, old, cpus);
	machine_spin_unlock(&ledger.lock);
	irq_restore(flags);
	BUG_MSG(bad,
		"frame %lx becomes writable at %lx while a TLB may hold an old translation of it elsewhere",
		entry_pfn(new), addr);
}

static void flushed(const struct mm_struct *mm, unsigned long start, unsigned long end,
		    cpumask_t cpus)
{
	struct record **link, *r;

	assert_locked();
	touch_cpus(cpus, ACCESS_WRITE);
	for (link = &ledger.used; (r = *link);) {
		if (r->mm == mm && r->addr < end && r->addr + r->size - 1 >= start &&
		    r->cpus & cpus) {
			r->cpus &= ~cpus;
			touch(r);
		}
		if (r->cpus)
			link = &r->next;
		else
			drop(link);
	}
}

bool ledger_told_by_machine;

void ledger_flushed(const struct mm_struct *mm, unsigned long start, unsigned long end,
		    cpumask_t cpus)
{
	if (!ledger_told_by_machine)
		ledger_tlb_flushed(mm, start, end, cpus);
}

void ledger_tlb_flushed(const struct mm_struct *mm, unsigned long start, unsigned long end,
			cpumask_t cpus)
{
	unsigned long flags;

	if (!used()) {
		touch_cpus(cpus, ACCESS_WRITE);
		return;
	}
	flags = irq_save();
	machine_spin_lock(&ledger.lock);
	flushed(mm, start, end, cpus);
	machine_spin_unlock(&ledger.lock);
	irq_restore(flags);
}

/*
 * In one step: a change noted before it, with this CPU in the mask, would otherwise wait for a
 * flush that nobody asks this CPU for any more. Interrupts are off.
 */
void ledger_left(struct mm_struct *mm, unsigned int cpu)
{
	/* Before the lock, under which nothing is a point. */
	machine_point(&mm->cpumask, ACCESS_WRITE);
	machine_spin_lock(&ledger.lock);
	flushed(mm, 0, ~0ul, cpumask_of(cpu));
	cpumask_test_and_clear(cpu, &mm->cpumask);
	machine_spin_unlock(&ledger.lock);
}

void ledger_assert_not_writable(const struct page *page)
{
	const struct frame_check *c = &frame_checks[page_to_pfn(page)];

	machine_point(c, ACCESS_READ | ACCESS_NOTE);
	if (!__atomic_load_n(&c->pending_write, __ATOMIC_RELAXED))
		return;
	page_dump(page, "copied for COW");
	panic("TLB ledger: frame %lx is copied while a CPU may still write to it by an old translation",
	      page_to_pfn(page));
}

unsigned long ledger_lost(void) { return READ_ONCE(ledger.lost); }
unsigned long ledger_pending(void) { return used(); }

unsigned int ledger_stale(const struct mm_struct *mm, unsigned long addr, unsigned int cpu,
			  struct stale_entry *stale, unsigned int max)
{
	unsigned int n = 0;

	touch_cpus(cpumask_of(cpu), ACCESS_READ);
	for (const struct record *r = ledger.used; r && n < max; r = r->next)
		if (r->mm == mm && r->addr <= addr && addr - r->addr < r->size &&
		    r->cpus & cpumask_of(cpu))
			stale[n++] = (struct stale_entry){ r->old, r->level };
	return n;
}

#endif
