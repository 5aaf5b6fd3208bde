@@ replace pgd_none
/* LAB walk-and-fold, step 1: these know trees of five levels only. */
static inline bool pgd_none(fold_t f, pgd_t v) { return entry_none(v.val); }
@@ replace pgd_leaf
static inline bool pgd_leaf(fold_t f, pgd_t v) { return entry_leaf(v.val, 5); }
@@ replace pgd_bad
static inline bool pgd_bad(fold_t f, pgd_t v) { return !entry_none(v.val) && !entry_table(v.val); }
@@ replace p4d_none
static inline bool p4d_none(fold_t f, p4d_t v) { return entry_none(v.val); }
@@ replace p4d_leaf
static inline bool p4d_leaf(fold_t f, p4d_t v) { return entry_leaf(v.val, 4); }
@@ replace p4d_bad
static inline bool p4d_bad(fold_t f, p4d_t v) { return !entry_none(v.val) && !entry_table(v.val); }
@@ replace p4d_offset_lockless
/*
 * pXd_offset_lockless(fold, ptr, val, addr): the slot one level down. val was read from ptr once
 * and has been found to be a table; the entry is not read again, since it may have changed since.
 * LAB walk-and-fold, step 2: these know trees of five levels only.
 */
static inline p4d_t *p4d_offset_lockless(fold_t fold, pgd_t *ptr, pgd_t val, unsigned long addr)
{
	return (p4d_t *)table_slot(entry_pfn(val.val), addr, 4);
}
@@ replace pud_offset_lockless
static inline pud_t *pud_offset_lockless(fold_t fold, p4d_t *ptr, p4d_t val, unsigned long addr)
{
	return (pud_t *)table_slot(entry_pfn(val.val), addr, 3);
}
@@ replace p4d_addr_end
/* LAB walk-and-fold, step 3: these know trees of five levels only. */
static inline unsigned long p4d_addr_end(fold_t fold, unsigned long addr, unsigned long end)
{
	return level_addr_end(4, addr, end);
}
@@ replace pud_addr_end
static inline unsigned long pud_addr_end(fold_t fold, unsigned long addr, unsigned long end)
{
	return level_addr_end(3, addr, end);
}
