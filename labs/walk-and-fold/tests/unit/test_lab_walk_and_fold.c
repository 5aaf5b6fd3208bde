/*
 * What the lab "walk-and-fold" is graded by on the simulator: each case judges one behaviour. The
 * trees are built by hand, so that a mistake in one place shows there and not everywhere.
 */
#include "mm/buddy.h"
#include "tests/unit/space.h"

static const unsigned int depths[] = { 3, 4, 5 };
#define EACH_DEPTH(fold) \
	for (unsigned int d_ = 0; d_ < ARRAY_SIZE(depths); d_++) \
		for (fold_t fold = { depths[d_] }, *once_ = &fold; once_; once_ = NULL)

/* ---- none, bad, leaf ---- */

static const u64 values[] = {
	0, ~0ul, 0xdead0000, _PAGE_PROTNONE, _PAGE_PRESENT | _PAGE_PSE, 0x5000 | _PAGE_TABLE,
};

TEST("a-folded-level-says-present-table-of-any-value")
{
	EACH_DEPTH(fold) {
		for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
			pgd_t pgd = __pgd(values[i]);
			p4d_t p4d = __p4d(values[i]);

			if (p4d_folded(fold))
				CHECK(!pgd_none(fold, pgd) && !pgd_bad(fold, pgd) &&
				      !pgd_leaf(fold, pgd));
			if (pud_folded(fold))
				CHECK(!p4d_none(fold, p4d) && !p4d_bad(fold, p4d) &&
				      !p4d_leaf(fold, p4d));
		}
	}
}

TEST("a-real-level-gives-the-entry's-own-answer")
{
	EACH_DEPTH(fold) {
		for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
			u64 v = values[i];
			bool none = entry_none(v), bad = !none && !entry_table(v);

			if (!p4d_folded(fold)) {
				CHECK_EQ(pgd_none(fold, __pgd(v)), none);
				CHECK_EQ(pgd_bad(fold, __pgd(v)), bad);
				CHECK_EQ(pgd_leaf(fold, __pgd(v)), entry_leaf(v, 5));
			}
			if (!pud_folded(fold)) {
				CHECK_EQ(p4d_none(fold, __p4d(v)), none);
				CHECK_EQ(p4d_bad(fold, __p4d(v)), bad);
				CHECK_EQ(p4d_leaf(fold, __p4d(v)), entry_leaf(v, 4));
			}
		}
	}
}

/* ---- the slot one level down ---- */

TEST("a-folded-level-hands-its-pointer-on")
{
	pgd_t pgd = __pgd(0x5000 | _PAGE_TABLE);
	p4d_t p4d = __p4d(0x5000 | _PAGE_TABLE);

	sim_boot(&(struct sim_config){ .hw_levels = 5 });
	EACH_DEPTH(fold) {
		for (unsigned long addr = 0; addr < 8ul << 39; addr += 3ul << 29) {
			if (p4d_folded(fold))
				CHECK((u64 *)p4d_offset_lockless(fold, &pgd, pgd, addr) ==
				      &pgd.val);
			if (pud_folded(fold))
				CHECK((u64 *)pud_offset_lockless(fold, &p4d, p4d, addr) ==
				      &p4d.val);
		}
	}
}

TEST("a-real-level-follows-the-value-that-was-read")
{
	const unsigned long addr = 3ul << 48 | 5ul << 39 | 7ul << 30;
	unsigned long read, now;
	pgd_t pgd;
	p4d_t p4d;

	sim_boot(&(struct sim_config){ .hw_levels = 5 });
	read = page_to_pfn(alloc_page(GFP_ZERO));
	now = page_to_pfn(alloc_page(GFP_ZERO));
	pgd = __pgd(entry_make_table(now));	/* another CPU has changed the entry since */
	p4d = __p4d(entry_make_table(now));
	CHECK((u64 *)p4d_offset_lockless((fold_t){ 5 }, &pgd, __pgd(entry_make_table(read)),
					 addr) == (u64 *)frame_ptr(read) + 5);
	CHECK((u64 *)pud_offset_lockless((fold_t){ 5 }, &p4d, __p4d(entry_make_table(read)),
					 addr) == (u64 *)frame_ptr(read) + 7);
	CHECK((u64 *)pud_offset_lockless((fold_t){ 4 }, &p4d, __p4d(entry_make_table(read)),
					 addr) == (u64 *)frame_ptr(read) + 7);
}

/* ---- steps ---- */

TEST("the-loop-of-a-folded-level-runs-once")
{
	static const unsigned long ends[] = { 1ul << 12, 1ul << 30, 3ul << 30,
					      1ul << 39, 5ul << 39, 1ul << 50 };

	EACH_DEPTH(fold) {
		for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
			if (p4d_folded(fold))
				CHECK_EQ(p4d_addr_end(fold, ends[i] / 2, ends[i]), ends[i]);
			if (pud_folded(fold))
				CHECK_EQ(pud_addr_end(fold, ends[i] / 2, ends[i]), ends[i]);
		}
	}
}

