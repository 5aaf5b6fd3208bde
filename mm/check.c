/* The page-table checker: see check.h. Exists in debug builds only. */
#include "mm/check.h"

#if CONFIG_DEBUG

#include "kernel/base/trace.h"
#include "mm/buddy.h"
#include "mm/pgtable.h"
#include "mm/section.h"

struct frame_check *frame_checks;

void check_init(void)
{
	frame_checks = frame_array(sizeof(*frame_checks));
}

static void fail(const struct mm_struct *mm, unsigned long addr, u64 entry, const char *why)
{
	unsigned long pfn = entry_pfn(entry);
	struct frame_check c = { 0 };

	if (page_initialised(pfn))
		c = frame_checks[pfn];
	page_dump(pfn_to_page(pfn), why);
	panic("page-table check: %s: mm %p, address %lx, entry %016lx, anon maps %d, file maps %d",
	      why, (const void *)mm, addr, (unsigned long)entry, c.anon_maps, c.file_maps);
}

/* Before anything is looked up by the frame of an entry, old or new, of any level. */
static void check_frame(const struct mm_struct *mm, unsigned long addr, u64 entry)
{
	if (entry_present(entry) && !page_initialised(entry_pfn(entry)))
		fail(mm, addr, entry, "an entry leads to a frame that was never allocated");
}

/* Counted are entries that map a page of somebody; not the zero page, which is special. */
static bool counted(u64 entry)
{
	return entry_present(entry) && !(entry & _PAGE_SPECIAL);
}

static void unmap(struct mm_struct *mm, unsigned long addr, u64 old)
{
	const struct page *page = pfn_to_page(entry_pfn(old));
	struct frame_check *c = &frame_checks[entry_pfn(old)];
	s32 *maps = page_test(page, PG_anon) ? &c->anon_maps : &c->file_maps;

	if (__atomic_sub_fetch(maps, 1, __ATOMIC_SEQ_CST) < 0)
		fail(mm, addr, old, "an entry is removed that was never counted");
}

static void map(struct mm_struct *mm, unsigned long addr, u64 new)
{
	const struct page *page = pfn_to_page(entry_pfn(new));
	struct frame_check *c = &frame_checks[entry_pfn(new)];
	bool anon = page_test(page, PG_anon);
	s32 maps = __atomic_add_fetch(anon ? &c->anon_maps : &c->file_maps, 1, __ATOMIC_SEQ_CST);

	if (page->flags & (BIT(PG_buddy) | BIT(PG_pcp) | BIT(PG_slab) | BIT(PG_table)))
		fail(mm, addr, new, "a frame is mapped that is free or the kernel's");
	if ((anon ? READ_ONCE(c->file_maps) : READ_ONCE(c->anon_maps)) > 0)
		fail(mm, addr, new, "mapped as anonymous and as file memory");
	if (anon && entry_write(new) && !page_test(page, PG_exclusive))
		fail(mm, addr, new,
		     "an anonymous page that is not exclusive gets a writable entry");
	if (anon && entry_write(new) && maps > 1)
		fail(mm, addr, new, "an anonymous page with several entries gets a writable one");
}

void entry_changed(struct mm_struct *mm, unsigned long addr, unsigned int level, u64 old, u64 new)
{
	trace_level(TRACE_ENTRY, level, addr, old, new);
	check_frame(mm, addr, old);
	check_frame(mm, addr, new);
	if (level == 1) {
		/*
		 * The old one leaves first, so that a change of protection counts
		 * as its net effect.
		 */
		if (counted(old))
			unmap(mm, addr, old);
		if (counted(new))
			map(mm, addr, new);
	}
	ledger_changed(mm, addr, level, old, new);
}

void check_folio_free(const struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1ul << order; i++) {
		const struct frame_check *c = &frame_checks[page_to_pfn(page) + i];

		machine_point(c, ACCESS_READ | ACCESS_NOTE);
		if (c->anon_maps || c->file_maps)
			fail(NULL, 0, page_to_pfn(page + i) << PAGE_SHIFT,
			     "a frame is freed that is still mapped");
		if (c->pending)
			fail(NULL, 0, page_to_pfn(page + i) << PAGE_SHIFT,
			     "a frame or table is freed while a TLB may still lead to it");
	}
}

void check_folio_alloc(const struct page *page, unsigned int order)
{
	check_folio_free(page, order);
}

#endif
