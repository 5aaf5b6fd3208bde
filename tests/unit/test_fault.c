/*
 * Faults, copy-on-write, protection, shared memory, the stack: what a program sees
 * and which entry changed.
 */
#include "tests/unit/space.h"
#include "mm/buddy.h"

static unsigned long events(enum vm_event e) { return vm_events(e); }

TEST("read-of-untouched-memory-maps-the-zero-page")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON);

	sim_uses.n[USE_MINFLT] = 0;
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 0);
	CHECK_EQ(sim_uses.n[USE_MINFLT], 1);
	CHECK_EQ(frame_of(s.mm, addr), page_to_pfn(zero_page));
	CHECK(!entry_write(entry_of(s.mm, addr)));
	CHECK_EQ(events(VM_EVENT_ZERO_PAGE), 1);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 0);
	space_end(&s);
}

TEST("write-after-read-replaces-the-zero-page")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	CHECK_EQ(peek(addr), 0);
	poke(addr, 5);
	CHECK(frame_of(s.mm, addr) != page_to_pfn(zero_page));
	CHECK_EQ(peek(addr), 5);
	CHECK_EQ(peek(addr + 8), 0);
	CHECK_EQ(*(u64 *)page_address(zero_page), 0);
	space_end(&s);
}

TEST("first-write-gives-a-zeroed-exclusive-dirty-page")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct page *page;

	poke(addr + 8, 5);
	CHECK_EQ(peek(addr), 0);
	page = pfn_to_page(frame_of(s.mm, addr));
	CHECK(page_test(page, PG_anon) && page_test(page, PG_exclusive));
	CHECK_EQ(atomic_read(&page->_mapcount), 1);
	CHECK_EQ(folio_ref_count(page_folio(page)), 1);
	CHECK(pte_dirty_novma(__pte(entry_of(s.mm, addr))));
	space_end(&s);
}

TEST("access-outside-a-mapping-is-sigsegv-maperr")
{
	struct space s = space_start(3, 4, 1);

	CHECK_EQ(sim_user_write(0x40000000, 1), SIGSEGV);
	CHECK_EQ(sim_last_signal.code, SEGV_MAPERR);
	CHECK(strstr(sim_last_signal.why, "write at 40000000"));
	space_end(&s);
}

TEST("forbidden-access-is-sigsegv-accerr-and-names-the-mapping")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x40000000, 0x1000, PROT_READ, ANON | MAP_FIXED);
	CHECK_EQ(sim_user_write(0x40000010, 1), SIGSEGV);
	CHECK_EQ(sim_last_signal.code, SEGV_ACCERR);
	CHECK(strstr(sim_last_signal.why, "40000000-40001000 r--p"));
	CHECK_EQ(sim_user_access(0x40000010, SIM_EXEC, &(u64){ 0 }), SIGSEGV);
	CHECK(strstr(sim_last_signal.why, "not executable"));
	space_end(&s);
}

TEST("prot-none-keeps-contents-but-allows-nothing")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	u64 v;

	poke(addr, 42);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_NONE), 0);
	CHECK_EQ(sim_user_read(addr, &v), SIGSEGV);
	CHECK_EQ(sim_user_write(addr, 1), SIGSEGV);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	CHECK_EQ(peek(addr), 42);
	space_end(&s);
}

TEST("mprotect-to-read-only-stops-writes-through-the-tlb")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	poke(addr, 1);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	CHECK_EQ(sim_user_write(addr, 2), SIGSEGV);
	CHECK_EQ(peek(addr), 1);
	space_end(&s);
}