TEST("a-real-level-steps-by-its-entries")
{
	const unsigned long g = 1ul << 30, t = 1ul << 39, end = 9ul << 48;

	CHECK_EQ(p4d_addr_end((fold_t){ 5 }, t - PAGE_SIZE, end), t);
	CHECK_EQ(p4d_addr_end((fold_t){ 5 }, t, end), 2 * t);
	CHECK_EQ(p4d_addr_end((fold_t){ 5 }, t, t + PAGE_SIZE), t + PAGE_SIZE);
	for (unsigned int levels = 4; levels <= 5; levels++) {
		CHECK_EQ(pud_addr_end((fold_t){ levels }, g - PAGE_SIZE, end), g);
		CHECK_EQ(pud_addr_end((fold_t){ levels }, g, end), 2 * g);
		CHECK_EQ(pud_addr_end((fold_t){ levels }, g, g + PAGE_SIZE), g + PAGE_SIZE);
	}
}

/* ---- trees ---- */

static struct space s;

/*
 * A program with that many levels, of at most 5, on CPU 0; the first call builds the machine. What
 * the programs before leave behind is of no interest here.
 */
static void start(unsigned int levels, unsigned int cpus)
{
	if (!s.mm) {
		s = space_start(levels, 5, cpus);
		return;
	}
	s.mm = mm_alloc(levels);
	CHECK(s.mm);
	run_on(0, s.mm);
}

/* A tree made by hand: below the root one table of each level, on the way to addr. */
static u64 *slots[6];		/* slots[level] is the entry for addr */
static struct page *made[6];

static void build(unsigned int levels, unsigned long addr)
{
	unsigned long pfn;

	start(levels, 1);
	pfn = fold_table(mm_fold(s.mm));
	for (unsigned int level = levels; level >= 1; level--) {
		slots[level] = (u64 *)frame_ptr(pfn) + (addr >> (12 + 9 * (level - 1)) & 511);
		if (level == 1)
			break;
		CHECK(entry_none(*slots[level]));
		made[level] = alloc_page(GFP_ZERO);
		pfn = page_to_pfn(made[level]);
		*slots[level] = entry_make_table(pfn);
	}
	*slots[1] = pte_mkspecial(pfn_pte(page_to_pfn(zero_page), protection_map(1))).val;
}

/* An address that has another index at each level of the tree. */
static unsigned long address(unsigned int levels)
{
	const unsigned long addr = 1ul << 48 | 2ul << 39 | 3ul << 30 | 4ul << 21 | 5ul << 12;

	return addr & (levels_reach(levels) - 1);
}

TEST("find-finds-the-slot-at-each-depth")
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		build(levels, address(levels));
		CHECK((u64 *)mm_pmd_find(s.mm, address(levels)) == slots[2]);
		CHECK((u64 *)mm_pmd_find(s.mm, address(levels) + PMD_SIZE) == slots[2] + 1);
	}
}

TEST("find-makes-nothing")
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		long tables;
		unsigned long free;

		build(levels, address(levels));
		tables = atomic_long_read(&s.mm->table_frames);
		free = frames_free();
		for (unsigned int level = 3; level <= levels; level++)
			CHECK(!mm_pmd_find(s.mm,
					   address(levels) + (1ul << (12 + 9 * (level - 1)))));
		CHECK_EQ(atomic_long_read(&s.mm->table_frames), tables);
		CHECK_EQ(frames_free(), free);
	}
}

TEST("find-looks-at-nothing-beyond-the-reach")
{
	for (unsigned int levels = 3; levels <= 4; levels++) {
		build(levels, address(levels));
		/* The masked index of these addresses is that of the page. */
		CHECK(!mm_pmd_find(s.mm, address(levels) + levels_reach(levels)));
		CHECK(!mm_pmd_find(s.mm, address(levels) + 2 * levels_reach(levels)));
	}
}

TEST("find-takes-no-leaf-for-a-table")
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		for (unsigned int level = 3; level <= levels; level++) {
			build(levels, address(levels));
			*slots[level] = page_to_pfn(zero_page) << PAGE_SHIFT | _PAGE_PRESENT |
					_PAGE_PSE;
			CHECK(!mm_pmd_find(s.mm, address(levels)));
		}
	}
}

TEST("a-walk-notes-every-real-level-once")
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		struct table_walk w;

		build(levels, address(levels));
		w = table_walk(mm_fold(s.mm), address(levels));
		CHECK_EQ(w.lowest, 1);
		CHECK_EQ(fold_levels(w.fold), levels);
		for (unsigned int level = 1; level <= 5; level++)
			CHECK_EQ(w.entry[level], level <= levels ? *slots[level] : 0);
	}
}

TEST("a-walk-stops-where-nothing-or-a-leaf-is")
{
	for (unsigned int levels = 3; levels <= 5; levels++) {
		for (unsigned int level = 2; level <= levels; level++) {
			u64 leaf = page_to_pfn(zero_page) << PAGE_SHIFT | _PAGE_PRESENT |
				   _PAGE_PSE;

			build(levels, address(levels));
			*slots[level] = 0;
			CHECK_EQ(table_walk(mm_fold(s.mm), address(levels)).lowest, level);
			if (level > 3)
				continue;
			*slots[level] = leaf;
			CHECK_EQ(table_walk(mm_fold(s.mm), address(levels)).lowest, level);
			CHECK_EQ(table_walk(mm_fold(s.mm), address(levels)).entry[level], leaf);
		}
	}
}

