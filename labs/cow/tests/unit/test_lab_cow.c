/* What the lab "cow" is graded by on the simulator: each case judges one behaviour. */
#include "mm/buddy.h"
#include "tests/unit/space.h"

#define PAGES 4

static struct space s;
static struct mm_struct *child;
static unsigned long addr;

/* A program on CPU 0 with PAGES pages at addr, written; CPU 1 runs it too if there is one. */
static void start(unsigned int cpus)
{
	s = space_start(3, 4, cpus);
	addr = map(s.mm, 0x40000000, PAGES * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (unsigned long i = 0; i < PAGES; i++)
		poke(addr + i * PAGE_SIZE, i + 1);
	if (cpus > 1) {
		run_on(1, s.mm);
		run_on(0, s.mm);
	}
}

/* Whether fork flushes is judged once; elsewhere a translation from before must not matter. */
static void fork_it(void)
{
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	flush_tlb_range(s.mm, 0, levels_reach(3));
}

static struct page *page_of(struct mm_struct *mm, unsigned long at)
{
	return pfn_to_page(frame_of(mm, at));
}

/* ---- fork ---- */

TEST("fork-maps-the-parent's-pages-in-the-child")
{
	unsigned long free, tables;

	start(1);
	free = frames_free();
	fork_it();
	tables = (unsigned long)atomic_long_read(&child->table_frames);
	for (unsigned long i = 0; i < PAGES; i++)
		CHECK_EQ(frame_of(child, addr + i * PAGE_SIZE),
			 frame_of(s.mm, addr + i * PAGE_SIZE));
	/* Tables and bookkeeping, but no page of contents. */
	CHECK(free - frames_free() <= tables + 2);
}

TEST("fork-counts-both-entries-of-a-page")
{
	struct page *page;

	start(1);
	fork_it();
	page = page_of(s.mm, addr);
	CHECK(page == page_of(child, addr));
	CHECK_EQ(atomic_read(&page->_mapcount), 2);
	CHECK_EQ(folio_ref_count(page_folio(page)), 2);
	CHECK_EQ(mm_rss(child, MM_ANONPAGES), mm_rss(s.mm, MM_ANONPAGES));
}

TEST("fork-takes-the-exclusive-mark")
{
	start(1);
	fork_it();
	CHECK(page_of(s.mm, addr) == page_of(child, addr));
	CHECK(!page_test(page_of(s.mm, addr), PG_exclusive));
}

TEST("fork-takes-write-permission-from-both")
{
	start(1);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	CHECK(!entry_write(entry_of(s.mm, addr)) && !entry_write(entry_of(child, addr)));
}

TEST("fork-copies-entries-of-the-zero-page-and-of-prot-none")
{
	unsigned long zero;

	start(1);
	zero = map(s.mm, 0x50000000, PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK_EQ(peek(zero), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, PAGE_SIZE, PROT_NONE), 0);
	fork_it();
	CHECK_EQ(frame_of(child, zero), page_to_pfn(zero_page));
	CHECK_EQ(frame_of(child, addr), frame_of(s.mm, addr));
	CHECK_EQ(mm_mprotect(child, addr, PAGE_SIZE, PROT_READ), 0);
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
}

TEST("no-cpu-keeps-a-writable-translation-over-fork")
{
	start(2);
	run_on(1, s.mm);
	poke(addr, 5);			/* CPU 1 may write without asking the tables again */
	run_on(0, s.mm);
	poke(addr, 6);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child) && frame_of(s.mm, addr) == frame_of(child, addr));
	run_on(1, s.mm);
	poke(addr, 7);
	run_on(0, s.mm);
	poke(addr + 8, 8);
	run_on(0, child);
	CHECK_EQ(peek(addr), 6);
	CHECK_EQ(peek(addr + 8), 0);
}

/* ---- may it be writable? ---- */

static bool allowed(unsigned long vm_flags, pte_t pte)
{
	struct vm_area_struct vma = { .vm_flags = vm_flags };

	return pte_may_be_writable(&vma, pte);
}