TEST("who-has-said-so-executes-nothing-that-was-writable")
{
	struct space s = space_start(3, 4, 1);
	unsigned long data = map(s.mm, 0, 0x1000, RW, ANON),
		      text = map(s.mm, 0, 0x1000, PROT_READ | PROT_EXEC, ANON);
	struct mm_struct *child;

	poke(data, 1);
	CHECK_EQ(mm_set_mdwe(s.mm, 1), 0);
	CHECK_EQ(mm_set_mdwe(s.mm, 0), -EPERM);
	CHECK_EQ(mm_mprotect(s.mm, data, 0x1000, PROT_READ | PROT_EXEC), -EACCES);
	CHECK_EQ(mm_mprotect(s.mm, text, 0x1000, RW | PROT_EXEC), -EACCES);
	CHECK_EQ(mm_mmap(s.mm, data, 0x1000, RW | PROT_EXEC, ANON | MAP_FIXED, NULL, 0), -EACCES);
	CHECK_EQ(peek(data), 1);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(mm_mprotect(child, data, 0x1000, PROT_EXEC), -EACCES);
	CHECK_EQ(mm_mprotect(child, text, 0x1000, PROT_EXEC), 0);
	mmput(child);
	space_end(&s);
}

TEST("mprotect-to-not-executable-stops-execution-through-the-tlb")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW | PROT_EXEC, ANON);
	u64 code;

	for (int i = 0; i < 2; i++) {
		poke(addr + i * PAGE_SIZE, 1);
		CHECK_EQ(sim_user_access(addr + i * PAGE_SIZE, SIM_EXEC, &code), 0);
	}
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x2000, RW), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(sim_user_access(addr + i * PAGE_SIZE, SIM_EXEC, &code), SIGSEGV);
	space_end(&s);
}

TEST("mprotect-back-to-writable-needs-no-fault-on-exclusive-pages")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x10000, RW, ANON), before;

	for (int i = 0; i < 16; i++)
		poke(addr + i * PAGE_SIZE, i);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x10000, PROT_READ), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x10000, RW), 0);
	before = events(VM_EVENT_FAULT);
	for (int i = 0; i < 16; i++)
		poke(addr + i * PAGE_SIZE, i + 1);
	CHECK_EQ(events(VM_EVENT_FAULT), before);
	space_end(&s);
}

TEST("mprotect-never-makes-the-zero-page-writable")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, PROT_READ, ANON);

	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, RW), 0);
	CHECK(!entry_write(entry_of(s.mm, addr)));
	poke(addr, 1);
	CHECK_EQ(*(u64 *)page_address(zero_page), 0);
	space_end(&s);
}

TEST("mprotect-errors-are-linuxes")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0x40000000, 0x2000, RW, ANON | MAP_FIXED);

	CHECK_EQ(mm_mprotect(s.mm, addr + 1, 0x1000, RW), -EINVAL);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, 0x100), -EINVAL);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0, RW), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x3000, PROT_READ), -ENOMEM);
	CHECK_EQ(sim_user_write(addr, 1), SIGSEGV);	/* what came before the hole is done */
	CHECK_EQ(mm_mprotect(s.mm, addr, ~0xffful, PROT_READ), -ENOMEM);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ | PROT_GROWSDOWN), -EINVAL);
	space_end(&s);
}

TEST("dontneed-drops-private-pages-and-gives-frames-back")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, ANON), free;

	for (int i = 0; i < 4; i++)
		poke(addr + i * PAGE_SIZE, 9);
	free = frames_free();
	CHECK_EQ(mm_madvise(s.mm, addr, 0x4000, MADV_DONTNEED), 0);
	CHECK_EQ(frames_free(), free + 4);
	CHECK_EQ(peek(addr), 0);
	space_end(&s);
}