TEST("a-walk-beyond-the-reach-notes-nothing")
{
	for (unsigned int levels = 3; levels <= 4; levels++) {
		struct table_walk w;

		build(levels, address(levels));
		CHECK_EQ(table_walk(mm_fold(s.mm), address(levels)).lowest, 1);
		w = table_walk(mm_fold(s.mm), address(levels) + levels_reach(levels));
		CHECK_EQ(w.lowest, 0);
		for (unsigned int level = 1; level <= 5; level++)
			CHECK_EQ(w.entry[level], 0);
	}
}

/* ---- unfolding ---- */

static int unfold(unsigned int levels)
{
	int err;

	mmap_write_lock(s.mm);
	err = mm_unfold(s.mm, levels);
	mmap_write_unlock(s.mm);
	return err;
}

static void check_top(unsigned int from, unsigned int to, unsigned long old_table)
{
	unsigned long pfn = fold_table(mm_fold(s.mm));

	CHECK_EQ(mm_levels(s.mm), to);
	for (unsigned int level = to; level > from; level--) {
		u64 *table = frame_ptr(pfn);

		CHECK(entry_table(table[0]));
		for (unsigned int i = 1; i < 256; i++)
			CHECK_EQ(table[i], 0);
		pfn = entry_pfn(table[0]);
	}
	CHECK_EQ(pfn, old_table);
}

TEST("unfolding-puts-the-old-tree-below-entry-0")
{
	static const struct { unsigned int from, to; } ways[] = { { 3, 4 }, { 4, 5 }, { 3, 5 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		unsigned long old, tables;

		start(ways[i].from, 1);
		old = fold_table(mm_fold(s.mm));
		tables = (unsigned long)atomic_long_read(&s.mm->table_frames);
		CHECK_EQ(unfold(ways[i].to), 0);
		check_top(ways[i].from, ways[i].to, old);
		CHECK_EQ(atomic_long_read(&s.mm->table_frames),
			 tables + ways[i].to - ways[i].from);
	}
}

TEST("unfolding-to-the-same-depth-changes-nothing")
{
	unsigned long root;

	start(3, 1);
	CHECK_EQ(unfold(4), 0);
	root = s.mm->root;
	CHECK_EQ(unfold(4), 0);
	CHECK_EQ(s.mm->root, root);
}

TEST("the-top-of-all-levels-has-the-kernel's-half")
{
	const u64 *top, *other;

	start(3, 1);
	other = frame_ptr(fold_table(mm_fold(mm_alloc(5))));
	CHECK_EQ(unfold(5), 0);
	top = frame_ptr(fold_table(mm_fold(s.mm)));
	for (unsigned int i = 256; i < 512; i++)
		CHECK_EQ(top[i], other[i]);
}

TEST("unfolding-loads-the-new-root-here-and-on-the-other-cpus")
{
	start(3, 3);
	run_on(1, s.mm);
	run_on(2, s.mm);
	run_on(2, NULL);		/* lazily */
	run_on(0, s.mm);
	CHECK_EQ(unfold(4), 0);
	CHECK_EQ(sim_root(0), s.mm->root);
	CHECK_EQ(sim_root(1), s.mm->root);
	CHECK(sim_root(2) == 0 || sim_root(2) == s.mm->root);
	CHECK_EQ(mm_levels(s.mm), 4);
}

TEST("memory-old-and-new-is-reached-on-every-cpu-after-unfolding")
{
	unsigned long low, high = 5ul << 39;

	start(3, 2);
	low = map(s.mm, 0x40000000, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(low, 1);
	run_on(1, s.mm);
	CHECK_EQ(peek(low), 1);
	run_on(0, s.mm);
	map(s.mm, high, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(high, 2);
	CHECK_EQ(peek(low), 1);
	run_on(1, s.mm);
	CHECK_EQ(peek(high), 2);
	poke(low, 3);
	run_on(0, s.mm);
	CHECK_EQ(peek(low), 3);
}

static bool unfold_or_fail(void)
{
	unsigned long root = s.mm->root;
	int err = unfold(5);

	CHECK(!err || err == -ENOMEM);
	CHECK(!err || s.mm->root == root);
	return !err;
}

/* An address space does not fold back: another one takes its place. */
static void start_again(void)
{
	run_on(0, NULL);
	mmput(s.mm);
	s.mm = mm_alloc(3);
	run_on(0, s.mm);
}

TEST("an-unfolding-without-memory-changes-nothing-and-keeps-nothing")
{
	start(3, 1);
	CHECK_EQ(unit_fail_each(unfold_or_fail, start_again), 2);
}

TEST("everything-is-given-back-after-unfolding")
{
	start(3, 1);
	CHECK_EQ(unfold(5), 0);
	CHECK_EQ(mm_levels(s.mm), 5);
	space_end(&s);
}
