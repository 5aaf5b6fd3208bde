/*
 * Random ranges over random maps, at each depth and across the border of each kind of table:
 * the lockless walk and the slow path find the same pages, and these are what the program's
 * own loads and stores reach. One span below each border lie decoys, where an index that is
 * cut off, or a pointer that has gone one entry too far, leads to; and leaves above the pte
 * level lie among the rest.
 *
 *	SEED=N build/sim/test_gup_oracle
 */
#include <stdio.h>
#include <stdlib.h>
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/rmap.h"
#include "tests/fuzz/random.h"
#include "tests/unit/space.h"

#define LOW	(1ul << 30)	/* below it lie the program's heap and nothing else */
#define HALF	16ul		/* pages of a window on each side of its border */
#define WINDOWS	4
#define ROUNDS	60		/* maps at each depth */
#define RANGES	100		/* on each of them */
#define MOST	24ul		/* pages of a range */

static struct page *fast[MOST], *slow[MOST];
static u64 state, seed;
static unsigned long found;	/* pages, over all ranges */

/* Where it happened; all of it follows from the seed. */
static struct {
	unsigned long round, range, start, nr;
	unsigned int levels, foll;
} now;

#define AGREE(cond) do { \
	if (!(cond)) \
		unit_fail(__FILE__, __LINE__, \
			  "SEED=%lu, %u levels, map %lu, range %lu, %lu pages from %#lx, flags %#x: %s", \
			  (unsigned long)seed, now.levels, now.round, now.range, now.nr, \
			  now.start, now.foll, #cond); \
} while (0)

static unsigned long below(unsigned long n) { return random_below(&state, n); }

/* ---- maps ---- */

/* A leaf at level 2 or 3, put there by hand: nothing in the kernel makes one yet. */
struct leaf {
	u64 *slot;		/* NULL: none */
	u64 before;
	unsigned long addr, span;
	struct folio *folio;
};

struct map {
	struct mm_struct *mm;
	unsigned long window[WINDOWS];
	struct mm_struct *child;	/* shares the pages; NULL */
	struct leaf leaf;
};

/* Touched pages get contents of their own, so that no two frames look alike. */
static void fill(unsigned long start, unsigned long pages)
{
	for (unsigned long addr = start; addr < start + pages * PAGE_SIZE; addr += PAGE_SIZE) {
		u64 value;

		switch (below(8)) {
		case 0: break;
		case 1: CHECK_EQ(sim_user_read(addr, &value), 0); break;
		default: poke(addr, addr ^ 0x5a5a5a); break;
		}
	}
}

/* Up to a hole that an earlier window has left, if there is one. */
static void protect(struct mm_struct *mm, unsigned long start, int prot)
{
	long ret = mm_mprotect(mm, start, HALF * PAGE_SIZE, prot);

	CHECK(ret == 0 || ret == -ENOMEM);
}

/* Now and then a part of it is a hole, or may be used less. */
static void damage(struct mm_struct *mm, unsigned long start)
{
	switch (below(5)) {
	case 0: CHECK_EQ(mm_munmap(mm, start + below(2 * HALF) * PAGE_SIZE, PAGE_SIZE), 0); break;
	case 1: protect(mm, start, PROT_READ); break;
	case 2: protect(mm, start + HALF * PAGE_SIZE, PROT_NONE); break;
	default: break;
	}
}

static void make_window(struct mm_struct *mm, unsigned long start)
{
	map(mm, start, 2 * HALF * PAGE_SIZE, RW, ANON | MAP_FIXED);
	fill(start, 2 * HALF);
}

/* Where programs end: the reach, or a page below it. */
static unsigned long end_of(const struct mm_struct *mm)
{
	return min(levels_reach(mm_levels(mm)), task_size_max());
}

/* A border of a table of some level, or the end of the tree, or where its indices begin anew. */
static unsigned long random_border(struct mm_struct *mm)
{
	const unsigned long reach = levels_reach(mm_levels(mm));
	unsigned int level = 2 + (unsigned int)below(mm_levels(mm));
	unsigned long span, n;

	if (level > mm_levels(mm))
		return below(2) || reach >= task_size_max() ? end_of(mm) - HALF * PAGE_SIZE :
							      reach + 2 * LOW;
	span = level_span(level);
	n = reach / span - 1;
	return LOW < span ? span * (1 + below(min(n, 6ul))) : LOW + span * (1 + below(6));
}