TEST("madvise-errors-are-linuxes")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);

	poke(addr, 3);
	CHECK_EQ(mm_madvise(s.mm, addr + 1, 0x1000, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x1000, 12345), -EINVAL);
	CHECK_EQ(mm_madvise(s.mm, addr, ~0ul, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(mm_madvise(s.mm, addr, 0, MADV_DONTNEED), 0);
	CHECK_EQ(mm_madvise(s.mm, addr - 0x1000, 0x2000, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(peek(addr), 0);	/* the mapped part was dropped all the same */
	space_end(&s);
}

/* ---- fork ---- */

TEST("populating-brings-pages-until-something-is-in-the-way")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, ANON), frame;

	CHECK_EQ(mm_madvise(s.mm, addr, 0x2000, MADV_POPULATE_READ), 0);
	CHECK_EQ(frame_of(s.mm, addr + 0x1000), page_to_pfn(zero_page));
	CHECK_EQ(entry_of(s.mm, addr + 0x2000), 0);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x2000, MADV_POPULATE_WRITE), 0);
	frame = frame_of(s.mm, addr + 0x1000);
	CHECK(frame != page_to_pfn(zero_page));
	CHECK_EQ(mm_madvise(s.mm, addr, 0x2000, MADV_POPULATE_WRITE), 0);
	CHECK_EQ(frame_of(s.mm, addr + 0x1000), frame);
	CHECK_EQ(mm_mprotect(s.mm, addr + 0x3000, 0x1000, PROT_READ), 0);
	CHECK_EQ(mm_madvise(s.mm, addr + 0x2000, 0x2000, MADV_POPULATE_WRITE), -EINVAL);
	CHECK(entry_of(s.mm, addr + 0x2000));
	CHECK_EQ(mm_munmap(s.mm, addr + 0x1000, 0x1000), 0);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x2000, MADV_POPULATE_READ), -ENOMEM);
	space_end(&s);
}

TEST("cow-child-write-is-invisible-to-parent-and-back")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child;

	poke(addr, 1);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(frame_of(child, addr), frame_of(s.mm, addr));
	run_on(0, child);
	poke(addr, 2);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr), 1);
	poke(addr, 3);
	run_on(0, child);
	CHECK_EQ(peek(addr), 2);
	run_on(0, s.mm);
	mmput(child);
	CHECK_EQ(peek(addr), 3);
	space_end(&s);
}

TEST("fork-takes-the-exclusive-mark-and-write-permission-from-both")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child;
	struct page *page;

	poke(addr, 1);
	child = mm_fork(s.mm);
	page = pfn_to_page(frame_of(s.mm, addr));
	CHECK(!page_test(page, PG_exclusive));
	CHECK_EQ(atomic_read(&page->_mapcount), 2);
	CHECK(!entry_write(entry_of(s.mm, addr)) && !entry_write(entry_of(child, addr)));
	mmput(child);
	space_end(&s);
}

TEST("a-child-has-not-used-what-its-parent-has")
{
	struct space s = space_touched(2);
	struct mm_struct *child = mm_fork(s.mm);

	CHECK(pte_young(__pte(entry_of(s.mm, AT))));
	CHECK(!pte_young(__pte(entry_of(child, AT))));
	CHECK(pte_dirty_novma(__pte(entry_of(child, AT))));
	run_on(0, child);
	CHECK_EQ(peek(AT), 1);
	CHECK(pte_young(__pte(entry_of(child, AT))));
	CHECK(!pte_young(__pte(entry_of(child, AT + PAGE_SIZE))));
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

TEST("last-owner-reuses-the-page-and-makes-it-exclusive")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), frame, copies;

	poke(addr, 1);
	frame = frame_of(s.mm, addr);
	mmput(mm_fork(s.mm));
	copies = events(VM_EVENT_COW_COPY);
	poke(addr, 2);
	CHECK_EQ(frame_of(s.mm, addr), frame);
	CHECK_EQ(events(VM_EVENT_COW_COPY), copies);
	CHECK(page_test(pfn_to_page(frame), PG_exclusive));
	space_end(&s);
}

