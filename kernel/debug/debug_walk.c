/* pgwalk: see debug.h. The twin of tools/gdb/pleat/walk.py. */
#include "kernel/debug/debug.h"
#include "kernel/base/string.h"
#include "kernel/panic.h"
#include "mm/buddy.h"
#include "mm/pagecache.h"
#include "mm/pgtable.h"

#define SENTENCE 120

enum intent { TO_READ, TO_WRITE, TO_EXECUTE };

/* One address, as an access to it would find things. */
struct place {
	unsigned long addr;
	const struct mm_struct *mm;	  /* NULL: of no process */
	const struct vm_area_struct *vma; /* covers addr; NULL: none does */
	struct table_walk walk;
};

/* ---- entries ---- */

void debug_entry_letters(u64 entry, char letters[ENTRY_LETTERS])
{
	static const struct {
		u64 bit;
		char letter;
	} bits[ENTRY_LETTERS - 1] = {
		{ _PAGE_PRESENT, 'P' }, { _PAGE_RW, 'W' },	 { _PAGE_USER, 'U' },
		{ _PAGE_NX, 'X' },	{ _PAGE_ACCESSED, 'A' }, { _PAGE_DIRTY, 'D' },
		{ _PAGE_GLOBAL, 'G' },	{ _PAGE_SPECIAL, 'S' },	 { _PAGE_SOFT_DIRTY, 'M' },
		{ _PAGE_UFFD_WP, 'w' },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		letters[i] = entry & bits[i].bit ? bits[i].letter : '-';
	letters[3] = entry && !(entry & _PAGE_NX) ? 'X' : '-';
	if ((entry & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE) {
		letters[0] = 'N';
		letters[6] = '-';
	}
	if (pte_hwpoison(__pte(entry)))
		memcpy(letters, "B---------", ENTRY_LETTERS - 1);
	letters[ENTRY_LETTERS - 1] = '\0';
}

const char *debug_frame_kind(u64 entry, unsigned long pfn)
{
	const struct page *page;
	unsigned long flags;

	if (!pfn_valid(pfn))
		return "device";
	if (entry & _PAGE_SPECIAL)
		return "zero";
	if (!page_initialised(pfn))
		return boot_mem_next_free(pfn, pfn + 1).start == pfn ? "free" : "reserved";
	page = &page_folio(pfn_to_page(pfn))->page;
	flags = READ_ONCE(page->flags);
	if (flags & BIT(PG_reserved))
		return "reserved";
	if (flags & (BIT(PG_buddy) | BIT(PG_pcp)))
		return "free";
	if (flags & BIT(PG_slab))
		return "slab";
	if (flags & BIT(PG_table))
		return "table";
	if (flags & BIT(PG_anon))
		return flags & BIT(PG_exclusive) ? "anon" : "cow";
	if (!page->mapping)
		return "kernel";
	return page->mapping->shmem ? "shared" : "file";
}

static bool damaged(u64 entry, unsigned int level)
{
	return level > 1 && entry_table(entry) && !pfn_valid(entry_pfn(entry));
}

static const char *entry_target(u64 entry, unsigned int level)
{
	static const char *const leaves[] = { "", "page in frame", "2 MiB page from frame",
					      "1 GiB page from frame" };

	if (level == 1 && pte_hwpoison(__pte(entry)))
		return "broken memory in frame";
	if (!entry_present(entry))
		return "not present:";
	if (damaged(entry, level))
		return "damaged: beyond memory is frame";
	if (level > 1 && entry_table(entry))
		return "table in frame";
	return level <= 3 ? leaves[level] : "damaged: a leaf, frame";
}

static void print_entry(unsigned long addr, unsigned int level, unsigned int levels, u64 entry)
{
	static const char *const names[] = { "", "pte", "pmd", "pud", "p4d", "pgd" };
	char letters[ENTRY_LETTERS];

	if (level > levels) {
		printk("  %s  folded\n", names[level]);
		return;
	}
	debug_entry_letters(entry, letters);
	printk("  %s  [%3u]  %016lx  %s  ", names[level], level_index(addr, level),
	       (unsigned long)entry, letters);
	if (entry_none(entry))
		printk("empty\n");
	else
		printk("%s %lx\n", entry_target(entry, level), entry_pfn(entry));
}

/* The entry that maps the address, if the walk came to one. */
static bool found_leaf(const struct table_walk *w)
{
	return w->lowest && w->lowest <= 3 && entry_leaf(w->entry[w->lowest], w->lowest);
}

static unsigned long leaf_frame(const struct table_walk *w, unsigned long addr)
{
	return entry_pfn(w->entry[w->lowest]) +
	       ((addr & (level_span(w->lowest) - 1)) >> PAGE_SHIFT);
}

static void print_frame(const struct table_walk *w, unsigned long addr)
{
	unsigned long pfn = leaf_frame(w, addr);
	const struct page *page;

	printk("  frame %lx: %s", pfn, debug_frame_kind(w->entry[w->lowest], pfn));
	if (page_initialised(pfn)) {
		page = &page_folio(pfn_to_page(pfn))->page;
		printk(", references %d, mapped %d, pins %d", atomic_read(&page->_refcount),
		       atomic_read(&page->_mapcount), atomic_read(&page->pincount));
	}
	printk("\n");
}

/* ---- what an access would meet: the order of the questions is user_fault()'s ---- */

static const char *refused_by_mapping(const struct vm_area_struct *vma, enum intent intent)
{
	if (intent == TO_WRITE)
		return vma->vm_flags & VM_WRITE ? NULL : "SIGSEGV: mapping is not writable";
	if (intent == TO_EXECUTE)
		return vma->vm_flags & VM_EXEC ? NULL : "SIGSEGV: mapping is not executable";
	return vma->vm_flags & VM_ACCESS_FLAGS ? NULL : "SIGSEGV: mapping allows no access";
}

static bool entry_allows(u64 entry, enum intent intent)
{
	if (!(entry & _PAGE_PRESENT))
		return false;
	if (intent == TO_WRITE)
		return entry & _PAGE_RW;
	return intent == TO_READ || !(entry & _PAGE_NX);
}

static const char *on_empty_entry(const struct place *p, enum intent intent)
{
	const struct vm_area_struct *vma = p->vma;

	if (vma_is_anonymous(vma))
		return intent == TO_WRITE ? "fault: no page yet; a new page of zeroes comes"
					  : "fault: no page yet; the zero page comes";
	if (linear_page_index(vma, p->addr) >= ALIGN_UP(vma->mapping->size, PAGE_SIZE) >>
	    PAGE_SHIFT)
		return "SIGBUS: beyond the end of the file";
	if (intent == TO_WRITE && !(vma->vm_flags & VM_SHARED))
		return "fault: no page yet; COW: a private copy of the file's page comes";
	return vma->mapping->shmem ? "fault: no page yet; the shared page comes"
				   : "fault: no page yet; the file's page comes";
}

#define COW "fault: COW: mapping is writable, entry is not; "

/* A write to a present entry that is read-only. */
static void on_write_protected(const struct place *p, u64 entry, char *buf)
{
	const struct page *page = &page_folio(pfn_to_page(entry_pfn(entry)))->page;
	int refs = atomic_read(&page->_refcount), mapped = atomic_read(&page->_mapcount);

	if (entry & _PAGE_SPECIAL)
		scnprintf(buf, SENTENCE, COW "the zero page gives way to a new page");
	else if (p->vma->vm_flags & VM_SHARED)
		scnprintf(buf, SENTENCE,
			  "fault: mapping is shared and writable; the entry becomes writable");
	else if (!page_test(page, PG_anon))
		scnprintf(buf, SENTENCE, COW "the file's page is copied");
	else if (page_test(page, PG_exclusive))
		scnprintf(buf, SENTENCE, COW "page is exclusive and becomes writable");
	else if (refs == 1)
		scnprintf(buf, SENTENCE, COW "nobody else has the page: it becomes writable");
	else if (refs == mapped)
		scnprintf(buf, SENTENCE, COW "page shared by %d", mapped);
	else
		scnprintf(buf, SENTENCE, COW "page shared by %d, %d references", mapped, refs);
}

/* A stack above a hole; NULL if it would not grow to addr. As expand_stack() decides. */
static const struct vm_area_struct *growing_stack(const struct place *p, const char **why)
{
	const struct vm_area_struct *vma = vma_find(p->mm, p->addr), *prev;
	unsigned long start = p->addr & PAGE_MASK;

	*why = "SIGSEGV: nothing is mapped there";
	if (!vma || !(vma->vm_flags & VM_GROWSDOWN))
		return NULL;
	prev = vma_prev(vma);
	*why = "SIGSEGV: the stack may not grow that far";
	if (vma->vm_end - start > p->mm->limits.stack)
		return NULL;
	*why = "SIGSEGV: the stack would come too near to what is below";
	if (start < STACK_GUARD_GAP ||
	    (prev && !(prev->vm_flags & VM_GROWSDOWN) && (prev->vm_flags & VM_ACCESS_FLAGS) &&
	     start - prev->vm_end < STACK_GUARD_GAP))
		return NULL;
	return vma;
}

static void verdict(const struct place *p, enum intent intent, char *buf)
{
	u64 entry = p->walk.lowest == 1 ? p->walk.entry[1] : 0;
	const struct vm_area_struct *vma = p->vma;
	const char *why = NULL;

	if (p->addr >= task_size_max())
		why = "SIGSEGV: not a user address";
	else if (!vma)
		vma = growing_stack(p, &why);
	if (vma)
		why = refused_by_mapping(vma, intent);
	if (!why && !p->vma)
		why = "fault: the stack grows";
	if (!why && entry_allows(entry, intent))
		why = "allowed";
	if (!why && pte_hwpoison(__pte(entry)))
		why = "SIGBUS: the memory is broken";
	if (!why && entry_none(entry))
		why = on_empty_entry(p, intent);
	if (!why && intent == TO_WRITE && entry & _PAGE_PRESENT &&
	    page_initialised(entry_pfn(entry)))
		on_write_protected(p, entry, buf);
	else
		scnprintf(buf, SENTENCE, "%s",
			  why ? why : "fault: mapping allows it, entry does not yet");
}

static void kernel_verdict(const struct place *p, enum intent intent, char *buf)
{
	const struct table_walk *w = &p->walk;
	const char *text = "not allowed: nothing is mapped there";

	if (found_leaf(w))
		text = entry_allows(w->entry[w->lowest], intent)
			       ? "allowed to the kernel"
			       : "not allowed: the kernel's mapping denies it";
	scnprintf(buf, SENTENCE, "%s", text);
}

static void print_verdicts(const struct place *p,
			   void (*judge)(const struct place *, enum intent, char *))
{
	static const char *const names[] = { "read", "write", "execute" };
	char buf[SENTENCE];

	for (enum intent intent = TO_READ; intent <= TO_EXECUTE; intent++) {
		judge(p, intent, buf);
		printk("  %-7s  %s\n", names[intent], buf);
	}
}

/* ---- all of it ---- */

static bool canonical(unsigned long addr)
{
	unsigned int unused = 64 - (12 + 9 * hw_levels());

	return ((long)(addr << unused) >> unused) == (long)addr;
}

static void print_walk(const struct place *p)
{
	const struct table_walk *w = &p->walk;
	unsigned int levels = fold_levels(w->fold);

	for (unsigned int level = 5; w->lowest && level >= w->lowest; level--)
		print_entry(p->addr, level, levels, w->entry[level]);
	if (!w->lowest)
		printk("  beyond the reach of %u levels, %lx\n", levels, fold_reach(w->fold));
	if (found_leaf(w))
		print_frame(w, p->addr);
}

static void print_mapping(const struct vm_area_struct *vma)
{
	char name[SENTENCE];

	if (!vma) {
		printk("  no mapping\n");
		return;
	}
	debug_vma_name(vma, name, sizeof(name));
	printk("  mapping %lx-%lx %c%c%c%c %s\n", vma->vm_start, vma->vm_end,
	       vma->vm_flags & VM_READ ? 'r' : '-', vma->vm_flags & VM_WRITE ? 'w' : '-',
	       vma->vm_flags & VM_EXEC ? 'x' : '-', vma->vm_flags & VM_SHARED ? 's' : 'p', name);
}

void debug_pgwalk(const struct debug_space *space, unsigned long addr)
{
	bool kernel = (long)addr < 0;
	struct place p = { .addr = addr, .mm = kernel ? NULL : space->mm };
	unsigned long root = kernel ? kernel_root()
			     : p.mm ? READ_ONCE(p.mm->root)
				    : machine_loaded_root();
	fold_t fold = { root };

	printk("walk of %016lx", addr);
	if (kernel)
		printk(" in the kernel");
	else if (p.mm)
		printk(" in process %d (%s)", space->pid, space->comm);
	printk(": %u levels, root frame %lx\n", fold_levels(fold), fold_table(fold));
	if (!canonical(addr)) {
		printk("  not canonical on hardware of %u levels\n  any      general protection fault\n",
		       hw_levels());
		return;
	}
	if (fold_levels(fold) < 3 || fold_levels(fold) > 5 || !pfn_valid(fold_table(fold))) {
		printk("  no page tables\n");
		return;
	}
	p.walk = table_walk(fold, addr);
	print_walk(&p);
	if (!p.mm) {
		print_verdicts(&p, kernel_verdict);
		return;
	}
	p.vma = vma_lookup(p.mm, addr);
	print_mapping(p.vma);
	print_verdicts(&p, verdict);
}