/* One span of each level from that one on below it. */
static void make_decoys(struct mm_struct *mm, unsigned long start, unsigned int level)
{
	const unsigned long reach = levels_reach(mm_levels(mm));

	if (start >= reach) {
		make_window(mm, start - reach);
		return;
	}
	for (; level <= mm_levels(mm); level++)
		if (start >= level_span(level) + LOW)
			make_window(mm, start - level_span(level));
}

/* ---- leaves ---- */

static void make_folio(struct leaf *leaf, unsigned int order)
{
	leaf->folio = folio_alloc(GFP_KERNEL | GFP_ZERO, order);
	CHECK(leaf->folio);
	for (unsigned long i = 0; i < 1ul << order; i++)
		*(u64 *)page_address(folio_page(leaf->folio, i)) = 0x600000 + i;
}

static void put_leaf(struct mm_struct *mm, struct leaf *leaf, unsigned int level,
		     unsigned long pfn, bool writable)
{
	const u64 prot = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY |
			 (writable ? _PAGE_RW : 0);

	leaf->before = entry_get(leaf->slot);
	spin_lock(&mm->page_table_lock);
	set_upper(mm, leaf->addr, level, leaf->slot, pfn_pmd(pfn, __pgprot(prot)).val);
	spin_unlock(&mm->page_table_lock);
	flush_tlb_range(mm, leaf->addr, leaf->addr + leaf->span);
}

static void remove_leaf(struct map *m)
{
	struct leaf *leaf = &m->leaf;
	unsigned int level = leaf->span == level_span(3) ? 3 : 2;

	if (!leaf->slot)
		return;
	spin_lock(&m->mm->page_table_lock);
	set_upper(m->mm, leaf->addr, level, leaf->slot, leaf->before);
	spin_unlock(&m->mm->page_table_lock);
	flush_tlb_range(m->mm, leaf->addr, leaf->addr + leaf->span);
	CHECK_EQ(folio_ref_count(leaf->folio), 1);
	folio_put(leaf->folio);
	leaf->slot = NULL;
}

/* 2 MiB of one folio above a border, small pages below it: the window lies across. */
static void make_pmd_leaf(struct map *m, unsigned long border)
{
	struct leaf *leaf = &m->leaf;
	bool writable = below(2);

	make_folio(leaf, 9);
	leaf->addr = border;
	leaf->span = level_span(2);
	map(m->mm, border, leaf->span, writable ? RW : PROT_READ, ANON | MAP_FIXED);
	leaf->slot = &mm_pmd_alloc(m->mm, border)->val;
	CHECK(entry_none(entry_get(leaf->slot)));
	put_leaf(m->mm, leaf, 2, folio_pfn(leaf->folio), writable);
}

/* 1 GiB that maps frame n at its page n: its window is where the folio's frames are. */
static void make_pud_leaf(struct map *m, unsigned long at)
{
	struct leaf *leaf = &m->leaf;
	bool writable = below(2);
	struct table_walk walk;

	make_folio(leaf, 5);
	leaf->addr = at;
	leaf->span = level_span(3);
	map(m->mm, at + folio_pfn(leaf->folio) * PAGE_SIZE, 2 * HALF * PAGE_SIZE,
	    writable ? RW : PROT_READ, ANON | MAP_FIXED);
	CHECK(mm_pmd_alloc(m->mm, at));
	walk = table_walk(mm_fold(m->mm), at);
	leaf->slot = table_slot(mm_levels(m->mm) == 3 ? fold_table(walk.fold) :
							entry_pfn(walk.entry[4]), at, 3);
	put_leaf(m->mm, leaf, 3, 0, writable);
	for (int i = 0; i < WINDOWS; i++)
		m->window[i] = at + folio_pfn(leaf->folio) * PAGE_SIZE;
}

/* ---- a range, three ways ---- */

static void put(struct page **pages, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		put_grabbed_page(pages[i], now.foll & FOLL_PIN ? FOLL_PIN : FOLL_GET);
}

