/*
 * Formats of page-table entries (Intel SDM volume 3, chapter 4.5): pure functions on
 * values. Reading and writing live entries is machine/entry_access.h's; hooks for
 * checkers are in mm/pgtable.h.
 */
#pragma once
#include "kernel/base/types.h"

/* One-word structs: mixing levels does not compile. */
typedef struct { u64 val; } pte_t;
typedef struct { u64 val; } pmd_t;
typedef struct { u64 val; } pud_t;
typedef struct { u64 val; } p4d_t;
typedef struct { u64 val; } pgd_t;
typedef struct { u64 val; } pgprot_t;

#define _PAGE_PRESENT	BIT(0)
#define _PAGE_RW	BIT(1)
#define _PAGE_USER	BIT(2)
#define _PAGE_PWT	BIT(3)
#define _PAGE_PCD	BIT(4)
#define _PAGE_ACCESSED	BIT(5)
#define _PAGE_DIRTY	BIT(6)
#define _PAGE_PSE	BIT(7)		/* a leaf above the pte level */
#define _PAGE_GLOBAL	BIT(8)
#define _PAGE_PROTNONE	BIT(8)		/* without PRESENT: mapped, but no access is allowed */
#define _PAGE_SPECIAL	BIT(9)		/* no struct page is counted: the zero page */
#define _PAGE_UFFD_WP	BIT(10)
#define _PAGE_SOFT_DIRTY BIT(11)
#define _PAGE_NX	BIT(63)

#define PTE_PFN_MASK	0x000ffffffffff000ul
#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_KERNEL \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_GLOBAL | _PAGE_NX)

#define PAGE_KERNEL	__pgprot(_PAGE_KERNEL)

#define PTRS_PER_TABLE	512
#define TABLE_SHIFT	9
/* An entry of level n (1: pte) maps 2^level_shift(n) bytes. */
static inline unsigned int level_shift(unsigned int level)
{
	return 12 + TABLE_SHIFT * (level - 1);
}

/* What mprotect keeps of an entry: the frame, A and D, and the software bits. */
#define _PAGE_CHG_MASK	(PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL | \
			 _PAGE_UFFD_WP | _PAGE_SOFT_DIRTY | _PAGE_PSE)

static inline pgprot_t __pgprot(u64 val) { return (pgprot_t){ val }; }
static inline pte_t __pte(u64 val) { return (pte_t){ val }; }
static inline pmd_t __pmd(u64 val) { return (pmd_t){ val }; }
static inline pud_t __pud(u64 val) { return (pud_t){ val }; }
static inline p4d_t __p4d(u64 val) { return (p4d_t){ val }; }
static inline pgd_t __pgd(u64 val) { return (pgd_t){ val }; }

/* ---- any level: a walker that goes by level number uses these ---- */

static inline bool entry_none(u64 val) { return val == 0; }
/* Maps something, whether or not hardware may use it now (PROT_NONE). */
static inline bool entry_present(u64 val) { return val & (_PAGE_PRESENT | _PAGE_PROTNONE); }
static inline bool entry_write(u64 val) { return val & _PAGE_RW; }
static inline unsigned long entry_pfn(u64 val) { return (val & PTE_PFN_MASK) >> 12; }
/* level 1 is the pte level. */
static inline bool entry_leaf(u64 val, unsigned int level)
{
	return entry_present(val) && (level == 1 || (val & _PAGE_PSE));
}
/* Points to a next table. */
static inline bool entry_table(u64 val)
{
	return (val & (_PAGE_PRESENT | _PAGE_PSE)) == _PAGE_PRESENT;
}
static inline u64 entry_make_table(unsigned long pfn) { return (u64)pfn << 12 | _PAGE_TABLE; }

/* ---- pte ---- */

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((u64)pfn << 12 | prot.val);
}