TEST("an-exclusive-page-of-a-writable-mapping-may-be-writable")
{
	pte_t pte;

	start(1);
	pte = pte_wrprotect(__pte(entry_of(s.mm, addr)));
	CHECK(allowed(VM_READ | VM_WRITE, pte));
	CHECK(allowed(VM_READ | VM_WRITE | VM_SHARED, pte));
}

TEST("nothing-else-may-be-writable")
{
	struct page *page;
	pte_t pte, none;

	start(1);
	page = page_of(s.mm, addr);
	pte = pte_wrprotect(__pte(entry_of(s.mm, addr)));
	none = pte_modify(pte, protection_map(0));
	CHECK(allowed(VM_READ | VM_WRITE, pte));	/* so that "never" is no answer */
	CHECK(!allowed(VM_READ, pte) && !allowed(0, pte));
	CHECK(!allowed(VM_READ | VM_SHARED, pte));
	CHECK(!allowed(VM_READ | VM_WRITE, none));
	CHECK(!allowed(VM_READ | VM_WRITE | VM_SHARED, none));
	CHECK(!allowed(VM_READ | VM_WRITE,
		       pte_mkspecial(pfn_pte(page_to_pfn(zero_page), protection_map(1)))));
	page_clear(page, PG_exclusive);
	CHECK(!allowed(VM_READ | VM_WRITE, pte));
	page_set(page, PG_exclusive);
	page_clear(page, PG_anon);
	CHECK(!allowed(VM_READ | VM_WRITE, pte));
	page_set(page, PG_anon);
}

TEST("mprotect-does-not-make-a-shared-page-writable")
{
	start(1);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	CHECK_EQ(mm_mprotect(s.mm, addr, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, PAGE_SIZE, RW), 0);
	CHECK(!entry_write(entry_of(s.mm, addr)));
}

/* ---- the write fault ---- */

static unsigned long frame;

/* The child is gone again; the parent's entry is still read-only. */
static void start_alone(void)
{
	start(1);
	frame = frame_of(s.mm, addr);
	fork_it();
	CHECK(frame_of(child, addr) == frame);
	mmput(child);
}

TEST("the-last-owner-keeps-its-page")
{
	unsigned long reuses = vm_events(VM_EVENT_COW_REUSE), free;

	start_alone();
	free = frames_free();
	poke(addr, 9);
	CHECK_EQ(frame_of(s.mm, addr), frame);
	CHECK_EQ(frames_free(), free);
	CHECK_EQ(vm_events(VM_EVENT_COW_REUSE), reuses + 1);
	CHECK_EQ(peek(addr), 9);
}

TEST("the-last-owner's-page-is-exclusive-again-and-dirty")
{
	start_alone();
	poke(addr, 9);
	CHECK(page_test(pfn_to_page(frame_of(s.mm, addr)), PG_exclusive));
	CHECK(pte_dirty_novma(__pte(entry_of(s.mm, addr))) &&
	      pte_write(__pte(entry_of(s.mm, addr))));
}

TEST("a-page-that-somebody-else-references-is-copied")
{
	start_alone();
	get_page(pfn_to_page(frame));
	poke(addr, 9);
	CHECK(frame_of(s.mm, addr) != frame);
	CHECK_EQ(*(u64 *)frame_ptr(frame), 1);
}

TEST("a-write-is-seen-by-the-writer-only")
{
	start(1);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	run_on(0, child);
	poke(addr + 8, 2);
	CHECK_EQ(peek(addr), 1);	/* the rest of the page came along */
	run_on(0, s.mm);
	CHECK_EQ(peek(addr + 8), 0);
	poke(addr, 3);
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
	CHECK_EQ(peek(addr + 8), 2);
}

