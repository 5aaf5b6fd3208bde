/*
 * Which CPUs are told, when, and what must not happen before: shootdown, lazy CPUs,
 * unfolding, the ledger.
 */
#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/context.h"
#include "mm/zap.h"

/* CPUs 0..n-1 run the same program; the test goes on as CPU 0. */
static void run_everywhere(struct mm_struct *mm, unsigned int n)
{
	for (unsigned int cpu = n; cpu-- > 0;)
		run_on(cpu, mm);
}

static unsigned long received(unsigned int cpu) { return sim_events[cpu].ipis_received; }

TEST("munmap-tells-exactly-the-cpus-that-run-the-program")
{
	struct space s = space_start(3, 4, 4);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), before[4];

	run_on(1, s.mm);
	run_on(2, s.mm);
	run_on(0, s.mm);
	poke(addr, 1);
	for (int i = 0; i < 4; i++)
		before[i] = received(i);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	CHECK_EQ(received(1), before[1] + 1);
	CHECK_EQ(received(2), before[2] + 1);
	CHECK_EQ(received(3), before[3]);	/* idle from the start */
	CHECK_EQ(vm_events_cpu(VM_EVENT_TLB_TARGETS, 0), 2);
	run_on(1, NULL);
	run_on(2, NULL);
	space_end(&s);
}

TEST("a-cpu-that-comes-from-another-program-is-told-too")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *other = mm_alloc(3);
	u64 value;

	run_on(1, other);
	run_on(1, s.mm);
	poke(addr, 1);
	run_on(0, s.mm);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	sim_on_cpu(1);
	CHECK_EQ(sim_user_read(addr, &value), SIGSEGV);
	run_on(1, NULL);
	run_on(0, s.mm);
	mmput(other);
	space_end(&s);
}

TEST("unmapping-what-was-never-touched-sends-no-ipi")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x10000, RW, ANON), before;

	run_everywhere(s.mm, 2);
	before = received(1);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x10000), 0);
	CHECK_EQ(received(1), before);
	space_end(&s);
}

TEST("one-flush-for-a-range-however-many-pages")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 600 * PAGE_SIZE, RW, ANON), before;

	run_everywhere(s.mm, 2);
	for (int i = 0; i < 600; i++)
		poke(addr + i * PAGE_SIZE, 1);
	before = received(1);
	CHECK_EQ(mm_munmap(s.mm, addr, 600 * PAGE_SIZE), 0);
	CHECK_EQ(received(1), before + 1);
	space_end(&s);
}

TEST("a-page-unmapped-on-one-cpu-is-gone-on-the-other")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	u64 v;

	run_everywhere(s.mm, 2);
	poke(addr, 1);
	sim_on_cpu(1);
	CHECK_EQ(peek(addr), 1);
	CHECK(sim_tlb_entries(1, addr) > 0);
	sim_on_cpu(0);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	CHECK_EQ(sim_tlb_entries(1, addr), 0);
	sim_on_cpu(1);
	CHECK_EQ(sim_user_read(addr, &v), SIGSEGV);
	sim_on_cpu(0);
	space_end(&s);
}

TEST("cow-on-one-cpu-is-seen-by-a-thread-on-the-other")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child;

	run_everywhere(s.mm, 2);
	poke(addr, 1);
	child = mm_fork(s.mm);
	sim_on_cpu(1);
	CHECK_EQ(peek(addr), 1);		/* caches the page that will be replaced */
	sim_on_cpu(0);
	poke(addr, 2);
	sim_on_cpu(1);
	CHECK_EQ(peek(addr), 2);
	sim_on_cpu(0);
	mmput(child);
	space_end(&s);
}

TEST("fork-stops-writes-through-every-cpus-tlb")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child;

	run_everywhere(s.mm, 2);
	sim_on_cpu(1);
	poke(addr, 1);			/* CPU 1 holds a writable translation */
	sim_on_cpu(0);
	child = mm_fork(s.mm);
	sim_on_cpu(1);
	poke(addr, 2);
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

