/*
 * Self-test of the page-table helpers. The folding invariant (checked for 3, 4 and 5 levels):
 *
 *	within one table, ptr + 1 == offset(parent, next) for every step of every loop;
 *	the loop of a folded level runs exactly once, its offset returns the pointer that it was
 *	given, and its none, bad and leaf answer "a present table" whatever the entry says;
 *	the steps of all loops together cover [addr, end).
 */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"
#include "mm/rmap.h"

static unsigned long checks;

#define CHECK(cond) do { \
	checks++; \
	BUG_MSG(!(cond), "%s (line %d)", #cond, __LINE__); \
} while (0)

static unsigned long checks_since(unsigned long before)
{
	return checks - before;
}

/* ---- values ---- */

static void check_bits(pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	CHECK(pte_young(pte_mkyoung(pte)) && !pte_young(pte_mkold(pte)));
	CHECK(pte_dirty_novma(pte_mkdirty(pte)) && !pte_dirty_novma(pte_mkclean(pte)));
	CHECK(pte_soft_dirty(pte_mkdirty(pte)));
	CHECK(pte_write(pte_mkwrite_novma(pte)) && !pte_write(pte_wrprotect(pte)));
	/* Taking write permission away neither dirties nor cleans. */
	CHECK(pte_dirty_novma(pte_wrprotect(pte_mkdirty(pte))));
	CHECK(!pte_dirty_novma(pte_wrprotect(pte_mkclean(pte))));
	CHECK(!pte_dirty_novma(pte_mkwrite_novma(pte_mkclean(pte))));
	CHECK(pte_special(pte_mkspecial(pte)) && pte_pfn(pte_mkspecial(pte)) == pfn);
	CHECK(pte_soft_dirty(pte_mksoft_dirty(pte)) && !pte_soft_dirty(pte_clear_soft_dirty(pte)));
	CHECK(pte_uffd_wp(pte_mkuffd_wp(pte)) && !pte_uffd_wp(pte_clear_uffd_wp(pte)));
	CHECK(!pte_write(pte_mkuffd_wp(pte_mkwrite_novma(pte))));
	CHECK(pte_same(pte, pte) && !pte_same(pte_mkold(pte), pte_mkyoung(pte)));
	CHECK(pte_pfn(pte_mkdirty(pte_mkyoung(pte_mkwrite_novma(pte)))) == pfn);
}

static void check_protection(unsigned long vm_flags, pte_t pte)
{
	bool shared_write = (vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED);

	CHECK(pte_present(pte) && !pte_none(pte) && pte_user(pte));
	CHECK(pte_protnone(pte) == !(vm_flags & VM_ACCESS_FLAGS));
	CHECK(pte_accessible(pte) == !pte_protnone(pte));
	/* Private mappings never start writable: the write fault decides. */
	CHECK(pte_write(pte) == shared_write);
	CHECK(pte_exec(pte) == !!(vm_flags & VM_EXEC));
	CHECK(!pte_special(pte) && !pte_soft_dirty(pte) && !pte_uffd_wp(pte) &&
	      !pte_dirty_novma(pte));
}

/* mprotect's change of protection keeps the frame and what was noted about the page. */
static void check_modify(pte_t pte)
{
	pte_t noted = pte_mksoft_dirty(pte_mkdirty(pte_mkyoung(pte))), changed;

	for (unsigned long to = 0; to < 16; to++) {
		changed = pte_modify(noted, protection_map(to));
		CHECK(pte_pfn(changed) == pte_pfn(pte));
		CHECK(pte_young(changed) && pte_dirty_novma(changed) && pte_soft_dirty(changed));
		CHECK(pte_protnone(changed) == !(to & VM_ACCESS_FLAGS));
		CHECK(pte_exec(changed) == !!(to & VM_EXEC));
		CHECK(!pte_dirty_novma(pte_modify(pte_mkclean(pte), protection_map(to))));
	}
}

