/*
 * The simulated machine itself: a test on it is worth no more than the machine's honesty. Its MMU
 * is driven over tables that are written by hand here.
 */
#include "kernel/base/rwsem.h"
#include "mm/buddy.h"
#include "tests/unit/unit.h"

#define LEAF (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER)

static void boot(unsigned int cpus, unsigned int levels)
{
	sim_boot_frames(&(struct sim_config){ .cpus = cpus, .hw_levels = levels });
}

static unsigned long table(void) { return page_to_pfn(alloc_page(GFP_ZERO)); }

static u64 *slot(unsigned long pfn, unsigned long addr, unsigned int level)
{
	return (u64 *)frame_ptr(pfn) + (addr >> level_shift(level) & 511);
}

static void load(unsigned long root)
{
	unsigned long flags = irq_save();

	root_load(root);
	irq_restore(flags);
}

/* A tree of that depth with one leaf of the given level for addr; returns the slot of the leaf. */
static u64 *map(unsigned long *root, unsigned int levels, unsigned long addr, u64 leaf,
		unsigned int leaf_level)
{
	unsigned long pfn;

	if (!*root)
		*root = table() << PAGE_SHIFT | levels;
	pfn = *root >> PAGE_SHIFT;
	for (unsigned int level = levels; level > leaf_level; level--) {
		u64 *entry = slot(pfn, addr, level);

		if (!*entry)
			*entry = (u64)table() << PAGE_SHIFT | LEAF;
		pfn = entry_pfn(*entry);
	}
	*slot(pfn, addr, leaf_level) = leaf;
	return slot(pfn, addr, leaf_level);
}

static unsigned int walk(unsigned long addr, enum sim_how how)
{
	phys_addr_t phys;

	return sim_translate(addr, how, &phys);
}

TEST("trees-of-three-four-and-five-levels-translate")
{
	boot(1, 5);
	for (unsigned int levels = 3; levels <= 5; levels++) {
		unsigned long root = 0, addr = (1ul << level_shift(levels)) * 3 + 0x12345678;
		phys_addr_t phys;
		unsigned long frame;
		u64 *pte;

		frame = table();
		pte = map(&root, levels, addr, (u64)frame << PAGE_SHIFT | LEAF, 1);
		load(root);
		CHECK_EQ(sim_translate(addr, SIM_READ, &phys), 0);
		CHECK_EQ(phys, frame << PAGE_SHIFT | 0x678);
		CHECK_EQ(*pte & (_PAGE_ACCESSED | _PAGE_DIRTY), _PAGE_ACCESSED);
		CHECK_EQ(walk(addr, SIM_WRITE), 0);
		CHECK_EQ(*pte & (_PAGE_ACCESSED | _PAGE_DIRTY), _PAGE_ACCESSED | _PAGE_DIRTY);
		CHECK(walk(addr + PAGE_SIZE, SIM_READ) & SIM_FAULT);
	}
}