TEST("gaining-permission-sends-no-ipi")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), before;

	run_everywhere(s.mm, 2);
	poke(addr, 1);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	before = received(1);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, RW), 0);
	CHECK_EQ(received(1), before);
	space_end(&s);
}

/* ---- lazily held address spaces ---- */

TEST("a-lazy-cpu-leaves-at-the-first-flush-and-is-not-told-again")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON), before;

	run_on(1, s.mm);
	run_on(1, NULL);
	run_on(0, s.mm);
	CHECK_EQ(s.mm->cpumask, 3);
	poke(addr, 1);
	poke(addr + PAGE_SIZE, 1);
	before = received(1);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	CHECK_EQ(s.mm->cpumask, 1);
	CHECK_EQ(sim_root(1), 0);
	CHECK_EQ(mm_munmap(s.mm, addr + PAGE_SIZE, 0x1000), 0);
	CHECK_EQ(received(1), before + 1);
	space_end(&s);
}

TEST("a-task-that-comes-back-to-its-lazy-cpu-loads-nothing")
{
	struct space s = space_start(3, 4, 1);
	unsigned long loads = sim_events[0].root_loads;

	run_on(0, NULL);
	run_on(0, s.mm);
	CHECK_EQ(sim_events[0].root_loads, loads);
	space_end(&s);
}

TEST("exit-makes-every-cpu-let-go")
{
	struct space s = space_start(3, 4, 3);
	struct mm_struct *mm = mm_alloc(3);

	run_on(1, mm);
	run_on(1, NULL);
	run_on(2, mm);
	run_on(2, NULL);
	run_on(0, s.mm);
	mmput(mm);
	CHECK_EQ(sim_root(1), 0);
	CHECK_EQ(sim_root(2), 0);
	space_end(&s);
}

TEST("two-folded-programs-that-share-a-top-are-still-switched")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	struct mm_struct *other = mm_alloc(3);

	poke(addr, 1);
	map(other, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	run_on(0, other);
	CHECK_EQ(peek(addr), 0);
	poke(addr, 2);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr), 1);
	mmput(other);
	space_end(&s);
}

/* ---- unfolding ---- */

TEST("hint-beyond-the-reach-unfolds-3-to-4")
{
	struct space s = space_start(3, 4, 1);
	unsigned long low = map(s.mm, 0, 0x1000, RW, ANON), old_root = s.mm->root;

	poke(low, 1);
	CHECK_EQ(map(s.mm, 1ul << 40, 0x1000, RW, ANON), 1ul << 40);
	CHECK_EQ(mm_levels(s.mm), 4);
	/* The old tree is the first subtree of the new one, and still valid. */
	CHECK_EQ(entry_pfn(*(u64 *)frame_ptr(s.mm->root >> PAGE_SHIFT)), old_root >> PAGE_SHIFT);
	poke(1ul << 40, 2);
	CHECK_EQ(peek(low), 1);
	CHECK_EQ(peek(1ul << 40), 2);
	space_end(&s);
}

TEST("an-empty-tree-that-was-unfolded-is-freed-whole")
{
	struct space s = space_start(3, 5, 1);
	struct mm_struct *mm = mm_alloc(3);

	map(mm, 1ul << 50, 0x1000, RW, ANON | MAP_FIXED);	/* nothing was ever mapped below */
	mmput(mm);
	mm = mm_alloc(3);
	map(mm, 1ul << 40, 0x1000, RW, ANON | MAP_FIXED);	/* one table is left over */
	mmput(mm);
	space_end(&s);
}

TEST("hint-unfolds-3-to-5-in-one-step-on-la57")
{
	struct space s = space_start(3, 5, 1);

	CHECK_EQ(map(s.mm, 1ul << 50, 0x1000, RW, ANON), 1ul << 50);
	CHECK_EQ(mm_levels(s.mm), 5);
	CHECK_EQ(vm_events(VM_EVENT_UNFOLD), 1);
	poke(1ul << 50, 2);
	CHECK_EQ(peek(1ul << 50), 2);
	space_end(&s);
}