static void check_mapping_rules(unsigned long vm_flags, pte_t pte)
{
	struct vm_area_struct vma = { .vm_flags = vm_flags };

	CHECK(pte_write(pte_mkwrite(pte_wrprotect(pte), &vma)) == !!(vm_flags & VM_WRITE));
	CHECK(pte_dirty(pte_mkdirty(pte), &vma) && !pte_dirty(pte_mkclean(pte), &vma));
	if (!(vm_flags & VM_WRITE))
		CHECK(!pte_may_be_writable(&vma, pte));
}

unsigned long selftest_entries(unsigned long vm_flags)
{
	unsigned long before = checks, pfn = page_to_pfn(zero_page);
	pgprot_t prot = protection_map(vm_flags);
	pte_t pte = pfn_pte(pfn, prot);
	pmd_t leaf = pfn_pmd(pfn, prot);

	CHECK(pte_none(__pte(0)) && !pte_present(__pte(0)));
	CHECK(pte_pfn(pte) == pfn && pte_pfn(pfn_pte(PTE_PFN_MASK >> PAGE_SHIFT, prot)) ==
	      PTE_PFN_MASK >> PAGE_SHIFT);
	check_protection(vm_flags, pte);
	check_bits(pte);
	check_modify(pte);
	check_mapping_rules(vm_flags, pte);
	/* A huge leaf is never taken for a table, nor a table for a leaf. */
	CHECK(pmd_leaf(leaf) && pmd_bad(leaf) && pmd_present(leaf) && !pmd_none(leaf));
	CHECK(!pmd_leaf(pmd_mktable(pfn)) && !pmd_bad(pmd_mktable(pfn)) &&
	      pmd_pfn(pmd_mktable(pfn)) == pfn);
	CHECK(pmd_same(leaf, leaf) && !pmd_same(leaf, pmd_mktable(pfn)));
	CHECK(!entry_table(leaf.val) && entry_table(pmd_mktable(pfn).val));
	CHECK(entry_leaf(pte.val, 1) && !entry_leaf(pmd_mktable(pfn).val, 2));
	return checks_since(before);
}

/* ---- live entries ---- */

/* An address space whose one mapping covers all that its tree reaches. */
static struct mm_struct *test_mm(unsigned int levels)
{
	struct mm_struct *mm = mm_alloc(levels);
	struct vm_area_struct *vma = mm ? vma_alloc(mm, 0, levels_reach(levels), VM_READ) : NULL;

	if (!vma)
		boot_stop("There is not enough memory for the self-test of the page tables.");
	mmap_write_lock(mm);
	vma_link(vma);
	mmap_write_unlock(mm);
	return mm;
}

unsigned long selftest_live_entries(unsigned long vm_flags)
{
	const unsigned long addr = 0x40201000, before = checks;
	struct mm_struct *mm = test_mm(3);
	struct vm_area_struct vma = { .vm_flags = vm_flags | VM_WRITE };
	pte_t pte = pte_mkspecial(pfn_pte(page_to_pfn(zero_page), protection_map(vm_flags)));
	struct pte_slot slot;
	pmd_t *pmdp;

	CHECK(!mm_pmd_find(mm, addr));
	pmdp = mm_pmd_alloc(mm, addr);
	CHECK(pmdp && mm_pmd_find(mm, addr) == pmdp && pmd_none(pmdp_get(pmdp)));
	CHECK(!pte_offset_lock(pmdp, addr).ptep);
	CHECK(!pte_table_alloc(mm, pmdp, addr));
	CHECK(!pmd_bad(pmdp_get(pmdp)) && !pmd_none(pmdp_get(pmdp)));
	slot = pte_offset_lock(pmdp, addr);
	CHECK(slot.ptep && slot.ptl == pte_lockptr(pmdp_get(pmdp)) &&
	      pte_none(ptep_get(slot.ptep)));
	set_pte(mm, addr, slot.ptep, pte);
	CHECK(pte_same(ptep_get(slot.ptep), pte));
	ptep_upgrade(mm, addr, slot.ptep, pte_mkwrite(pte_mkyoung(pte_mkdirty(pte)), &vma));
	CHECK(pte_write(ptep_get(slot.ptep)) && pte_dirty_novma(ptep_get(slot.ptep)));
	ptep_upgrade(mm, addr, slot.ptep, pte_mkwrite(pte, &vma));
	CHECK(pte_dirty_novma(ptep_get(slot.ptep)));	/* an upgrade loses no D bit */
	ptep_set_wrprotect(mm, addr, slot.ptep);
	CHECK(!pte_write(ptep_get(slot.ptep)) && pte_dirty_novma(ptep_get(slot.ptep)));
	CHECK(pte_pfn(ptep_get_and_clear(mm, addr, slot.ptep)) == page_to_pfn(zero_page));
	CHECK(pte_none(ptep_get(slot.ptep)));
	set_pte(mm, addr, slot.ptep, pte);
	CHECK(pte_same(ptep_get_and_clear_dead(mm, addr, slot.ptep), pte) &&
	      pte_none(ptep_get(slot.ptep)));
	pte_unlock(slot);
	CHECK(atomic_long_read(&mm->table_frames) == 3);
	mmput(mm);
	return checks_since(before);
}