/*
 * The page that was found is the one that the program's access reaches; storing what is
 * there changes nothing.
 */
static void check_access(struct page *page, unsigned long addr)
{
	u64 value, seen = READ_ONCE(*page_word(page, 0));

	AGREE(sim_user_read(addr, &value) == 0);
	AGREE(value == seen);
	if (!(now.foll & FOLL_WRITE))
		return;
	AGREE(sim_user_write(addr, seen + 1) == 0);
	AGREE(READ_ONCE(*page_word(page, 0)) == seen + 1);
	WRITE_ONCE(*page_word(page, 0), seen);
	AGREE(sim_user_read(addr, &value) == 0 && value == seen);
}

static void check_no_access(unsigned long addr)
{
	u64 value;

	AGREE((now.foll & FOLL_WRITE ? sim_user_write(addr, 1) :
				       sim_user_read(addr, &value)) != 0);
}

static long slow_path(struct mm_struct *mm, unsigned int more, struct page **pages)
{
	unsigned int flags = (now.foll & FOLL_WRITE) | more;

	return now.foll & FOLL_PIN ? pin_user_pages_unlocked(mm, now.start, now.nr, flags, pages)
				   : get_user_pages_unlocked(mm, now.start, now.nr, flags, pages);
}

/* What is there: fast = slow, but that the fast walk leaves the page of zeroes to the slow one. */
static void compare_present(struct mm_struct *mm)
{
	unsigned long end = now.start + now.nr * PAGE_SIZE, nf, ns, i;
	long ret;

	nf = end > now.start ? gup_fast_range(now.start, end, now.foll, fast) : 0;
	ret = slow_path(mm, FOLL_NOFAULT, slow);
	ns = ret < 0 ? 0 : (unsigned long)ret;
	AGREE(nf == ns || (nf < ns && slow[nf] == zero_page));
	for (i = 0; i < nf; i++)
		AGREE(fast[i] == slow[i]);
	put(slow, ns);
	for (i = 0; i < nf; i++)
		check_access(fast[i], now.start + i * PAGE_SIZE);
	put(fast, nf);
}

/* And with faults: as far as the program itself could go. */
static void compare_faulted(struct mm_struct *mm)
{
	unsigned int flags = now.foll & FOLL_WRITE;
	long ret = now.foll & FOLL_PIN ? pin_user_pages_fast(now.start, now.nr, flags, fast)
				       : get_user_pages_fast(now.start, now.nr, flags, fast);
	unsigned long n = ret < 0 ? 0 : (unsigned long)ret, i;

	AGREE(ret > 0 || ret == -EFAULT);
	found += n;
	if (n < now.nr)
		check_no_access(now.start + n * PAGE_SIZE);
	ret = slow_path(mm, 0, slow);
	AGREE(ret == (n ? (long)n : -EFAULT));
	for (i = 0; i < n; i++) {
		AGREE(fast[i] == slow[i]);
		check_access(fast[i], now.start + i * PAGE_SIZE);
	}
	put(slow, n);
	put(fast, n);
}

static void try_range(const struct map *m)
{
	unsigned long offset = below(2 * HALF);

	now.start = m->window[below(WINDOWS)] + offset * PAGE_SIZE;
	/* What leaves the space of programs is refused as a whole: test_gup.c. */
	now.nr = min(1 + below(MOST), (task_size_max() - now.start) >> PAGE_SHIFT);
	/* A leaf of 1 GiB maps all the memory that there is: only the window's belongs to it. */
	if (m->leaf.span == level_span(3))
		now.nr = min(now.nr, 2 * HALF - offset);
	now.foll = (below(2) ? FOLL_PIN : FOLL_GET) | (below(2) ? FOLL_WRITE : 0);
	compare_present(m->mm);
	compare_faulted(m->mm);
}

/* ---- rounds ---- */

static void make_map(struct map *m)
{
	for (int i = 0; i < WINDOWS; i++) {
		m->window[i] = random_border(m->mm) - HALF * PAGE_SIZE;
		make_decoys(m->mm, m->window[i], 2);
	}
	/* The windows last, over decoys that fell upon them. */
	for (int i = 0; i < WINDOWS; i++)
		if (m->window[i] < end_of(m->mm))
			make_window(m->mm, m->window[i]);
	for (int i = 0; i < WINDOWS; i++)
		if (m->window[i] < end_of(m->mm))
			damage(m->mm, m->window[i]);
	if (below(3) == 0) {
		m->child = mm_fork(m->mm);
		CHECK(!IS_ERR(m->child));
	}
}