TEST("a-hint-below-2-to-the-47-does-not-ask-for-what-is-above")
{
	struct space s = space_start(3, 5, 1);
	unsigned long below = (1ul << 47) - 4 * PAGE_SIZE;

	CHECK(map(s.mm, below, 8 * PAGE_SIZE, RW, ANON) < 1ul << 39);
	CHECK_EQ(mm_levels(s.mm), 3);
	CHECK_EQ(map(s.mm, below, 3 * PAGE_SIZE, RW, ANON), below);
	CHECK_EQ(mm_levels(s.mm), 4);
	/* With MAP_FIXED it says so. */
	CHECK_EQ(map(s.mm, below, 8 * PAGE_SIZE, RW, ANON | MAP_FIXED), below);
	CHECK_EQ(mm_levels(s.mm), 5);
	space_end(&s);
}

TEST("hint-beyond-what-hardware-has-is-ignored-and-fixed-refused")
{
	struct space s = space_start(3, 4, 1);

	CHECK(map(s.mm, 1ul << 50, 0x1000, RW, ANON) < 1ul << 39);
	CHECK_EQ(mm_mmap(s.mm, 1ul << 50, 0x1000, RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	CHECK_EQ(mm_levels(s.mm), 3);
	space_end(&s);
}

TEST("unhinted-mmap-unfolds-only-when-nothing-fits-below")
{
	struct space s = space_start(3, 5, 1);
	const int flags = ANON | MAP_NORESERVE;
	unsigned long addr;

	map(s.mm, 0, 400ul << 30, RW, flags);
	CHECK_EQ(mm_levels(s.mm), 3);
	addr = map(s.mm, 0, 400ul << 30, RW, flags);
	CHECK_EQ(mm_levels(s.mm), 4);
	CHECK(addr >= 1ul << 39);
	CHECK(map(s.mm, 0, 0x1000, RW, ANON) < 1ul << 39);
	/* 5 levels are never given without being asked for. */
	CHECK_EQ(mm_mmap(s.mm, 0, 1ul << 47, RW, flags, NULL, 0), -ENOMEM);
	CHECK_EQ(mm_levels(s.mm), 4);
	space_end(&s);
}

TEST("the-last-page-below-2-to-the-47-is-never-mapped")
{
	struct space s = space_start(4, 4, 1);

	CHECK_EQ(mm_mmap(s.mm, (1ul << 47) - PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0),
		 -ENOMEM);
	CHECK_EQ(map(s.mm, (1ul << 47) - 2 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED),
		 (1ul << 47) - 2 * PAGE_SIZE);
	space_end(&s);
}

TEST("the-last-page-below-2-to-the-56-is-never-mapped")
{
	struct space s = space_start(5, 5, 1);

	CHECK_EQ(mm_mmap(s.mm, (1ul << 56) - PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0),
		 -ENOMEM);
	space_end(&s);
}

TEST("unfolding-loads-the-new-root-on-every-cpu-that-runs-it")
{
	struct space s = space_start(3, 5, 3);

	run_everywhere(s.mm, 2);
	run_on(2, s.mm);
	run_on(2, NULL);
	run_on(0, s.mm);
	map(s.mm, 1ul << 40, 0x1000, RW, ANON);
	CHECK_EQ(sim_root(0), s.mm->root);
	/*
	 * In the variant without the IPI the others go on with the old, valid root
	 * until they fault.
	 */
	CHECK_EQ(sim_root(1) == s.mm->root, !UNFOLD_LAZY);
	CHECK_EQ(sim_root(2) == 0, !UNFOLD_LAZY);	/* the lazy one left instead */
	CHECK_EQ(vm_events(VM_EVENT_ROOT_RELOAD), 0);
	sim_on_cpu(1);
	poke(1ul << 40, 3);
	CHECK_EQ(sim_root(1), s.mm->root);
	run_on(2, s.mm);
	CHECK_EQ(sim_root(2), s.mm->root);
	CHECK_EQ(peek(1ul << 40), 3);
	CHECK_EQ(vm_events(VM_EVENT_ROOT_RELOAD), UNFOLD_LAZY);
	space_end(&s);
}

TEST("a-cpu-left-behind-reloads-in-its-fault")
{
	struct space s = space_start(3, 4, 2);
	unsigned long flags;

	run_everywhere(s.mm, 2);
	map(s.mm, 1ul << 40, 0x1000, RW, ANON);
	poke(1ul << 40, 5);
	sim_on_cpu(1);
	/* As if the IPI had been lost. */
	cpu_contexts[1].root = entry_pfn(*(u64 *)frame_ptr(s.mm->root >> PAGE_SHIFT))
			       << PAGE_SHIFT | 3;
	flags = irq_save();
	root_load(cpu_contexts[1].root);
	irq_restore(flags);
	CHECK_EQ(peek(1ul << 40), 5);
	CHECK_EQ(vm_events(VM_EVENT_ROOT_RELOAD), 1);
	if (!UNFOLD_LAZY)
		CHECK_LOGGED("old root");
	sim_on_cpu(0);
	space_end(&s);
}

TEST("the-root-that-a-cpu-has-loaded-is-not-freed")
{
	struct space s = space_start(3, 4, 2);

	run_everywhere(s.mm, 2);
	map(s.mm, 1ul << 40, 0x1000, RW, ANON);
	poke(1ul << 40, 5);
	CHECK_EQ(mm_munmap(s.mm, 0, 1ul << 39), 0); /* all that the old root led to */
	CHECK(page_test(pfn_to_page(sim_root(1) >> PAGE_SHIFT), PG_table));
	sim_on_cpu(1);
	CHECK_EQ(sim_user_write(AT, 1), SIGSEGV);
	CHECK_EQ(peek(1ul << 40), 5);
	sim_on_cpu(0);
	space_end(&s);
}

TEST("unfolding-without-memory-changes-nothing")
{
	struct space s = space_start(3, 5, 1);
	unsigned long root = s.mm->root, frames = frames_free();

	for (unsigned long n = 1; n <= 2; n++) {
		fail_nth_set(n);
		CHECK_EQ(mm_mmap(s.mm, 1ul << 50, 0x1000, RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
		CHECK_EQ(s.mm->root, root);
		CHECK_EQ(frames_free(), frames);
	}
	map(s.mm, 1ul << 50, 0x1000, RW, ANON | MAP_FIXED);
	space_end(&s);
}

TEST("a-table-without-pages-is-flushed-before-it-is-freed")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	poke(addr, 1);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x1000, MADV_DONTNEED), 0);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);	/* the ledger watches */
	space_end(&s);
}