TEST("addresses-beyond-the-reach-of-a-tree-are-not-mapped")
{
	unsigned long root = 0;

	boot(1, 4);
	map(&root, 3, 0x1000, (u64)table() << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	CHECK(walk(0x1000 + (1ul << 39), SIM_READ) & SIM_FAULT);
	CHECK(walk(0x1000 + (1ul << 47), SIM_READ) & SIM_FAULT_ADDRESS);
	CHECK(walk(~0xffful, SIM_READ) & SIM_FAULT_ADDRESS);
}

TEST("protection-is-the-least-of-all-levels")
{
	unsigned long root = 0, frame;
	u64 *top;

	boot(1, 4);
	frame = table();
	map(&root, 4, 0x1000, (u64)frame << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_USER | _PAGE_NX, 1);
	map(&root, 4, 0x2000, (u64)frame << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_RW, 1);
	map(&root, 4, 0x3000, (u64)frame << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	CHECK_EQ(walk(0x1000, SIM_WRITE),
		 SIM_FAULT | SIM_FAULT_USER | SIM_FAULT_PRESENT | SIM_FAULT_WRITE);
	CHECK_EQ(walk(0x1000, SIM_EXEC),
		 SIM_FAULT | SIM_FAULT_USER | SIM_FAULT_PRESENT | SIM_FAULT_EXEC);
	CHECK(walk(0x2000, SIM_READ) & SIM_FAULT_PRESENT);
	CHECK_EQ(walk(0x3000, SIM_WRITE), 0);
	CHECK_EQ(walk(0x3000, SIM_EXEC), 0);
	top = slot(root >> PAGE_SHIFT, 0, 4);
	*top &= ~_PAGE_RW;
	tlb_flush_local_all();
	CHECK(walk(0x3000, SIM_WRITE) & SIM_FAULT_PRESENT);
	*top |= _PAGE_NX;
	tlb_flush_local_all();
	CHECK(walk(0x3000, SIM_EXEC) & SIM_FAULT_PRESENT);
}

TEST("protnone-is-not-present-to-hardware")
{
	unsigned long root = 0;

	boot(1, 4);
	map(&root, 3, 0x1000, (u64)table() << PAGE_SHIFT | _PAGE_PROTNONE | _PAGE_USER, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), SIM_FAULT | SIM_FAULT_USER);
}

TEST("large-pages-translate-with-their-offset")
{
	unsigned long root = 0, addr = 0x40000000 + 0x123456;
	struct folio *block;
	phys_addr_t phys;

	boot(1, 4);
	block = folio_alloc(GFP_KERNEL, 9);
	map(&root, 4, addr, (u64)folio_pfn(block) << PAGE_SHIFT | LEAF | _PAGE_PSE, 2);
	load(root);
	CHECK_EQ(sim_translate(addr, SIM_WRITE, &phys), 0);
	CHECK_EQ(phys, (folio_pfn(block) << PAGE_SHIFT) + 0x123456);
}

TEST("a-large-leaf-where-hardware-has-none-is-caught")
{
	unsigned long root = 0;

	boot(1, 4);
	map(&root, 4, 0, 512ul << PAGE_SHIFT | LEAF | _PAGE_PSE, 4);
	load(root);
	EXPECT_DEATH("reserved bits", walk(0, SIM_READ));
}

TEST("a-translation-lives-until-it-is-flushed")
{
	unsigned long root = 0, frame, addr = 0x1000;
	u64 *pte;

	boot(1, 4);
	frame = table();
	pte = map(&root, 3, addr, (u64)frame << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(addr, SIM_WRITE), 0);
	*pte = 0;
	CHECK_EQ(walk(addr, SIM_WRITE), 0);
	tlb_flush_local(addr + PAGE_SIZE, addr + 2 * PAGE_SIZE);
	CHECK_EQ(walk(addr, SIM_WRITE), 0);
	tlb_flush_local(addr, addr + PAGE_SIZE);
	CHECK(walk(addr, SIM_READ) & SIM_FAULT);
	CHECK_EQ(sim_events[0].flushes, 2);
}

TEST("upper-levels-are-cached-too")
{
	unsigned long root = 0, addr = 0x1000;
	u64 *pmd;

	boot(1, 4);
	map(&root, 3, addr, (u64)table() << PAGE_SHIFT | LEAF, 1);
	map(&root, 3, addr + PAGE_SIZE, (u64)table() << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(addr, SIM_READ), 0);
	CHECK_EQ(sim_tlb_entries(0, addr), 3);
	pmd = slot(entry_pfn(*slot(root >> PAGE_SHIFT, addr, 3)), addr, 2);
	*pmd = 0;
	/* The neighbour was never read, but the way to its table is known. */
	CHECK_EQ(walk(addr + PAGE_SIZE, SIM_READ), 0);
	tlb_flush_local(addr + PAGE_SIZE, addr + 2 * PAGE_SIZE);
	CHECK(walk(addr + PAGE_SIZE, SIM_READ) & SIM_FAULT);
}

TEST("loading-a-root-drops-user-translations")
{
	unsigned long root = 0;
	u64 *pte;

	boot(1, 4);
	pte = map(&root, 3, 0x1000, (u64)table() << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	*pte = 0;
	load(root);
	CHECK(walk(0x1000, SIM_READ) & SIM_FAULT);
	CHECK_EQ(sim_root(0), root);
	CHECK_EQ(sim_events[0].root_loads, 2);
	load(0);
	CHECK(walk(0x1000, SIM_READ) & SIM_FAULT);
}

TEST("a-delivered-fault-drops-what-was-cached-for-its-address")
{
	unsigned long root = 0, frame;
	u64 *pte;

	boot(1, 4);
	frame = table();
	pte = map(&root, 3, 0x1000, (u64)frame << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_USER, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	*pte |= _PAGE_RW;
	CHECK(walk(0x1000, SIM_WRITE) & SIM_FAULT); /* by the old translation */
	CHECK_EQ(walk(0x1000, SIM_WRITE), 0);
}

TEST("a-write-through-a-clean-stale-translation-asks-the-tables")
{
	unsigned long root = 0, frame;
	u64 *pte;

	boot(1, 4);
	frame = table();
	pte = map(&root, 3, 0x1000, (u64)frame << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	*pte &= ~_PAGE_RW;
	CHECK(walk(0x1000, SIM_WRITE) & SIM_FAULT);
	CHECK_EQ(*pte & _PAGE_DIRTY, 0);
}

TEST("a-free-frame-reached-by-a-stale-translation-is-caught")
{
	unsigned long root = 0;
	struct page *page;
	u64 *pte;

	boot(1, 4);
	page = alloc_page(GFP_KERNEL);
	pte = map(&root, 3, 0x1000, page_to_pfn(page) << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	*pte = 0;
	free_page(page);
	EXPECT_DEATH("by a stale translation: the frame is free", walk(0x1000, SIM_READ));
}

TEST("a-walk-through-a-free-table-is-caught")
{
	unsigned long root = 0;
	u64 *pmd;

	boot(1, 4);
	map(&root, 3, 0x1000, (u64)table() << PAGE_SHIFT | LEAF, 1);
	pmd = slot(entry_pfn(*slot(root >> PAGE_SHIFT, 0x1000, 3)), 0x1000, 2);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	free_page(pfn_to_page(entry_pfn(*pmd)));
	*pmd = 0;
	EXPECT_DEATH("which is free", walk(0x2000, SIM_READ));
}

/* ---- other CPUs ---- */

static unsigned int ran_on, ran_off;

static void note_cpu(void *arg)
{
	ran_on |= 1u << this_cpu();
	ran_off |= irqs_disabled() ? 0 : 1;
	*(unsigned int *)arg += 1;
}

TEST("an-ipi-runs-on-each-cpu-of-its-mask-with-interrupts-off")
{
	unsigned int calls = 0;

	boot(4, 4);
	sim_on_cpu(1);
	ipi_send(0xd, note_cpu, &calls);
	ipi_wait();
	CHECK_EQ(this_cpu(), 1);
	CHECK_EQ(ran_on, 0xd);
	CHECK_EQ(ran_off, 0);
	CHECK_EQ(calls, 3);
	CHECK_EQ(sim_events[1].ipis_sent, 3);
	CHECK_EQ(sim_events[0].ipis_received, 1);
	CHECK_EQ(sim_events[1].ipis_received, 0);
}

TEST("an-empty-mask-sends-nothing")
{
	boot(2, 4);
	ipi_send(0, note_cpu, NULL);
	ipi_wait();
	CHECK_EQ(sim_events[0].ipis_sent, 0);
}

TEST("a-cpu-with-interrupts-off-takes-the-ipi-later")
{
	unsigned int calls = 0;

	boot(2, 4);
	sim_set_irqs_off(1, true);
	ipi_send(2, note_cpu, &calls);
	CHECK_EQ(calls, 0);
	EXPECT_DEATH("deadlock: CPU 0 waits for CPUs 0x2", ipi_wait());
	sim_set_irqs_off(1, false);
	CHECK_EQ(calls, 1);
	ipi_wait();
}

TEST("ipis-against-the-rules-are-caught")
{
	unsigned int calls = 0;

	boot(2, 4);
	EXPECT_DEATH("sends an IPI to itself", ipi_send(1, note_cpu, &calls));
	EXPECT_DEATH("not online", ipi_send(4, note_cpu, &calls));
	EXPECT_DEATH("with interrupts off", irq_save(); ipi_wait());
	EXPECT_DEATH("with interrupts off", irq_save(); schedule());
	EXPECT_DEATH("interrupts must be off", root_load(0));
	EXPECT_DEATH("interrupts must be on", irq_save(); tlb_flush_kernel());
}

TEST("each-cpu-has-a-root-a-tlb-and-interrupts-of-its-own")
{
	unsigned long root = 0;
	u64 *pte;

	boot(2, 4);
	pte = map(&root, 3, 0x1000, (u64)table() << PAGE_SHIFT | LEAF, 1);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	sim_on_cpu(1);
	CHECK(walk(0x1000, SIM_READ) & SIM_FAULT);
	load(root);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	*pte = 0;
	tlb_flush_local_all();
	CHECK(walk(0x1000, SIM_READ) & SIM_FAULT);
	sim_on_cpu(0);
	CHECK_EQ(walk(0x1000, SIM_READ), 0);
	irq_save();
	sim_on_cpu(1);
	CHECK(!irqs_disabled());
}

/* ---- locks ---- */

TEST("waiting-for-what-cannot-come-is-a-deadlock")
{
	spinlock_t lock = SPINLOCK_INIT(LOCK_UNCHECKED);
	struct rwsem sem;

	boot(1, 4);
	rwsem_init(&sem, LOCK_MMAP);
	machine_spin_lock(&lock);
	EXPECT_DEATH("deadlock: CPU 0 waits for the spin lock", machine_spin_lock(&lock));
	EXPECT_DEATH("deadlock: CPU 0 spins", cpu_relax());
	down_read(&sem);
	lockdep_release(&sem); /* the checker would speak first */
	EXPECT_DEATH("deadlock: the semaphore", down_write(&sem));
	EXPECT_DEATH("is held by readers", down_write(&sem));
}

TEST("a-semaphore-lets-readers-share-and-writers-alone")
{
	struct rwsem sem;

	boot(1, 4);
	rwsem_init(&sem, LOCK_MMAP);
	down_read(&sem);
	EXPECT_DEATH("not held that way", up_write(&sem));
	lockdep_release(&sem); /* the second reader is another task */
	down_read(&sem);
	up_read(&sem);
	lockdep_acquire(&sem, LOCK_MMAP, 0, false);
	up_read(&sem);
	down_write(&sem);
	EXPECT_DEATH("not held that way", up_read(&sem));
	lockdep_release(&sem);
	EXPECT_DEATH("is held by a writer", down_read(&sem));
	EXPECT_DEATH("is held by a writer", down_write(&sem));
	lockdep_acquire(&sem, LOCK_MMAP, 0, false);
	up_write(&sem);
	lockdep_assert_none_held();
}

TEST("the-order-of-locks-is-checked")
{
	spinlock_t a = SPINLOCK_INIT(LOCK_PAGE_TABLE), b = SPINLOCK_INIT(LOCK_PAGE_TABLE);
	spinlock_t buddy = SPINLOCK_INIT(LOCK_BUDDY), *low = &a < &b ? &a : &b,
		   *high = &a < &b ? &b : &a;

	boot(1, 4);
	spin_lock(low);
	spin_lock_nested(high, LOCK_NESTED);
	spin_lock(&buddy);
	spin_unlock(&buddy);
	EXPECT_DEATH("the same lock twice", spin_lock(low));
	spin_unlock(high);
	EXPECT_DEATH("two of a class", spin_lock(high));
	spin_unlock(low);
	spin_lock(high);
	EXPECT_DEATH("are taken by address", spin_lock_nested(low, LOCK_NESTED));
	spin_unlock(high);
	spin_lock(&buddy);
	EXPECT_DEATH("the other order is the rule", spin_lock(&a));
	EXPECT_DEATH("locks are held at the return to user mode", lockdep_assert_none_held());
	spin_unlock(&buddy);
	lockdep_assert_none_held();
}

TEST("accesses-outside-the-memory-are-caught")
{
	boot(1, 4);
	EXPECT_DEATH("is outside the memory", frame_ptr(0));
	EXPECT_DEATH("is outside the memory", frame_ptr(1ul << 40));
	EXPECT_DEATH("does not point into the arena", ptr_frame(&ran_on));
	EXPECT_DEATH("is not page aligned", page_zero((u8 *)frame_ptr(0x100) + 8));
}

TEST("the-kernels-half-is-added-only-where-hardware-looks-for-it")
{
	u64 *top;

	boot(1, 4);
	top = frame_ptr(table());
	root_table_init(top, 3);
	CHECK_EQ(top[VMALLOC_START >> 39 & 511], 0);
	root_table_init(top, 4);
	CHECK(entry_table(top[VMALLOC_START >> 39 & 511]));
	CHECK_EQ(top[0], 0);
}

TEST("five-level-hardware-has-the-kernels-half-in-its-last-entry")
{
	u64 *top;

	boot(1, 5);
	top = frame_ptr(table());
	root_table_init(top, 4);
	CHECK_EQ(top[VMALLOC_START >> 39 & 511], 0);
	root_table_init(top, 5);
	CHECK_EQ(entry_pfn(top[511]), kernel_root() >> PAGE_SHIFT);
}