static void drop_map(struct map *m)
{
	if (m->child)
		mmput(m->child);
	m->child = NULL;
	remove_leaf(m);
	CHECK_EQ(mm_munmap(m->mm, LOW / 2, end_of(m->mm) - LOW / 2), 0);
}

static void start(unsigned int levels)
{
	const char *given = getenv("SEED");

	seed = given ? strtoul(given, NULL, 0) : 1;
	state = random_state(seed * 8 + levels);
	now.levels = levels;
	printf("# SEED=%lu, %u levels\n", (unsigned long)seed, levels);
	fflush(stdout);
}

/* Ranges that find nothing would agree, too. */
static void end(struct space *s)
{
	CHECK(found > ROUNDS * RANGES * 2);
	CHECK(vm_events(VM_EVENT_GUP_FAST) > ROUNDS * RANGES);
	space_end(s);
}

static void ask(unsigned int levels)
{
	struct space s = space_start(levels, 5, 1);
	struct map m = { .mm = s.mm };

	start(levels);
	for (now.round = 0; now.round < ROUNDS; now.round++) {
		make_map(&m);
		for (now.range = 0; now.range < RANGES; now.range++)
			try_range(&m);
		drop_map(&m);
	}
	end(&s);
}

TEST("ranges-over-small-pages-fast-and-slow-and-by-loads-with-3-levels") { ask(3); }
TEST("ranges-over-small-pages-fast-and-slow-and-by-loads-with-4-levels") { ask(4); }
TEST("ranges-over-small-pages-fast-and-slow-and-by-loads-with-5-levels") { ask(5); }

/* All windows lie across the beginning of the leaf, and one across its end. */
static void ask_at_leaves(unsigned int levels)
{
	struct space s = space_start(levels, 5, 1);
	struct map m = { .mm = s.mm };

	start(levels);
	for (now.round = 0; now.round < ROUNDS; now.round++) {
		unsigned long border = LOW + level_span(2) * (1 + below(1000));

		for (int i = 0; i < WINDOWS; i++)
			m.window[i] = border - HALF * PAGE_SIZE;
		m.window[0] = border + level_span(2) - HALF * PAGE_SIZE;
		make_decoys(s.mm, m.window[0], 2);
		make_decoys(s.mm, m.window[1], 2);
		CHECK_EQ(mm_munmap(s.mm, border, level_span(2)), 0);
		make_window(s.mm, m.window[1] - HALF * PAGE_SIZE);
		make_window(s.mm, border + level_span(2));
		make_pmd_leaf(&m, border);
		for (now.range = 0; now.range < RANGES; now.range++)
			try_range(&m);
		drop_map(&m);
	}
	end(&s);
}

static void ask_in_1_gib(unsigned int levels)
{
	struct space s = space_start(levels, 5, 1);
	struct map m = { .mm = s.mm };

	start(levels);
	for (now.round = 0; now.round < ROUNDS; now.round++) {
		unsigned long at = level_span(3) * (2 + below(200));

		make_pud_leaf(&m, at);
		make_decoys(s.mm, m.window[0], 3);
		for (now.range = 0; now.range < RANGES; now.range++)
			try_range(&m);
		drop_map(&m);
	}
	end(&s);
}

TEST("ranges-in-a-leaf-of-the-pud-level-with-3-levels") { ask_in_1_gib(3); }
TEST("ranges-in-a-leaf-of-the-pud-level-with-4-levels") { ask_in_1_gib(4); }
TEST("ranges-in-a-leaf-of-the-pud-level-with-5-levels") { ask_in_1_gib(5); }
TEST("ranges-across-a-leaf-of-the-pmd-level-with-3-levels") { ask_at_leaves(3); }
TEST("ranges-across-a-leaf-of-the-pmd-level-with-4-levels") { ask_at_leaves(4); }
TEST("ranges-across-a-leaf-of-the-pmd-level-with-5-levels") { ask_at_leaves(5); }