/* ---- stepping and folding ---- */

static void map_zero_page(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmdp = mm_pmd_alloc(mm, addr);
	struct pte_slot slot;

	if (!pmdp || (pmd_none(pmdp_get(pmdp)) && pte_table_alloc(mm, pmdp, addr)))
		boot_stop("There is not enough memory for the self-test of the page tables.");
	slot = pte_offset_lock(pmdp, addr);
	if (pte_none(ptep_get(slot.ptep)))
		set_pte(mm, addr, slot.ptep,
			pte_mkspecial(pfn_pte(page_to_pfn(zero_page), protection_map(1))));
	pte_unlock(slot);
}

/* What a folded level must say, also of a value that would be a leaf or garbage there. */
static void check_folded(fold_t fold, pgd_t *pgdp, p4d_t *p4dp, unsigned long addr)
{
	static const u64 values[] = { 0, ~0ul, _PAGE_PRESENT | _PAGE_PSE, _PAGE_PROTNONE,
				      0xdead0000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		pgd_t pgd = __pgd(values[i]);
		p4d_t p4d = __p4d(values[i]);

		if (p4d_folded(fold)) {
			CHECK(!pgd_none(fold, pgd) && !pgd_bad(fold, pgd) && !pgd_leaf(fold, pgd));
			CHECK((u64 *)p4d_offset_lockless(fold, pgdp, pgd, addr) == &pgdp->val);
		}
		if (pud_folded(fold)) {
			CHECK(!p4d_none(fold, p4d) && !p4d_bad(fold, p4d) && !p4d_leaf(fold, p4d));
			CHECK((u64 *)pud_offset_lockless(fold, p4dp, p4d, addr) == &p4dp->val);
		}
		/* The lowest sharer of the entry gives the entry's own answer. */
		CHECK(pud_none(fold, __pud(values[i])) == (values[i] == 0));
	}
}

static unsigned long walk_pmds(fold_t fold, pud_t *pudp, unsigned long addr, unsigned long end)
{
	unsigned long next, covered = 0;
	pud_t pud = pudp_get(pudp);
	pmd_t *pmdp = pmd_offset_lockless(fold, pudp, pud, addr);

	for (; addr != end; pmdp++, addr = next) {
		next = pmd_addr_end(addr, end);
		CHECK(next > addr && next - addr <= PMD_SIZE);
		CHECK(pmdp == pmd_offset(fold, pudp, addr));
		covered += next - addr;
	}
	return covered;
}

static unsigned long walk_puds(fold_t fold, p4d_t *p4dp, unsigned long addr, unsigned long end)
{
	unsigned long next, covered = 0, steps = 0;
	p4d_t p4d = p4dp_get(p4dp);
	pud_t *pudp = pud_offset_lockless(fold, p4dp, p4d, addr);

	for (; addr != end; pudp++, addr = next, steps++) {
		next = pud_addr_end(fold, addr, end);
		CHECK(pudp == pud_offset(fold, p4dp, addr));
		covered += pud_none(fold, pudp_get(pudp)) ? next - addr :
							    walk_pmds(fold, pudp, addr, next);
	}
	CHECK(!pud_folded(fold) || steps == 1);
	return covered;
}

