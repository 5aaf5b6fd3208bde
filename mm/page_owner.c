/*
 * One record beside each struct page. Whoever holds the frame writes it; reports read a quiet
 * machine.
 */
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/page_owner.h"
#include "mm/section.h"

#if CONFIG_DEBUG

#define REPORT_STACKS 16 /* different backtraces that a report names */

struct page_owner {
	stack_handle_t stack;
	u32 generation : 24, used : 1;
};

static struct page_owner *owners; /* owners[pfn]; NULL until page_owner_init() */

void page_owner_init(void)
{
	stackdepot_init();
	owners = frame_array(sizeof(*owners));
}

void page_owner_set(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);
	struct page_owner owner = { .stack = stack_save(),
				    .generation = leak_generation(),
				    .used = 1 };

	for (unsigned long i = 0; owners && i < 1ul << order; i++)
		owners[pfn + i] = owner;
}

void page_owner_clear(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; owners && i < 1ul << order; i++)
		owners[page_to_pfn(page) + i].used = 0;
}

void page_owner_print(const struct page *page)
{
	const struct page_owner *owner = owners + page_to_pfn(page);

	if (!owners || (!owner->used && !owner->stack))
		return;
	printk("%s by:\n", owner->used ? "allocated" : "free; last allocated");
	stack_print(owner->stack);
}

struct stack_count {
	stack_handle_t stack;
	unsigned long frames, first_pfn;
};

/* Slabs are left out: the report of their objects explains them. */
static bool reported(unsigned long pfn, u32 generation)
{
	return owners[pfn].used && owners[pfn].generation >= generation &&
	       !page_test(&page_folio(pfn_to_page(pfn))->page, PG_slab);
}

static void count_frame(struct stack_count *counts, unsigned long pfn)
{
	for (unsigned int i = 0; i < REPORT_STACKS; i++) {
		if (!counts[i].frames)
			counts[i] = (struct stack_count){ owners[pfn].stack, 0, pfn };
		if (counts[i].stack == owners[pfn].stack) {
			counts[i].frames++;
			return;
		}
	}
}

void page_owner_report(u32 generation)
{
	struct stack_count counts[REPORT_STACKS] = { 0 };

	for (unsigned long pfn = 0; pfn < max_pfn; pfn++) {
		if (page_initialised(pfn) && reported(pfn, generation))
			count_frame(counts, pfn);
	}
	for (unsigned int i = 0; i < REPORT_STACKS && counts[i].frames; i++) {
		printk("%lu frames, the first is %#lx, allocated by:\n", counts[i].frames,
		       counts[i].first_pfn);
		stack_print(counts[i].stack);
	}
}

#endif
