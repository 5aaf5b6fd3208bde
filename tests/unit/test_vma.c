/* Mappings: the tree, merge and split, holes, and mmap's choice of addresses. */
#include "tests/unit/space.h"

static unsigned long subtree_gap(const struct vm_area_struct *vma)
{
	return vma ? vma->subtree_gap : 0;
}

/* Every mapping in order, not overlapping, with right gaps; their number. */
static unsigned int check_tree(struct mm_struct *mm)
{
	unsigned int n = 0;
	unsigned long last = 0, pages = 0, text = 0, stack = 0, data = 0;

	for (struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma), n++) {
		unsigned long gap = vma->vm_start - last, below;

		CHECK(vma->vm_start < vma->vm_end && vma->vm_start >= last);
		if (vma->vm_flags & VM_GROWSDOWN)
			gap = gap > STACK_GUARD_GAP ? gap - STACK_GUARD_GAP : 0;
		CHECK_EQ(vma->gap, gap);
		below = max(subtree_gap(RB_LEFT(vma, rb)), subtree_gap(RB_RIGHT(vma, rb)));
		CHECK_EQ(vma->subtree_gap, max(gap, below));
		CHECK(vma_lookup(mm, vma->vm_start) == vma &&
		      vma_lookup(mm, vma->vm_end - 1) == vma);
		last = vma->vm_end;
		pages += vma_pages(vma);
		text += is_exec_mapping(vma->vm_flags) ? vma_pages(vma) : 0;
		stack += vma->vm_flags & VM_GROWSDOWN ? vma_pages(vma) : 0;
		data += is_data_mapping(vma->vm_flags) ? vma_pages(vma) : 0;
	}
	CHECK_EQ(mm->map_count, n);
	CHECK_EQ(mm->total_vm, pages);
	CHECK_EQ(mm->exec_vm, text);
	CHECK_EQ(mm->stack_vm, stack);
	CHECK_EQ(mm->data_vm, data);
	CHECK(mm->hiwater_vm >= pages);
	return n;
}

static unsigned int maps(struct mm_struct *mm)
{
	return check_tree(mm) - 1;	/* without the stack */
}

TEST("neighbours-with-equal-flags-merge")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	map(s.mm, 0x40002000, 0x1000, RW, ANON | MAP_FIXED);
	CHECK_EQ(maps(s.mm), 2);
	map(s.mm, 0x40001000, 0x1000, RW, ANON | MAP_FIXED);
	CHECK_EQ(maps(s.mm), 1);
	CHECK_EQ(vma_lookup(s.mm, 0x40000000)->vm_end, 0x40003000);
	space_end(&s);
}

TEST("the-most-that-was-ever-mapped-is-kept")
{
	struct space s = space_start(3, 4, 1);
	unsigned long before = s.mm->total_vm;

	map(s.mm, 0x40000000, 0x8000, PROT_READ | PROT_EXEC, ANON | MAP_FIXED);
	CHECK_EQ(s.mm->exec_vm, 8);
	CHECK_EQ(mm_munmap(s.mm, 0x40002000, 0x4000), 0);
	maps(s.mm);
	CHECK_EQ(s.mm->exec_vm, 4);
	CHECK_EQ(s.mm->hiwater_vm, before + 8);
	map(s.mm, 0x50000000, 0x3000, RW, ANON | MAP_FIXED);
	CHECK_EQ(s.mm->hiwater_vm, before + 8);
	map(s.mm, 0x60000000, 0x3000, RW, ANON | MAP_FIXED);
	CHECK_EQ(s.mm->hiwater_vm, before + 10);
	space_end(&s);
}

TEST("neighbours-with-other-flags-stay-apart")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	map(s.mm, 0x40001000, 0x1000, PROT_READ, ANON | MAP_FIXED);
	map(s.mm, 0x40002000, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK_EQ(maps(s.mm), 3);
	space_end(&s);
}

