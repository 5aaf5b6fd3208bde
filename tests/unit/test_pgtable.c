/* The page-table helpers, every protection and depth, and what the folding promises. */
#include "tests/unit/space.h"
#include "mm/pagewalk.h"

#define EACH_PROTECTION(n, words) \
	TEST("entry-helpers-hold-for-protection-" words) \
	{ \
		sim_boot(&(struct sim_config){ 0 }); \
		CHECK(selftest_entries(n) > 100); \
		CHECK(selftest_live_entries(n) >= 14); \
	}

EACH_PROTECTION(0, "none-private")
EACH_PROTECTION(1, "r-private")
EACH_PROTECTION(2, "w-private")
EACH_PROTECTION(3, "rw-private")
EACH_PROTECTION(4, "x-private")
EACH_PROTECTION(5, "rx-private")
EACH_PROTECTION(6, "wx-private")
EACH_PROTECTION(7, "rwx-private")
EACH_PROTECTION(8, "none-shared")
EACH_PROTECTION(9, "r-shared")
EACH_PROTECTION(10, "w-shared")
EACH_PROTECTION(11, "rw-shared")
EACH_PROTECTION(12, "x-shared")
EACH_PROTECTION(13, "rx-shared")
EACH_PROTECTION(14, "wx-shared")
EACH_PROTECTION(15, "rwx-shared")

TEST("folding-invariant-holds-for-3-levels")
{
	sim_boot(&(struct sim_config){ 0 });
	CHECK(selftest_fold(3) > 1000);
}

TEST("folding-invariant-holds-for-4-levels")
{
	sim_boot(&(struct sim_config){ 0 });
	CHECK(selftest_fold(4) > 1000);
}

TEST("folding-invariant-holds-for-5-levels")
{
	sim_boot(&(struct sim_config){ .hw_levels = 5 });
	CHECK(selftest_fold(5) > 1000);
}

TEST("reach-is-2-to-the-39-47-and-56")
{
	CHECK_EQ(levels_reach(3), 1ul << 39);
	CHECK_EQ(levels_reach(4), 1ul << 47);
	CHECK_EQ(levels_reach(5), 1ul << 56);
}

/* ---- the software walk, the page walker and the MMU agree ---- */

static int count_pages(struct page_walk *walk, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	struct pte_slot slot = pte_offset_lock(pmdp, addr);

	CHECK(slot.ptep);
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++)
		if (pte_present(ptep_get(slot.ptep)))
			++*(unsigned long *)walk->private;
	pte_unlock(slot);
	return 0;
}

static int add_hole(struct page_walk *walk, unsigned long addr, unsigned long end)
{
	((unsigned long *)walk->private)[1] += end - addr;
	return 0;
}

static const struct walk_ops count_ops = { .pte_range = count_pages, .hole = add_hole };

static void walk_agrees(unsigned int levels, unsigned int hw)
{
	static const unsigned long edges[] = { 1ul << 21, 1ul << 30, 1ul << 39, 1ul << 48 };
	struct space s = space_start(levels, hw, 1);
	unsigned long found[2], addr, at;
	phys_addr_t phys;

	for (unsigned int i = 0; i < ARRAY_SIZE(edges) && edges[i] < levels_reach(levels); i++) {
		addr = map(s.mm, edges[i] - PAGE_SIZE, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
		poke(addr, i);
		poke(addr + PAGE_SIZE, i + 100);
		for (at = addr; at < addr + 2 * PAGE_SIZE; at += PAGE_SIZE) {
			CHECK_EQ(sim_translate(at, SIM_READ, &phys), 0);
			CHECK_EQ(phys >> PAGE_SHIFT, frame_of(s.mm, at));
		}
		found[0] = found[1] = 0;
		mmap_write_lock(s.mm);
		CHECK_EQ(walk_page_range(s.mm, addr > PMD_SIZE ? addr - PMD_SIZE : 0,
					 addr + PMD_SIZE, &count_ops, found), 0);
		mmap_write_unlock(s.mm);
		CHECK_EQ(found[0], 2);
	}
	space_end(&s);
}

TEST("walker-table-walk-and-mmu-agree-at-3-levels") { walk_agrees(3, 4); }
TEST("walker-table-walk-and-mmu-agree-at-4-levels-own-root") { walk_agrees(4, 4); }
TEST("walker-table-walk-and-mmu-agree-at-3-levels-under-5") { walk_agrees(3, 5); }
TEST("walker-table-walk-and-mmu-agree-at-4-levels-under-5") { walk_agrees(4, 5); }
TEST("walker-table-walk-and-mmu-agree-at-5-levels") { walk_agrees(5, 5); }

TEST("walker-reports-holes-of-an-empty-tree-whole")
{
	struct space s = space_start(4, 4, 1);
	unsigned long found[2] = { 0, 0 };

	mmap_write_lock(s.mm);
	CHECK_EQ(walk_page_range(s.mm, 0x1000, 0x7000000000, &count_ops, found), 0);
	mmap_write_unlock(s.mm);
	CHECK_EQ(found[0], 0);
	CHECK_EQ(found[1], 0x7000000000 - 0x1000);
	space_end(&s);
}

TEST("walker-sees-nothing-beyond-the-reach")
{
	struct space s = space_start(3, 4, 1);
	unsigned long found[2] = { 0, 0 }, addr = map(s.mm, 0, PAGE_SIZE, RW, ANON);

	poke(addr, 1);
	mmap_write_lock(s.mm);
	/* The masked index of these addresses is that of the page. */
	CHECK_EQ(walk_page_range(s.mm, addr + (1ul << 39), addr + (1ul << 39) + PAGE_SIZE,
				 &count_ops, found), 0);
	mmap_write_unlock(s.mm);
	CHECK_EQ(found[0] + found[1], 0);
	CHECK(!mm_pmd_find(s.mm, addr + (1ul << 39)));
	space_end(&s);
}

TEST("a-walk-for-a-report-notes-real-levels-only")
{
	struct space s = space_start(3, 5, 1);
	unsigned long addr = map(s.mm, 0, PAGE_SIZE, RW, ANON);
	struct table_walk w;

	poke(addr, 1);
	w = table_walk(mm_fold(s.mm), addr);
	CHECK_EQ(w.lowest, 1);
	CHECK(!w.entry[5] && !w.entry[4]);
	CHECK(entry_table(w.entry[3]) && entry_table(w.entry[2]));
	CHECK_EQ(w.entry[1], entry_of(s.mm, addr));
	CHECK_EQ(table_walk(mm_fold(s.mm), addr - (1ul << 30)).lowest, 3);
	CHECK_EQ(table_walk(mm_fold(s.mm), 1ul << 40).lowest, 0);
	space_end(&s);
}

TEST("pte-table-made-by-another-cpu-is-used-and-ours-given-back")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0x40000000, PAGE_SIZE, RW, ANON);
	pmd_t *pmdp = mm_pmd_alloc(s.mm, addr);
	long tables;

	CHECK_EQ(pte_table_alloc(s.mm, pmdp, 0x40000000), 0);
	tables = atomic_long_read(&s.mm->table_frames);
	CHECK_EQ(pte_table_alloc(s.mm, pmdp, 0x40000000), 0);
	CHECK_EQ(atomic_long_read(&s.mm->table_frames), tables);
	space_end(&s);
}
