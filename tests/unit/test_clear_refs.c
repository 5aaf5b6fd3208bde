/* clear_refs: what was used and written to is forgotten, and noticed again. */
#include "mm/gup.h"
#include "tests/unit/space.h"

static bool soft_dirty(struct mm_struct *mm, unsigned long addr)
{
	return pte_soft_dirty(__pte(entry_of(mm, addr)));
}

static bool young(struct mm_struct *mm, unsigned long addr)
{
	return pte_young(__pte(entry_of(mm, addr)));
}

TEST("a-write-is-soft-dirty-until-it-is-forgotten")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON);

	poke(addr, 5);
	poke(addr + 0x1000, 6);
	CHECK(soft_dirty(s.mm, addr));
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK(!soft_dirty(s.mm, addr) && !soft_dirty(s.mm, addr + 0x1000));
	CHECK(pte_dirty_novma(__pte(entry_of(s.mm, addr))));
	CHECK_EQ(peek(addr), 5);
	CHECK(!soft_dirty(s.mm, addr));
	poke(addr, 7);
	CHECK(soft_dirty(s.mm, addr) && !soft_dirty(s.mm, addr + 0x1000));
	space_end(&s);
}

TEST("mprotect-does-not-hide-a-write-from-soft-dirty")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON);

	poke(addr, 5);
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, PROT_READ), 0);
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x1000, RW), 0);
	CHECK(!soft_dirty(s.mm, addr));
	poke(addr, 6);
	CHECK(soft_dirty(s.mm, addr));
	space_end(&s);
}

static void write_as_debugger(struct mm_struct *mm, unsigned long addr)
{
	u64 value = 7;

	CHECK_EQ(access_remote_vm(mm, addr, &value, sizeof(value), FOLL_WRITE | FOLL_FORCE),
		 sizeof(value));
}

/* Whatever the mapping allows: no fault of the program's comes before it. */
TEST("what-a-debugger-writes-is-soft-dirty")
{
	struct space s = space_touched(2);

	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	for (unsigned long addr = AT; addr < AT + 2 * PAGE_SIZE; addr += PAGE_SIZE) {
		CHECK(!soft_dirty(s.mm, addr));
		write_as_debugger(s.mm, addr);
		CHECK(soft_dirty(s.mm, addr));
		CHECK_EQ(peek(addr), 7);
	}
	CHECK_EQ(sim_user_write(AT, 1), SIGSEGV);
	space_end(&s);
}

TEST("shared-memory-is-tracked-too")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);

	poke(addr, 5);
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK(!soft_dirty(s.mm, addr));
	poke(addr, 6);
	CHECK(soft_dirty(s.mm, addr));
	CHECK_EQ(peek(addr), 6);
	space_end(&s);
}

TEST("use-is-forgotten-by-kind")
{
	struct space s = space_start(3, 4, 1);
	unsigned long anon = map(s.mm, 0, 0x1000, RW, ANON);
	unsigned long shared = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);

	poke(anon, 1);
	poke(shared, 2);
	mm_clear_refs(s.mm, CLEAR_REFS_ANON);
	CHECK(!young(s.mm, anon) && young(s.mm, shared));
	CHECK_EQ(peek(anon), 1);
	CHECK(young(s.mm, anon));
	mm_clear_refs(s.mm, CLEAR_REFS_MAPPED);
	CHECK(young(s.mm, anon) && !young(s.mm, shared));
	mm_clear_refs(s.mm, CLEAR_REFS_ALL);
	CHECK(!young(s.mm, anon) && !young(s.mm, shared));
	space_end(&s);
}