TEST("munmap-in-the-middle-splits")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x5000, RW, ANON);

	for (int i = 0; i < 5; i++)
		poke(addr + i * PAGE_SIZE, i + 1);
	CHECK_EQ(mm_munmap(s.mm, addr + 0x2000, 0x1000), 0);
	CHECK_EQ(maps(s.mm), 2);
	CHECK_EQ(peek(addr + 0x1000), 2);
	CHECK_EQ(peek(addr + 0x3000), 4);
	CHECK_EQ(sim_user_write(addr + 0x2000, 1), SIGSEGV);
	space_end(&s);
}

TEST("munmap-trims-both-ends-without-a-new-structure")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, ANON);

	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	CHECK_EQ(mm_munmap(s.mm, addr + 0x3000, 0x1000), 0);
	CHECK_EQ(maps(s.mm), 1);
	CHECK_EQ(vma_lookup(s.mm, addr + 0x1000)->vm_start, addr + 0x1000);
	space_end(&s);
}

TEST("munmap-over-several-mappings-and-holes")
{
	struct space s = space_start(3, 4, 1);

	for (int i = 0; i < 8; i += 2)
		map(s.mm, 0x40000000 + i * 0x1000ul, 0x1000, RW, ANON | MAP_FIXED);
	CHECK_EQ(mm_munmap(s.mm, 0x40001000, 0x5000), 0);
	CHECK_EQ(maps(s.mm), 2);
	CHECK_EQ(mm_munmap(s.mm, 0x30000000, 0x20000000), 0);
	CHECK_EQ(maps(s.mm), 0);
	space_end(&s);
}

TEST("split-and-merge-keep-the-offset-in-the-file")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, MAP_SHARED | MAP_ANONYMOUS);
	struct vm_area_struct *vma;

	for (int i = 0; i < 4; i++)
		poke(addr + i * PAGE_SIZE, i + 1);
	CHECK_EQ(mm_mprotect(s.mm, addr + 0x1000, 0x1000, PROT_READ), 0);
	CHECK_EQ(maps(s.mm), 3);
	vma = vma_lookup(s.mm, addr + 0x2000);
	CHECK_EQ(vma->vm_pgoff, 2);
	CHECK_EQ(mm_munmap(s.mm, addr, 0x1000), 0);
	CHECK_EQ(vma_lookup(s.mm, addr + 0x1000)->vm_pgoff, 1);
	CHECK_EQ(mm_mprotect(s.mm, addr + 0x1000, 0x1000, RW), 0);
	CHECK_EQ(maps(s.mm), 1);
	CHECK_EQ(peek(addr + 0x1000), 2);
	CHECK_EQ(peek(addr + 0x3000), 4);
	space_end(&s);
}

/* ---- random changes against a plain model ---- */

#define MODEL_PAGES 256

TEST("random-maps-and-unmaps-agree-with-a-model")
{
	struct space s = space_start(3, 4, 1);
	unsigned char model[MODEL_PAGES] = { 0 };	/* 0 free, else protection + 1 */
	const unsigned long base = 0x40000000;
	unsigned int seed = 12345;

	for (int round = 0; round < 3000; round++) {
		unsigned int at, n, what;

		seed = seed * 1103515245 + 12345;
		at = seed >> 8 & (MODEL_PAGES - 1);
		n = min((seed >> 17 & 15) + 1, MODEL_PAGES - at);
		what = seed >> 28 & 3;
		if (what == 3) {
			CHECK_EQ(mm_munmap(s.mm, base + at * PAGE_SIZE, n * PAGE_SIZE), 0);
			memset(model + at, 0, n);
		} else {
			map(s.mm, base + at * PAGE_SIZE, n * PAGE_SIZE, what ? RW : PROT_READ,
			    ANON | MAP_FIXED);
			memset(model + at, what ? RW + 1 : PROT_READ + 1, n);
		}
		if (round % 50 == 0)
			check_tree(s.mm);
	}
	check_tree(s.mm);
	for (unsigned int i = 0; i < MODEL_PAGES; i++) {
		struct vm_area_struct *vma = vma_lookup(s.mm, base + i * PAGE_SIZE);

		CHECK_EQ(vma ? (vma->vm_flags & 7) + 1 : 0, model[i]);
	}
	space_end(&s);
}

