/*
 * What the lockless walk costs, measured by the kernel itself: the boot option gup_cost. A program
 * can ask gup_test, which counts whole microseconds, of many calls. Here each call is timed alone,
 * by cycles_now(), which are instructions where the emulator counts them (docs/bench.md): taking
 * and giving back, references and pins, each apart, for an address space of each depth.
 * tests/boot/gup-cost.t holds the figures to their goals.
 */
#include "kernel/dev/gup_cost.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/printk.h"
#include "kernel/process/exit.h"
#include "kernel/process/task.h"
#include "kernel/uapi/mman.h"
#include "mm/gup.h"
#include "mm/mm.h"
#include "mm/vmstat.h"

#define MOST	512	/* pages in a call: a table's */
#define ROUNDS	7

static bool wanted;

static const char *set_wanted(const char *value)
{
	if (value)
		return "it takes no value";
	wanted = true;
	return NULL;
}
BOOT_OPTION("gup_cost", "", "measure get_user_pages before the first program starts", set_wanted);

/* Cycles of one call. */
struct cost {
	u64 get, put, pin, unpin;
};

static struct page *pages[MOST];

static void take_time(u64 *least, u64 *since)
{
	u64 now = cycles_now();

	*least = min(*least, now - *since);
	*since = cycles_now();
}

static void measure_once(unsigned long addr, unsigned long nr, struct cost *least)
{
	u64 time = cycles_now();
	long got, pinned;

	got = get_user_pages_fast(addr, nr, FOLL_WRITE, pages);
	take_time(&least->get, &time);
	put_pages(pages, nr);
	take_time(&least->put, &time);
	pinned = pin_user_pages_fast(addr, nr, FOLL_WRITE, pages);
	take_time(&least->pin, &time);
	unpin_user_pages(pages, nr);
	take_time(&least->unpin, &time);
	BUG_MSG(got != (long)nr || pinned != (long)nr, "%ld and %ld of %lu pages", got, pinned,
		nr);
}

/* The least of some rounds: an interrupt may come in between. */
static void measure(unsigned long addr, unsigned long nr)
{
	struct cost least = { ~0ul, ~0ul, ~0ul, ~0ul };

	for (unsigned int i = 0; i < ROUNDS; i++)
		measure_once(addr, nr, &least);
	pr_info("gup_cost: levels %u pages %lu: get %lu put %lu pin %lu unpin %lu",
		mm_levels(current_mm()), nr, least.get, least.put, least.pin, least.unpin);
}

/* A table full of pages, as high as the tree reaches. */
static void measure_depth(unsigned int levels)
{
	const unsigned long addr = levels_reach(levels) / 2, len = MOST * PAGE_SIZE;
	const int prot = PROT_READ | PROT_WRITE,
		  flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE;
	struct mm_struct *mm = mm_alloc(levels);
	unsigned long slow;

	if (!mm)
		boot_stop("There is not enough memory for gup_cost.");
	switch_to_mm(mm);
	if (mm_mmap(mm, addr, len, prot, flags, NULL, 0) != (long)addr)
		boot_stop("There is not enough memory for gup_cost.");
	slow = vm_events(VM_EVENT_GUP_SLOW);
	measure(addr, 1);
	measure(addr, 16);
	measure(addr, MOST);
	BUG_MSG(vm_events(VM_EVENT_GUP_SLOW) != slow,
		"pages of one's own were left to the slow path");
	switch_to_mm(NULL);
}

void gup_cost(void)
{
	if (!wanted)
		return;
	for (unsigned int levels = 3; levels <= hw_levels(); levels++)
		measure_depth(levels);
}
