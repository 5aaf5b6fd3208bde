/*
 * What it takes to use a section's frames: zeroed records in all per-frame arrays, PG_reserved on
 * what is not free. One section at a time, from the lowest on; a section that has no free frame (a
 * hole, or full of what the boot has taken) is passed over and never initialised.
 */
#include "mm/section.h"
#include "mm/buddy.h"

#define MAX_ARRAYS 4

static struct {
	u8 *records;
	size_t size; /* of one record */
} arrays[MAX_ARRAYS];
static unsigned int nr_arrays;

bool *section_ready;
static unsigned long next_pfn; /* written under the buddy allocator's lock */

_Static_assert(SECTION_FRAMES % (1ul << MAX_ORDER) == 0, "a block lies in one section");
_Static_assert(SECTION_FRAMES % PAGE_SIZE == 0, "a section's records are whole pages");

void sections_init(void)
{
	phys_addr_t at = boot_alloc(max_pfn / SECTION_FRAMES + 1, sizeof(bool), 0);

	section_ready = (bool *)((u8 *)frame_ptr(at >> PAGE_SHIFT) + (at & ~PAGE_MASK));
}

void *frame_array(size_t size)
{
	size_t bytes = ALIGN_UP(max_pfn * size, PAGE_SIZE);
	u8 *records = frame_ptr(boot_alloc_dirty(bytes, PAGE_SIZE, 0) >> PAGE_SHIFT);

	BUG_MSG(nr_arrays == MAX_ARRAYS, "more than %d arrays", MAX_ARRAYS);
	arrays[nr_arrays].records = records;
	arrays[nr_arrays++].size = size;
	memory_hide(records, bytes);
	return records;
}

static void zero_records(unsigned long first, unsigned long last)
{
	for (unsigned int i = 0; i < nr_arrays; i++) {
		u8 *start = arrays[i].records + first * arrays[i].size;
		size_t bytes = ALIGN_UP((last - first) * arrays[i].size, PAGE_SIZE);

		memory_show(start, bytes);
		for (size_t done = 0; done < bytes; done += PAGE_SIZE)
			page_zero(start + done);
	}
}

static void mark_reserved(unsigned long start, unsigned long end)
{
	for (unsigned long pfn = start; pfn < end; pfn++)
		pfn_to_page(pfn)->flags = BIT(PG_reserved);
}

unsigned long section_take_in(void (*add)(unsigned long start, unsigned long end))
{
	unsigned long first = boot_mem_next_free(next_pfn, max_pfn).start, last, frames = 0;
	struct pfn_range free;

	if (first == max_pfn)
		return 0;
	first = ALIGN_DOWN(first, SECTION_FRAMES);
	last = min(first + SECTION_FRAMES, max_pfn);
	zero_records(first, last);
	for (unsigned long pfn = first; pfn < last; pfn = free.end) {
		free = boot_mem_next_free(pfn, last);
		mark_reserved(pfn, free.start);
		if (free.start == free.end)
			continue;
		add(free.start, free.end);
		frames += free.end - free.start;
	}
	/* Pairs with the smp_rmb() of page_initialised(). tests/models/publish.pml: NO_WMB */
	smp_wmb();
	WRITE_ONCE(section_ready[first / SECTION_FRAMES], true);
	next_pfn = last;
	return frames;
}

unsigned long sections_end(void) { return next_pfn; }