static unsigned long walk_p4ds(fold_t fold, pgd_t *pgdp, unsigned long addr, unsigned long end)
{
	unsigned long next, covered = 0, steps = 0;
	pgd_t pgd = pgdp_get(pgdp);
	p4d_t *p4dp = p4d_offset_lockless(fold, pgdp, pgd, addr);

	check_folded(fold, pgdp, p4dp, addr);
	for (; addr != end; p4dp++, addr = next, steps++) {
		next = p4d_addr_end(fold, addr, end);
		CHECK(p4dp == p4d_offset(fold, pgdp, addr));
		covered += p4d_none(fold, p4dp_get(p4dp)) ? next - addr :
							    walk_puds(fold, p4dp, addr, next);
	}
	CHECK(!p4d_folded(fold) || steps == 1);
	return covered;
}

/* The five nested loops, as generic code writes them, over a live tree. */
static void check_range(fold_t fold, unsigned long addr, unsigned long end)
{
	unsigned long next, covered = 0, at = addr;
	pgd_t *pgdp = pgd_offset(fold, addr);

	CHECK(end <= fold_reach(fold));
	/* A folded level takes any range in one step. */
	CHECK(!p4d_folded(fold) || p4d_addr_end(fold, addr, end) == end);
	CHECK(!pud_folded(fold) || pud_addr_end(fold, addr, end) == end);
	for (; at != end; pgdp++, at = next) {
		next = pgd_addr_end(fold, at, end);
		CHECK(pgdp == pgd_offset(fold, at));
		covered += pgd_none(fold, pgdp_get(pgdp)) ? next - at :
							    walk_p4ds(fold, pgdp, at, next);
	}
	CHECK(covered == end - addr);
}

static void check_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct table_walk w = table_walk(mm_fold(mm), addr);

	CHECK(w.lowest == 1 && entry_pfn(w.entry[1]) == page_to_pfn(zero_page));
	CHECK(w.entry[2] == pmdp_get(mm_pmd_find(mm, addr)).val);
	for (unsigned int level = 5; level > mm_levels(mm); level--)
		CHECK(!w.entry[level]);
}

unsigned long selftest_fold(unsigned int levels)
{
	/* Pairs of pages on both sides of a boundary of each level's tables. */
	static const unsigned long edges[] = { 1ul << 21, 1ul << 30, 2ul << 30, 1ul << 39,
					       1ul << 48 };
	unsigned long before = checks, reach = levels_reach(levels);
	struct mm_struct *mm = test_mm(levels);
	fold_t fold;

	fold = mm_fold(mm);
	CHECK(fold_levels(fold) == levels && fold_reach(fold) == reach);
	/* Beyond the reach nothing is found, and nothing indexed. */
	CHECK(!mm_pmd_find(mm, reach));
	for (unsigned int i = 0; i < ARRAY_SIZE(edges); i++) {
		if (edges[i] >= reach)
			continue;
		map_zero_page(mm, edges[i] - PAGE_SIZE);
		map_zero_page(mm, edges[i]);
		check_lookup(mm, edges[i] - PAGE_SIZE);
		check_lookup(mm, edges[i]);
		check_range(fold, edges[i] - PAGE_SIZE, edges[i] + PAGE_SIZE);
		check_range(fold, edges[i] - 3 * PMD_SIZE, edges[i] + PAGE_SIZE);
		check_range(fold, 0, edges[i]);
	}
	map_zero_page(mm, reach - 2 * PAGE_SIZE);
	check_lookup(mm, reach - 2 * PAGE_SIZE);
	check_range(fold, reach - 2 * PMD_SIZE, reach);
	check_range(fold, 0, reach);
	mmput(mm);
	return checks_since(before);
}

void pgtable_selftest(void)
{
	unsigned long before = checks;

	for (unsigned long vm_flags = 0; vm_flags < 16; vm_flags++) {
		selftest_entries(vm_flags);
		selftest_live_entries(vm_flags);
	}
	for (unsigned int levels = 3; levels <= 5; levels++)
		selftest_fold(levels);
	pr_info("page tables: %lu checks passed (16 protections, 3, 4 and 5 levels)",
		checks_since(before));
}