TEST("mprotect-asks-only-whether-a-page-is-exclusive-never-makes-it-so")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), reuses;

	poke(addr, 1);
	mmput(mm_fork(s.mm));
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, RW), 0);
	CHECK(!entry_write(entry_of(s.mm, addr)));
	reuses = events(VM_EVENT_COW_REUSE);
	poke(addr, 2);
	CHECK_EQ(events(VM_EVENT_COW_REUSE), reuses + 1);
	space_end(&s);
}

TEST("a-page-that-somebody-else-references-is-copied-not-reused")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), frame;

	poke(addr, 1);
	frame = frame_of(s.mm, addr);
	get_page(pfn_to_page(frame));
	mmput(mm_fork(s.mm));
	poke(addr, 2);
	CHECK(frame_of(s.mm, addr) != frame);
	CHECK_EQ(*(u64 *)frame_ptr(frame), 1);
	put_page(pfn_to_page(frame));
	space_end(&s);
}

TEST("grandchildren-see-what-was-there-at-their-fork")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	struct mm_struct *child, *grandchild;

	poke(addr, 1);
	child = mm_fork(s.mm);
	run_on(0, child);
	poke(addr, 2);
	grandchild = mm_fork(child);
	poke(addr, 3);
	run_on(0, grandchild);
	CHECK_EQ(peek(addr), 2);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr), 1);
	mmput(child);
	run_on(0, grandchild);
	CHECK_EQ(peek(addr), 2);
	run_on(0, s.mm);
	mmput(grandchild);
	space_end(&s);
}

TEST("fork-keeps-mappings-depth-and-layout")
{
	struct space s = space_start(3, 5, 1);
	struct mm_struct *child;

	map(s.mm, 1ul << 50, 0x1000, RW, ANON | MAP_FIXED);
	CHECK_EQ(mm_levels(s.mm), 5);
	poke(1ul << 50, 77);
	CHECK_EQ(mm_brk(s.mm, 0x10002000), 0x10002000);
	child = mm_fork(s.mm);
	CHECK_EQ(mm_levels(child), 5);
	CHECK_EQ(child->map_count, s.mm->map_count);
	CHECK_EQ(child->brk, s.mm->brk);
	run_on(0, child);
	CHECK_EQ(peek(1ul << 50), 77);
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

/* ---- shared memory ---- */

TEST("shared-memory-stays-shared-over-fork")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, MAP_SHARED | MAP_ANONYMOUS);
	struct mm_struct *child;

	poke(addr, 1);
	child = mm_fork(s.mm);
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
	poke(addr + PAGE_SIZE, 2);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr + PAGE_SIZE), 2);
	mmput(child);
	space_end(&s);
}

TEST("a-peak-of-shared-memory-is-remembered")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 64 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS);

	for (unsigned long i = 0; i < 64; i++)
		poke(addr + i * PAGE_SIZE, i);
	CHECK_EQ(mm_munmap(s.mm, addr, 64 * PAGE_SIZE), 0);
	CHECK_EQ(mm_rss(s.mm, MM_SHMEMPAGES), 0);
	CHECK(mm_hiwater_rss(s.mm) >= 64);
	space_end(&s);
}

TEST("dontneed-on-shared-memory-loses-nothing")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);

	poke(addr, 8);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x1000, MADV_DONTNEED), 0);
	CHECK_EQ(entry_of(s.mm, addr), 0);
	CHECK_EQ(peek(addr), 8);
	CHECK_EQ(mm_rss(s.mm, MM_SHMEMPAGES), 1);
	space_end(&s);
}

/* A file whose page n is full of n + 1. */
static int read_numbers(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	memset(folio_address(folio), (int)folio->page.index + 1, PAGE_SIZE);
	return 0;
}
static bool released;
static void note_release(struct address_space *mapping) { (void)mapping; released = true; }
static const struct address_space_ops number_ops = { .read_folio = read_numbers,
						     .release = note_release };