TEST("a-gather-without-memory-is-flushed-each-time-it-is-full")
{
	struct space s = space_start(3, 4, 1);
	unsigned long pages = 4 * GATHER_ON_STACK,
		      addr = map(s.mm, 0, pages * PAGE_SIZE, RW, ANON), flushes;
	TAILQ_HEAD(, page) taken = TAILQ_HEAD_INITIALIZER(taken);
	struct page *page;

	for (unsigned long i = 0; i < pages; i++)
		poke(addr + i * PAGE_SIZE, i);
	while ((page = alloc_page(GFP_ATOMIC)))
		TAILQ_INSERT_TAIL(&taken, page, lru);
	flushes = sim_events[0].flushes;
	CHECK_EQ(mm_madvise(s.mm, addr, pages * PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK(sim_events[0].flushes >= flushes + 2);
	while ((page = TAILQ_FIRST(&taken))) {
		TAILQ_REMOVE(&taken, page, lru);
		free_page(page);
	}
	for (unsigned long i = 0; i < pages; i++)
		CHECK_EQ(peek(addr + i * PAGE_SIZE), 0);
	space_end(&s);
}

TEST("a-gather-that-is-full-is-flushed-and-fills-its-batches-again")
{
	struct space s = space_start(3, 4, 1);
	const unsigned long full = GATHER_ON_STACK - 1 + GATHER_MAX_BATCHES * GATHER_BATCH;
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);
	unsigned long frames = frames_free(), flushed = 0, flushes = 0;
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, s.mm);
	for (unsigned long i = 1; i <= 3 * full; i++) {
		folio_get(folio);
		if (!tlb_remove_page(&tlb, &folio->page))
			continue;
		/* What is on the stack comes first, and not again. */
		CHECK_EQ(i, flushed ? full + GATHER_MAX_BATCHES * GATHER_BATCH : full);
		CHECK_EQ(folio_ref_count(folio), (i - flushed) + 1);
		tlb_range(&tlb, PAGE_SIZE, PAGE_SIZE);
		tlb_flush_mmu(&tlb);
		flushes = sim_events[0].flushes;
		CHECK_EQ(folio_ref_count(folio), 1);
		CHECK_EQ(tlb.batches, GATHER_MAX_BATCHES);
		CHECK_EQ(tlb.start, ~0ul); /* what was flushed is not flushed again */
		flushed = i;
		if (flushed > full)
			break;
	}
	CHECK(flushed > full);
	tlb_finish_mmu(&tlb);
	CHECK_EQ(sim_events[0].flushes, flushes);	/* nothing was left to be flushed */
	CHECK_EQ(frames_free(), frames);
	folio_put(folio);
	space_end(&s);
}

