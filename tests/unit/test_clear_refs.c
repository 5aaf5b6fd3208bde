/* clear_refs: what was used and written to is forgotten, and noticed again. */
#include "mm/gup.h"
#include "tests/unit/space.h"

static bool soft_dirty(struct mm_struct *mm, unsigned long addr)
{
	return pte_soft_dirty(__pte(entry_of(mm, addr)));
}

/* All of it counts as written to, pages that are not there as well. */
static bool is_new(struct mm_struct *mm, unsigned long addr)
{
	return vma_lookup(mm, addr)->vm_flags & VM_SOFTDIRTY;
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

/* The fault that maps the page for a reader must leave the first write to be seen. */
TEST("so-is-shared-memory-that-was-not-mapped-when-all-was-forgotten")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);

	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(peek(addr), 0);
	CHECK(!soft_dirty(s.mm, addr));
	poke(addr, 6);
	CHECK(soft_dirty(s.mm, addr));
	space_end(&s);
}

TEST("a-new-mapping-is-soft-dirty-until-it-is-forgotten")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, PROT_READ, ANON);
	unsigned long shared = map(s.mm, 0, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS);

	CHECK_EQ(mm_brk(s.mm, 0x10001000), 0x10001000);
	CHECK(is_new(s.mm, addr) && is_new(s.mm, shared) && is_new(s.mm, 0x10000000));
	CHECK(is_new(s.mm, s.mm->start_stack - 1));
	mm_clear_refs(s.mm, CLEAR_REFS_ALL);
	CHECK(is_new(s.mm, addr));
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK(!is_new(s.mm, addr) && !is_new(s.mm, shared) && !is_new(s.mm, 0x10000000));
	CHECK(!is_new(s.mm, s.mm->start_stack - 1));
	space_end(&s);
}

/* What is below, above, and between. */
TEST("a-mapping-that-a-new-one-joins-is-soft-dirty-again")
{
	static const unsigned long at[] = { AT, AT + 0x4000, AT + 0x3000, AT + 0x1000,
					    AT + 0x2000 };
	struct space s = space_start(3, 4, 1);

	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
		map(s.mm, at[i], 0x1000, RW, ANON | MAP_FIXED);
		CHECK(is_new(s.mm, at[i]));
	}
	CHECK_EQ(vma_lookup(s.mm, AT)->vm_end, AT + 0x5000);
	CHECK(is_new(s.mm, AT));
	CHECK_EQ(mm_brk(s.mm, 0x10001000), 0x10001000);
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(mm_brk(s.mm, 0x10002000), 0x10002000);
	CHECK(is_new(s.mm, 0x10000000));
	space_end(&s);
}

/* Where mprotect makes neighbours equal: the new one above the old, and below. */
TEST("merged-mappings-are-soft-dirty-if-one-was")
{
	struct space s = space_start(3, 4, 1);

	for (unsigned long old = AT; old < AT + 0x2000; old += 0x1000) {
		const unsigned long new = 2 * AT + 0x1000 - old;

		map(s.mm, old, 0x1000, RW, ANON | MAP_FIXED);
		mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
		map(s.mm, new, 0x1000, PROT_READ, ANON | MAP_FIXED);
		CHECK(!is_new(s.mm, old));
		CHECK_EQ(mm_mprotect(s.mm, new, 0x1000, RW), 0);
		CHECK_EQ(vma_lookup(s.mm, AT)->vm_end, AT + 0x2000);
		CHECK(is_new(s.mm, AT));
		CHECK_EQ(mm_munmap(s.mm, AT, 0x2000), 0);
	}
	space_end(&s);
}

TEST("parts-of-a-mapping-are-as-new-as-it-was")
{
	struct space s = space_untouched(2);

	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	CHECK(is_new(s.mm, AT) && is_new(s.mm, AT + PAGE_SIZE));
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK(!is_new(s.mm, AT + PAGE_SIZE));
	space_end(&s);
}

TEST("a-child's-mappings-are-as-new-as-its-parent's")
{
	struct space s = space_untouched(1);
	struct mm_struct *child;

	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	map(s.mm, AT + 0x2000, 0x1000, RW, ANON | MAP_FIXED);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK(!is_new(child, AT) && is_new(child, AT + 0x2000));
	mmput(child);
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