TEST("private-file-mapping-reads-the-file-and-copies-on-write")
{
	struct space s = space_start(3, 4, 1);
	static struct address_space file;
	const struct mmap_source source = { .mapping = &file };
	unsigned long addr;
	char c;

	mapping_init(&file, &number_ops, NULL, 2 * PAGE_SIZE + 100);
	addr = (unsigned long)mm_mmap(s.mm, 0, 4 * PAGE_SIZE, RW, MAP_PRIVATE, &source, 0);
	CHECK_EQ(peek(addr), 0x0101010101010101);
	CHECK_EQ(peek(addr + 2 * PAGE_SIZE), 0x0303030303030303);
	poke(addr, 5);
	poke(addr + PAGE_SIZE, 6);		/* written without a read before */
	CHECK_EQ(peek(addr + PAGE_SIZE + 8), 0x0202020202020202);
	CHECK_EQ(filemap_read(&file, 0, &c, 1), 1);
	CHECK_EQ(c, 1);
	CHECK_EQ(sim_user_write(addr + 3 * PAGE_SIZE, 1), SIGBUS);
	CHECK_EQ(sim_last_signal.code, BUS_ADRERR);
	mapping_put(&file);
	CHECK(!released);
	space_end(&s);
	CHECK(released);
}

TEST("shared-mapping-of-a-read-only-file-cannot-become-writable")
{
	struct space s = space_start(3, 4, 1);
	static struct address_space file;
	const struct mmap_source source = { .mapping = &file, .read_only = true };
	long addr;

	mapping_init(&file, &number_ops, NULL, PAGE_SIZE);
	CHECK_EQ(mm_mmap(s.mm, 0, PAGE_SIZE, RW, MAP_SHARED, &source, 0), -EACCES);
	addr = mm_mmap(s.mm, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, &source, 0);
	CHECK_EQ(mm_mprotect(s.mm, (unsigned long)addr, PAGE_SIZE, RW), -EACCES);
	CHECK_EQ(mm_mmap(s.mm, 0, PAGE_SIZE, RW, MAP_PRIVATE, &source, 0) < 0, 0);
	mapping_put(&file);
	space_end(&s);
}

/* ---- the stack ---- */

TEST("stack-grows-to-its-limit-and-not-beyond")
{
	struct space s = space_start(3, 4, 1);
	unsigned long top = s.mm->start_stack;

	poke(top - (1 << 20), 1);
	poke(top - (8 << 20), 2);
	CHECK_EQ(sim_user_write(top - (8 << 20) - 8, 3), SIGSEGV);
	CHECK_EQ(peek(top - (1 << 20)), 1);
	space_end(&s);
}

TEST("stack-keeps-its-guard-gap-from-the-mapping-below")
{
	struct space s = space_start(3, 4, 1);
	unsigned long top = s.mm->start_stack, below = top - (4 << 20);

	map(s.mm, below, 0x1000, RW, ANON | MAP_FIXED);
	poke(below + 0x1000 + STACK_GUARD_GAP, 1);
	CHECK_EQ(sim_user_write(below + STACK_GUARD_GAP, 1), SIGSEGV);
	CHECK_EQ(sim_user_write(below + 0x1000, 1), SIGSEGV);
	space_end(&s);
}

TEST("mmap-keeps-clear-of-the-guard-gap")
{
	struct space s = space_start(3, 4, 1);
	unsigned long low = vma_find(s.mm, s.mm->start_stack - 1)->vm_start;
	unsigned long got = map(s.mm, low - PAGE_SIZE, PAGE_SIZE, RW, ANON);

	CHECK(got + PAGE_SIZE <= low - STACK_GUARD_GAP);
	space_end(&s);
}

/* ---- populate, access from the kernel ---- */

TEST("populate-leaves-nothing-to-fault")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x10000, RW, ANON | MAP_POPULATE),
		      before = events(VM_EVENT_FAULT);

	for (int i = 0; i < 16; i++)
		poke(addr + i * PAGE_SIZE, 1);
	CHECK_EQ(events(VM_EVENT_FAULT), before);
	space_end(&s);
}