TEST("unmapped-area-agrees-with-a-scan-of-all-holes")
{
	struct space s = space_start(3, 4, 1);
	unsigned int seed = 99;

	for (int round = 0; round < 400; round++) {
		unsigned long len, got, best = 0, last = 0;
		unsigned long limit = 0x60000000, min_addr = 0x20000000;

		seed = seed * 1103515245 + 12345;
		map(s.mm, 0x20000000 + (seed >> 4 & 0x3ffff) * PAGE_SIZE,
		    (seed >> 24 & 63) * PAGE_SIZE + PAGE_SIZE, RW, ANON | MAP_FIXED);
		len = (seed >> 10 & 0xfff) * PAGE_SIZE + PAGE_SIZE;
		got = vma_unmapped_area(s.mm, len, min_addr, limit);
		for (struct vm_area_struct *vma = vma_first(s.mm); vma; vma = vma_next(vma)) {
			unsigned long from = max(last, min_addr), to = min(vma->vm_start, limit);

			if (to > from && to - from >= len)
				best = to - len;
			last = vma->vm_end;
		}
		CHECK_EQ(IS_ERR_VALUE(got) ? 0 : got, best);
	}
	space_end(&s);
}

/* ---- addresses that mmap chooses and refuses ---- */

TEST("unhinted-mmap-goes-downward-below-the-stack-and-its-gap")
{
	struct space s = space_start(3, 4, 1);
	unsigned long a = map(s.mm, 0, 0x1000, RW, ANON),
		      b = map(s.mm, 0, 0x1000, PROT_READ, ANON);

	CHECK(a < s.mm->start_stack - (128ul << 20));
	CHECK_EQ(b, a - 0x1000);
	CHECK_EQ(mm_levels(s.mm), 3);
	space_end(&s);
}

TEST("hint-is-taken-when-free-and-ignored-when-not")
{
	struct space s = space_start(3, 4, 1);

	CHECK_EQ(map(s.mm, 0x50000000, 0x1000, RW, ANON), 0x50000000);
	CHECK(map(s.mm, 0x50000000, 0x1000, RW, ANON) != 0x50000000);
	CHECK_EQ(map(s.mm, 0x51000123, 0x1000, RW, ANON), 0x51000000);
	space_end(&s);
}

TEST("a-hint-that-is-taken-and-above-4-levels-finds-another-place-there")
{
	const unsigned long high = levels_reach(4);
	struct space s = space_start(3, 5, 1);

	CHECK_EQ(map(s.mm, high, 0x1000, RW, ANON), high);
	CHECK(map(s.mm, high, 0x1000, PROT_READ, ANON) > high);
	space_end(&s);
}

TEST("what-fits-nowhere-below-comes-between-the-mappings-and-the-stack")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x10000, s.mm->mmap_base - 0x10000, PROT_NONE, ANON | MAP_FIXED);
	CHECK(map(s.mm, 0, 0x1000, RW, ANON) > s.mm->mmap_base);
	CHECK_EQ(mm_levels(s.mm), 3);
	space_end(&s);
}

TEST("a-source-without-pages-is-anonymous-memory")
{
	const struct mmap_source zero = { 0 };
	struct space s = space_start(3, 4, 1);
	long addr = mm_mmap(s.mm, 0, 0x1000, RW, MAP_PRIVATE, &zero, 0);

	CHECK(vma_is_anonymous(vma_lookup(s.mm, (unsigned long)addr)));
	poke((unsigned long)addr, 1);
	space_end(&s);
}