TEST("a-copy-is-exclusive-dirty-and-counted")
{
	unsigned long copies = vm_events(VM_EVENT_COW_COPY);
	struct page *old;
	long rss;

	start(1);
	fork_it();
	old = page_of(s.mm, addr);
	CHECK(old == page_of(child, addr));
	rss = mm_rss(s.mm, MM_ANONPAGES);
	poke(addr, 3);
	CHECK(page_of(s.mm, addr) != old);
	CHECK(page_test(page_of(s.mm, addr), PG_exclusive) &&
	      page_test(page_of(s.mm, addr), PG_anon));
	CHECK(pte_dirty_novma(__pte(entry_of(s.mm, addr))));
	CHECK_EQ(atomic_read(&old->_mapcount), 1);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), rss);
	CHECK_EQ(vm_events(VM_EVENT_COW_COPY), copies + 1);
}

TEST("a-grandchild-sees-what-was-there-at-its-fork")
{
	struct mm_struct *grandchild;

	start(1);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	run_on(0, child);
	poke(addr, 20);
	grandchild = mm_fork(child);
	flush_tlb_range(child, 0, levels_reach(3));
	poke(addr, 30);
	run_on(0, grandchild);
	CHECK_EQ(peek(addr), 20);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr), 1);
}

TEST("the-zero-page-and-a-file's-page-get-their-copy")
{
	unsigned long zero, shared, copies;

	start(1);
	zero = map(s.mm, 0x50000000, PAGE_SIZE, RW, ANON | MAP_FIXED);
	shared = map(s.mm, 0x60000000, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK_EQ(peek(zero), 0);
	copies = vm_events(VM_EVENT_COW_COPY);
	poke(zero + 8, 4);
	CHECK_EQ(vm_events(VM_EVENT_COW_COPY), copies + 1);
	CHECK_EQ(peek(zero), 0);
	CHECK_EQ(*(u64 *)(page_address(zero_page) + 8), 0);
	CHECK_EQ(peek(shared), 0);
	fork_it();
	run_on(0, child);
	poke(shared, 5);
	run_on(0, s.mm);
	CHECK_EQ(peek(shared), 5);
}

/* ---- two CPUs ---- */

static void write_7(void) { poke(addr, 7); }

TEST("two-writers-of-a-shared-page-both-keep-what-they-wrote")
{
	start(2);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
}

/*
 * The intruder comes while the copy's frame is being allocated: after the look, before
 * the copy is in place.
 */
TEST("a-copy-made-meanwhile-by-another-cpu-wins")
{
	start(2);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	sim_before_lock(LOCK_BUDDY, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
}

static void drop_it(void) { CHECK_EQ(mm_madvise(s.mm, addr, PAGE_SIZE, MADV_DONTNEED), 0); }

TEST("a-page-dropped-meanwhile-stays-dropped")
{
	start(2);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	sim_before_lock(LOCK_PAGE_TABLE, 1, drop_it);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 8);
}

/*
 * CPU 1 may hold a translation to the old page: it must read the new one when the writer goes on.
 */
TEST("no-cpu-reads-the-old-page-after-the-copy")
{
	start(2);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	run_on(1, s.mm);
	CHECK_EQ(peek(addr), 1);
	run_on(0, s.mm);
	poke(addr, 9);
	run_on(1, s.mm);
	CHECK_EQ(peek(addr), 9);
}

/* ---- leaks ---- */

TEST("everything-is-given-back")
{
	start(1);
	fork_it();
	CHECK(frame_of(s.mm, addr) == frame_of(child, addr));
	poke(addr, 2);
	run_on(0, child);
	poke(addr + PAGE_SIZE, 3);
	run_on(0, s.mm);
	mmput(child);
	poke(addr + PAGE_SIZE, 4);
	space_end(&s);
}

static bool fork_or_fail(void)
{
	struct mm_struct *mm = mm_fork(s.mm);

	if (IS_ERR(mm))
		return false;
	CHECK(frame_of(s.mm, addr) == frame_of(mm, addr));
	mmput(mm);
	return true;
}

static void nothing(void) {}

TEST("a-fork-without-memory-fails-and-keeps-nothing")
{
	start(1);
	CHECK(unit_fail_each(fork_or_fail, nothing) > 0);
	CHECK_EQ(peek(addr), 1);
	poke(addr, 2);
	CHECK_EQ(peek(addr), 2);
}