TEST("a-gathers-range-covers-all-that-was-cleared-in-any-order")
{
	struct space s = space_start(3, 4, 1);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, s.mm);
	tlb_range(&tlb, AT + PAGE_SIZE, 2 * PAGE_SIZE);
	tlb_range(&tlb, AT, PAGE_SIZE);
	CHECK(tlb.start == AT && tlb.end == AT + 3 * PAGE_SIZE);
	tlb_range(&tlb, AT + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	CHECK(tlb.start == AT && tlb.end == AT + 4 * PAGE_SIZE);
	tlb_finish_mmu(&tlb);
	space_end(&s);
}

/* ---- the checkers catch what they are for ---- */

static pte_t *slot_of(struct mm_struct *mm, unsigned long addr)
{
	return (pte_t *)table_slot(pmd_pfn(pmdp_get(mm_pmd_find(mm, addr))), addr, 1);
}

static void lock_table(struct mm_struct *mm, unsigned long addr)
{
	spin_lock(pte_lockptr(pmdp_get(mm_pmd_find(mm, addr))));
}
static void unlock_table(struct mm_struct *mm, unsigned long addr)
{
	spin_unlock(pte_lockptr(pmdp_get(mm_pmd_find(mm, addr))));
}

TEST("checker-catches-an-entry-changed-without-its-lock")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	const char *said = "an entry changes without its table's lock";
	pte_t *ptep, pte;

	poke(addr, 1);
	ptep = slot_of(s.mm, addr);
	pte = ptep_get(ptep);
	EXPECT_DEATH(said, set_pte(s.mm, addr, ptep, pte));
	EXPECT_DEATH(said, ptep_get_and_clear(s.mm, addr, ptep));
	EXPECT_DEATH(said, ptep_set_wrprotect(s.mm, addr, ptep));
	EXPECT_DEATH(said, ptep_upgrade(s.mm, addr, ptep, pte));
	EXPECT_DEATH(said, ptep_change(s.mm, addr, ptep, &pte, pte));
	EXPECT_DEATH(said, set_upper(s.mm, addr, 2, &mm_pmd_find(s.mm, addr)->val, 0));
	space_end(&s);
}