TEST("fixed-noreplace-refuses-what-is-mapped")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, 0x50000000, 0x2000, RW, ANON | MAP_FIXED_NOREPLACE);
	CHECK_EQ(mm_mmap(s.mm, 0x50001000, 0x1000, RW, ANON | MAP_FIXED_NOREPLACE, NULL, 0),
		 -EEXIST);
	CHECK_EQ(map(s.mm, 0x50002000, 0x1000, RW, ANON | MAP_FIXED_NOREPLACE), 0x50002000);
	space_end(&s);
}

TEST("mmap-refuses-bad-arguments")
{
	struct space s = space_start(3, 4, 1);

	CHECK_EQ(mm_mmap(s.mm, 0, 0, RW, ANON, NULL, 0), -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 0, ~0ul, RW, ANON, NULL, 0), -ENOMEM);
	CHECK_EQ(mm_mmap(s.mm, 0, 1ul << 60, RW, ANON, NULL, 0), -ENOMEM);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, MAP_ANONYMOUS, NULL, 0), -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, NULL, 0),
		 -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 0x123, 0x1000, RW, ANON | MAP_FIXED, NULL, 0), -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 1ul << 47, 0x1000, RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, ANON, NULL, ~0ul), -EOVERFLOW);
	CHECK_EQ(mm_mmap(s.mm, 0, 1ul << 40, RW, ANON, NULL, 0), -ENOMEM);
	CHECK(!IS_ERR_VALUE(mm_mmap(s.mm, 0, 1ul << 36, RW, ANON | MAP_NORESERVE, NULL, 0)));
	space_end(&s);
}

TEST("munmap-refuses-bad-arguments")
{
	struct space s = space_start(3, 4, 1);

	CHECK_EQ(mm_munmap(s.mm, 0x123, 0x1000), -EINVAL);
	CHECK_EQ(mm_munmap(s.mm, 0x1000, 0), -EINVAL);
	CHECK_EQ(mm_munmap(s.mm, 0x1000, ~0ul), -EINVAL);
	CHECK_EQ(mm_munmap(s.mm, 1ul << 47, 0x1000), -EINVAL);
	CHECK_EQ(mm_munmap(s.mm, 0x40000000, 0x1000), 0);
	space_end(&s);
}

TEST("brk-grows-shrinks-and-stops-at-a-mapping")
{
	struct space s = space_start(3, 4, 1);
	long start = mm_brk(s.mm, 0);

	CHECK_EQ(start, 0x10000000);
	CHECK_EQ(mm_brk(s.mm, 0x10000800), 0x10000800);
	poke(0x10000000, 7);
	CHECK_EQ(mm_brk(s.mm, 0x10003000), 0x10003000);
	CHECK_EQ(maps(s.mm), 1);
	poke(0x10002000, 8);
	CHECK_EQ(mm_brk(s.mm, 0x10001000), 0x10001000);
	CHECK_EQ(sim_user_write(0x10002000, 1), SIGSEGV);
	CHECK_EQ(peek(0x10000000), 7);
	map(s.mm, 0x10010000, 0x1000, RW, ANON | MAP_FIXED);
	CHECK_EQ(mm_brk(s.mm, 0x10020000), 0x10001000);
	CHECK_EQ(mm_brk(s.mm, 0x0fffffff), 0x10001000);
	space_end(&s);
}

TEST("map-count-limit-holds-and-loses-nothing")
{
	struct space s = space_start(3, 4, 1);

	s.mm->map_count += MAX_MAP_COUNT - 2;	/* as if so many were there */
	map(s.mm, 0x40000000, 0x3000, RW, ANON | MAP_FIXED);
	CHECK_EQ(mm_munmap(s.mm, 0x40001000, 0x1000), -ENOMEM);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, PROT_READ, ANON, NULL, 0), -ENOMEM);
	s.mm->map_count -= MAX_MAP_COUNT - 2;
	CHECK_EQ(maps(s.mm), 1);
	poke(0x40001000, 1);
	space_end(&s);
}
