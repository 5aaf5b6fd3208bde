/* Promised memory: what counts, who gives it back, and what each of the three modes refuses. */
#include "tests/unit/space.h"

static long map_at(struct mm_struct *mm, unsigned long pages, int prot, int flags)
{
	return mm_mmap(mm, AT, pages * PAGE_SIZE, prot, flags | MAP_FIXED, NULL, 0);
}

/* Pages that have been promised since the last call. */
static long more(void)
{
	static unsigned long last;
	long n = (long)(vm_committed() - last);

	last = vm_committed();
	return n;
}

TEST("private-memory-that-can-be-written-to-is-promised")
{
	struct space s = space_start(3, 4, 1);

	more();
	CHECK_EQ(map_at(s.mm, 10, PROT_READ, ANON), AT);
	CHECK_EQ(more(), 0);
	CHECK_EQ(map_at(s.mm, 10, RW, ANON | MAP_NORESERVE), AT);
	CHECK_EQ(more(), 0);
	CHECK_EQ(map_at(s.mm, 10, RW, ANON), AT);
	CHECK_EQ(more(), 10);
	CHECK_EQ(mm_munmap(s.mm, AT + 3 * PAGE_SIZE, 4 * PAGE_SIZE), 0);
	CHECK_EQ(more(), -4);
	CHECK_EQ(map_at(s.mm, 5, RW, ANON), AT);	/* over three of the old ones */
	CHECK_EQ(more(), 2);
	space_end(&s);
}