static inline unsigned long pte_pfn(pte_t pte) { return entry_pfn(pte.val); }
static inline bool pte_none(pte_t pte) { return entry_none(pte.val); }
static inline bool pte_present(pte_t pte) { return entry_present(pte.val); }
/* Hardware may translate through it now. */
static inline bool pte_accessible(pte_t pte) { return pte.val & _PAGE_PRESENT; }
/* ... and leads to a page that is counted. */
static inline bool pte_accessible_normal(pte_t pte)
{
	return (pte.val & (_PAGE_PRESENT | _PAGE_SPECIAL)) == _PAGE_PRESENT;
}
static inline bool pte_same(pte_t a, pte_t b) { return a.val == b.val; }
static inline bool pte_write(pte_t pte) { return pte.val & _PAGE_RW; }
static inline bool pte_exec(pte_t pte) { return !(pte.val & _PAGE_NX); }
static inline bool pte_user(pte_t pte) { return pte.val & _PAGE_USER; }
static inline bool pte_young(pte_t pte) { return pte.val & _PAGE_ACCESSED; }
static inline bool pte_dirty_novma(pte_t pte) { return pte.val & _PAGE_DIRTY; }
static inline bool pte_special(pte_t pte) { return pte.val & _PAGE_SPECIAL; }
static inline bool pte_protnone(pte_t pte)
{
	return (pte.val & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}
static inline bool pte_soft_dirty(pte_t pte) { return pte.val & _PAGE_SOFT_DIRTY; }
static inline bool pte_uffd_wp(pte_t pte) { return pte.val & _PAGE_UFFD_WP; }

/* What an entry permits: by these bits if they are set, by those if they are not. */
#define _PAGE_ALLOWS	(_PAGE_PRESENT | _PAGE_RW)
#define _PAGE_FORBIDS	_PAGE_NX

static inline pte_t pte_wrprotect(pte_t pte) { return __pte(pte.val & ~_PAGE_RW); }
static inline pte_t pte_mkwrite_novma(pte_t pte) { return __pte(pte.val | _PAGE_RW); }
static inline pte_t pte_mkclean(pte_t pte) { return __pte(pte.val & ~_PAGE_DIRTY); }
/* A page written to is also dirty for the soft-dirty tracker. */
static inline pte_t pte_mkdirty(pte_t pte)
{
	return __pte(pte.val | _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
}

static inline pte_t pte_mkold(pte_t pte) { return __pte(pte.val & ~_PAGE_ACCESSED); }
static inline pte_t pte_mkyoung(pte_t pte) { return __pte(pte.val | _PAGE_ACCESSED); }
static inline pte_t pte_mkspecial(pte_t pte) { return __pte(pte.val | _PAGE_SPECIAL); }
static inline pte_t pte_mksoft_dirty(pte_t pte) { return __pte(pte.val | _PAGE_SOFT_DIRTY); }
static inline pte_t pte_clear_soft_dirty(pte_t pte) { return __pte(pte.val & ~_PAGE_SOFT_DIRTY); }

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return __pte((pte.val | _PAGE_UFFD_WP) & ~_PAGE_RW);
}

static inline pte_t pte_clear_uffd_wp(pte_t pte) { return __pte(pte.val & ~_PAGE_UFFD_WP); }
/* The protection becomes prot's; frame, A, D and software bits stay. */
static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte.val & _PAGE_CHG_MASK) | (prot.val & ~_PAGE_CHG_MASK));
}

/*
 * ---- software's own entries of the pte level: neither empty nor present, they map nothing ----
 *
 * Hardware looks at PRESENT alone. PROTNONE is clear too, or the entry would be mapped
 * memory; SPECIAL is set, so that nobody takes the frame for one that the entry counts as
 * mapped. Two bits say what it is.
 */
#define _PAGE_SOFTWARE	(3ul << 61)
/* The memory of the frame is broken: there was a page here. */
#define _PAGE_HWPOISON	(1ul << 61)

static inline bool pte_hwpoison(pte_t pte)
{
	return !pte_present(pte) && (pte.val & _PAGE_SOFTWARE) == _PAGE_HWPOISON;
}
static inline pte_t pfn_hwpoison_pte(unsigned long pfn)
{
	return __pte((u64)pfn << 12 | _PAGE_HWPOISON | _PAGE_SPECIAL);
}

/* ---- upper levels: values only; whether a level is folded is mm/fold.h's question ---- */

static inline pmd_t pmd_mktable(unsigned long pfn) { return __pmd(entry_make_table(pfn)); }
static inline pmd_t pfn_pmd(unsigned long pfn, pgprot_t prot)
{
	return __pmd((u64)pfn << 12 | prot.val | _PAGE_PSE);
}
static inline bool pmd_none(pmd_t pmd) { return entry_none(pmd.val); }
static inline bool pmd_present(pmd_t pmd) { return entry_present(pmd.val); }
static inline bool pmd_leaf(pmd_t pmd) { return entry_leaf(pmd.val, 2); }
/* Neither empty nor a table. */
static inline bool pmd_bad(pmd_t pmd) { return !pmd_none(pmd) && !entry_table(pmd.val); }
static inline unsigned long pmd_pfn(pmd_t pmd) { return entry_pfn(pmd.val); }
static inline bool pmd_same(pmd_t a, pmd_t b) { return a.val == b.val; }

/*
 * Protection of a mapping from its four VM_ flags (READ 1, WRITE 2, EXEC 4, SHARED 8).
 * Private writable mappings start read-only: the write fault decides. Every present
 * user entry is readable.
 */
static inline pgprot_t protection_map(unsigned long vm_flags)
{
	u64 val = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX;

	if (!(vm_flags & 7))
		return __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED | _PAGE_USER | _PAGE_NX);
	if (vm_flags & 4)
		val &= ~_PAGE_NX;
	if ((vm_flags & 10) == 10)
		val |= _PAGE_RW;
	return __pgprot(val);
}