TEST("ledger-catches-a-page-freed-before-the-flush")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	pte_t old;

	poke(addr, 1);
	EXPECT_DEATH("while a TLB may still lead to it", {
		lock_table(s.mm, addr);
		old = ptep_get_and_clear(s.mm, addr, slot_of(s.mm, addr));
		page_remove_rmap(pfn_to_page(pte_pfn(old)));
		put_page(pfn_to_page(pte_pfn(old)));
	});
	space_end(&s);
}

TEST("ledger-catches-a-table-freed-before-the-flush")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	pmd_t *pmdp;

	CHECK_EQ(peek(addr), 0);
	pmdp = mm_pmd_find(s.mm, addr);
	EXPECT_DEATH("while a TLB may still lead to it", {
		struct page *table = pfn_to_page(pmd_pfn(pmdp_get(pmdp)));

		spin_lock(&s.mm->page_table_lock);
		set_upper(s.mm, addr, 2, &pmdp->val, 0);
		table_free(s.mm, table);
	});
	space_end(&s);
}

TEST("ledger-catches-a-copy-while-a-cpu-may-still-write")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	poke(addr, 1);
	EXPECT_DEATH("copied while a CPU may still write", {
		lock_table(s.mm, addr);
		ptep_set_wrprotect(s.mm, addr, slot_of(s.mm, addr));
		ledger_assert_not_writable(pfn_to_page(frame_of(s.mm, addr)));
	});
	space_end(&s);
}

TEST("ledger-forgets-what-was-flushed-and-what-came-back")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	pte_t pte;

	poke(addr, 1);
	lock_table(s.mm, addr);
	pte = ptep_get_and_clear(s.mm, addr, slot_of(s.mm, addr));
	CHECK_EQ(ledger_pending(), 1);
	set_pte(s.mm, addr, slot_of(s.mm, addr), pte);
	CHECK_EQ(ledger_pending(), 0);		/* the net change is none */
	ptep_set_wrprotect(s.mm, addr, slot_of(s.mm, addr));
	CHECK_EQ(ledger_pending(), 1);
	unlock_table(s.mm, addr);
	flush_tlb_page(s.mm, addr);
	CHECK_EQ(ledger_pending(), 0);
	space_end(&s);
}

TEST("ledger-lets-shared-memory-become-writable-elsewhere-before-the-flush")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);
	struct mm_struct *child = mm_fork(s.mm);
	struct mmu_gather tlb;

	poke(addr, 1);
	tlb_gather_mmu(&tlb, s.mm);
	zap_page_range(&tlb, addr, addr + 0x1000);
	run_on(1, child);
	poke(addr, 2);
	run_on(1, NULL);
	run_on(0, s.mm);
	tlb_finish_mmu(&tlb);
	CHECK_EQ(peek(addr), 2);
	mmput(child);
	space_end(&s);
}

TEST("checker-catches-a-writable-entry-for-a-shared-page")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child;

	poke(addr, 1);
	child = mm_fork(s.mm);
	lock_table(s.mm, addr);
	EXPECT_DEATH("not exclusive gets a writable entry",
		     ptep_upgrade(s.mm, addr, slot_of(s.mm, addr),
				  pte_mkwrite_novma(ptep_get(slot_of(s.mm, addr)))));
	unlock_table(s.mm, addr);
	mmput(child);
	space_end(&s);
}

TEST("checker-catches-a-frame-freed-while-mapped")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	poke(addr, 1);
	EXPECT_DEATH("still mapped", {
		struct page *page = pfn_to_page(frame_of(s.mm, addr));

		atomic_set(&page->_mapcount, 0);
		put_page(page);
	});
	space_end(&s);
}

TEST("waiting-for-a-shootdown-with-interrupts-off-is-caught")
{
	struct space s = space_start(3, 4, 2);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	run_everywhere(s.mm, 2);
	poke(addr, 1);
	EXPECT_DEATH("with interrupts off", {
		irq_save();
		flush_tlb_page(s.mm, addr);
	});
	space_end(&s);
}