TEST("mprotect-promises-what-can-be-written-to-for-the-first-time")
{
	struct space s = space_start(3, 4, 1);

	more();
	CHECK_EQ(map_at(s.mm, 10, PROT_NONE, ANON), AT);
	CHECK_EQ(mm_mprotect(s.mm, AT + PAGE_SIZE, 2 * PAGE_SIZE, RW), 0);
	CHECK_EQ(more(), 2);
	CHECK_EQ(mm_mprotect(s.mm, AT, 10 * PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(more(), 0);	/* it may have been written to meanwhile */
	CHECK_EQ(mm_mprotect(s.mm, AT, 10 * PAGE_SIZE, RW), 0);
	CHECK_EQ(more(), 8);
	CHECK_EQ(mm_munmap(s.mm, AT, 10 * PAGE_SIZE), 0);
	CHECK_EQ(more(), -10);
	space_end(&s);
}

TEST("the-break-and-the-stack-are-promised-as-they-grow")
{
	struct space s = space_start(3, 4, 1);
	long brk = mm_brk(s.mm, 0);
	unsigned long below = vma_find(s.mm, s.mm->start_stack - 1)->vm_start;

	more();
	CHECK_EQ(mm_brk(s.mm, (unsigned long)brk + 7 * PAGE_SIZE), brk + 7 * (long)PAGE_SIZE);
	CHECK_EQ(more(), 7);
	mm_brk(s.mm, (unsigned long)brk + 2 * PAGE_SIZE);
	CHECK_EQ(more(), -5);
	poke(below - 3 * PAGE_SIZE, 1);
	CHECK_EQ(more(), 3);
	space_end(&s);
}

TEST("a-child-is-promised-what-its-parent-was")
{
	struct space s = space_touched(10);
	const unsigned long all = vm_committed();
	struct mm_struct *child;

	map(s.mm, 0, 0x5000, PROT_READ, ANON);
	more();
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(more(), (long)all);
	mmput(child);
	CHECK_EQ(more(), -(long)all);
	space_end(&s);
}

TEST("shared-memory-is-promised-once-or-page-by-page")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;

	more();
	CHECK_EQ(map_at(s.mm, 10, PROT_READ, MAP_SHARED | MAP_ANONYMOUS), AT);
	CHECK_EQ(more(), 10);
	child = mm_fork(s.mm);
	CHECK_EQ(mm_munmap(s.mm, AT, 10 * PAGE_SIZE), 0);
	CHECK(more() > 0);	/* the child's stack */
	mmput(child);
	CHECK(more() < -9);
	CHECK_EQ(map_at(s.mm, 10, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE), AT);
	more();
	poke(AT + 4 * PAGE_SIZE, 1);
	poke(AT, 1);
	CHECK_EQ(more(), 2);
	CHECK_EQ(mm_munmap(s.mm, AT, 10 * PAGE_SIZE), 0);
	CHECK_EQ(more(), -2);
	space_end(&s);
}

TEST("what-fails-is-not-promised")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;

	CHECK_EQ(map_at(s.mm, 10, PROT_READ, ANON), AT);
	more();
	for (unsigned long n = 1; n < 4; n++) {
		fail_nth_set(n);
		mm_mmap(s.mm, AT + 0x100000, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
		mm_munmap(s.mm, AT + 0x100000, PAGE_SIZE);
		fail_nth_set(n);
		mm_mprotect(s.mm, AT + PAGE_SIZE, PAGE_SIZE, RW);
		fail_nth_set(n);
		child = mm_fork(s.mm);
		if (!IS_ERR(child))
			mmput(child);
		fail_nth_set(0);
		CHECK_EQ(mm_munmap(s.mm, AT, 10 * PAGE_SIZE), 0);
		CHECK_EQ(more(), 0);
		CHECK_EQ(map_at(s.mm, 10, PROT_READ, ANON), AT);
	}
	space_end(&s);
}

TEST("guessing-refuses-what-could-never-be-and-always-refuses-nothing")
{
	struct space s = space_start(3, 4, 1);
	const unsigned long all = frames_total();

	CHECK_EQ(overcommit.memory, OVERCOMMIT_GUESS);
	CHECK_EQ(map_at(s.mm, all + 1, RW, ANON), -ENOMEM);
	CHECK_EQ(map_at(s.mm, all + 1, RW, MAP_SHARED | MAP_ANONYMOUS), -ENOMEM);
	CHECK_EQ(map_at(s.mm, all + 1, RW, ANON | MAP_NORESERVE), AT);
	CHECK_EQ(map_at(s.mm, all, RW, ANON), AT);	/* as often as one likes */
	CHECK(!IS_ERR_VALUE(mm_mmap(s.mm, 0, all * PAGE_SIZE, RW, ANON, NULL, 0)));
	overcommit.memory = OVERCOMMIT_ALWAYS;
	CHECK_EQ(map_at(s.mm, all + 1, RW, ANON), AT);
	overcommit.memory = OVERCOMMIT_GUESS;
	space_end(&s);
}

/* The most that can be mapped at AT, in pages. */
static unsigned long most(struct mm_struct *mm, int flags)
{
	unsigned long lo = 0, hi = 2 * frames_total(), mid;

	while (lo < hi) {
		mid = (lo + hi + 1) / 2;
		if (map_at(mm, mid, RW, flags) == AT) {
			CHECK_EQ(mm_munmap(mm, AT, mid * PAGE_SIZE), 0);
			lo = mid;
		} else {
			hi = mid - 1;
		}
	}
	return lo;
}

TEST("the-limit-is-kept-and-some-of-it-for-root")
{
	struct space s = space_start(3, 4, 1);
	const unsigned long used = vm_committed();
	unsigned long root;

	overcommit.memory = OVERCOMMIT_NEVER;
	overcommit.ratio = 25;
	overcommit.user_reserve_kbytes = overcommit.admin_reserve_kbytes = 0;
	CHECK_EQ(vm_commit_limit(), frames_total() / 4);
	root = most(s.mm, ANON);
	CHECK_EQ(root + used + 1, vm_commit_limit());
	CHECK_EQ(map_at(s.mm, root, RW, ANON), AT);
	CHECK_EQ(map_at(s.mm, root, RW, ANON), AT);	/* what goes does not count */
	CHECK_EQ(map_at(s.mm, root + 1, RW, ANON), -ENOMEM);
	CHECK_EQ(map_at(s.mm, root - 1, RW, ANON), AT);
	CHECK_EQ(mm_munmap(s.mm, AT, root * PAGE_SIZE), 0);
	CHECK_EQ(vm_committed(), used);
	CHECK_EQ(most(s.mm, ANON | MAP_NORESERVE), root);	/* which it then ignores */
	CHECK_EQ(most(s.mm, MAP_SHARED | MAP_ANONYMOUS), root);
	overcommit.admin_reserve_kbytes = 400;
	CHECK_EQ(most(s.mm, ANON), root);
	s.mm->limits.admin = false;
	CHECK_EQ(most(s.mm, ANON), root - 100);
	overcommit.kbytes = 2000;
	CHECK_EQ(vm_commit_limit(), 500);
	CHECK_EQ(most(s.mm, ANON), 500 - 100 - used - 1);
	overcommit.user_reserve_kbytes = 4;	/* a page, as soon as 32 are mapped */
	CHECK_EQ(most(s.mm, ANON), 500 - 101 - used - 1);
	space_end(&s);
}