TEST("mm-access-copies-across-pages-and-stops-at-what-is-forbidden")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0x40000000, 0x2000, RW, ANON | MAP_FIXED);
	char text[] = "over the edge", back[sizeof(text)];

	CHECK_EQ(mm_access(s.mm, addr + 0xffa, text, sizeof(text), true), sizeof(text));
	CHECK_EQ(mm_access(s.mm, addr + 0xffa, back, sizeof(back), false), sizeof(back));
	CHECK(!memcmp(text, back, sizeof(text)));
	CHECK_EQ(mm_access(s.mm, addr + 0x1ffa, text, sizeof(text), true), 6);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	CHECK_EQ(mm_access(s.mm, addr, text, 4, true), 0);
	space_end(&s);
}

TEST("tables-of-an-unmapped-range-are-freed")
{
	struct space s = space_start(4, 4, 1);
	long tables = atomic_long_read(&s.mm->table_frames);
	unsigned long addr = map(s.mm, 0x5000000000, 8 << 20, RW, ANON | MAP_FIXED);

	for (int i = 0; i < 4; i++)
		poke(addr + i * PMD_SIZE, 1);
	CHECK_EQ(atomic_long_read(&s.mm->table_frames), tables + 6);
	CHECK_EQ(mm_munmap(s.mm, addr + 3 * PMD_SIZE, PMD_SIZE), 0);
	CHECK_EQ(atomic_long_read(&s.mm->table_frames), tables + 5);
	CHECK_EQ(mm_munmap(s.mm, addr, 3 * PMD_SIZE), 0);
	CHECK_EQ(atomic_long_read(&s.mm->table_frames), tables);
	space_end(&s);
}

TEST("a-table-stays-for-a-mapping-that-goes-on-in-the-next-one")
{
	struct space s = space_untouched(1);
	unsigned long above = AT + PMD_SIZE - PAGE_SIZE;

	map(s.mm, above, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(above, 1);
	poke(above + PAGE_SIZE, 2);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK_EQ(peek(above), 1);
	CHECK_EQ(peek(above + PAGE_SIZE), 2);
	space_end(&s);
}

TEST("a-table-that-another-mapping-shares-stays")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	map(s.mm, 0x40002000, 0x1000, RW, ANON | MAP_FIXED);
	poke(0x40000000, 1);
	poke(0x40002000, 2);
	CHECK_EQ(mm_munmap(s.mm, 0x40000000, 0x1000), 0);
	CHECK_EQ(peek(0x40002000), 2);
	space_end(&s);
}

/* ---- the kernel's own looks ---- */

TEST("the-kernel-reads-a-page-and-leaves-it")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);
	u64 value = 0;

	poke(addr + 8, 7);
	CHECK_EQ(mm_access(s.mm, addr + 8, &value, sizeof(value), false), sizeof(value));
	CHECK_EQ(value, 7);
	CHECK_EQ(folio_ref_count(page_folio(pfn_to_page(frame_of(s.mm, addr)))), 1);
	CHECK_EQ(mm_access(s.mm, addr + 0xffc, &value, sizeof(value), false), 4);
	space_end(&s);
}

TEST("msync-says-where-nothing-is-mapped")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON);

	CHECK_EQ(mm_msync(s.mm, addr, 0x2000, MS_SYNC), 0);
	CHECK_EQ(mm_msync(s.mm, addr, 0x2000, MS_SYNC | MS_ASYNC), -EINVAL);
	CHECK_EQ(mm_msync(s.mm, addr + 1, 0x1000, MS_SYNC), -EINVAL);
	CHECK_EQ(mm_munmap(s.mm, addr + 0x1000, 0x1000), 0);
	CHECK_EQ(mm_msync(s.mm, addr, 0x2000, MS_SYNC), -ENOMEM);
	space_end(&s);
}
