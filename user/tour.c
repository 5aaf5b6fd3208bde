/*
 * tour.c - three things to see: how a page comes into being, how copy-on-write shares it, and
 * how the tables grow a level. What it prints is read from the live tables (PR_PLEAT_WALK);
 * where the kernel does not show them, the same things happen unseen, and it says so.
 */
#include "user/tour.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "user/child.h"
#include "user/linux.h"
#include "user/numbers.h"
#include "user/probe.h"
#include "user/thread.h"

/* Bits of an x86-64 page-table entry (Intel SDM volume 3, table 4-20). */
#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITABLE	(1ULL << 1)
#define PTE_USER	(1ULL << 2)
#define PTE_ACCESSED	(1ULL << 5)
#define PTE_DIRTY	(1ULL << 6)
#define PTE_NX		(1ULL << 63)
#define PTE_FRAME	0x000ffffffffff000ULL

static const char *const level_names[PLEAT_WALK_LEVELS] = { "pte", "pmd", "pud", "p4d", "pgd" };

static bool visible;			/* does the kernel show its tables? */

static struct pleat_walk walk_to(const void *address)
{
	struct pleat_walk walk;

	memset(&walk, 0, sizeof(walk));
	sys_prctl(PR_PLEAT_WALK, (uintptr_t)address, (uintptr_t)&walk);
	return walk;
}

static unsigned long long frame_of(uint64_t entry)
{
	return (entry & PTE_FRAME) >> 12;
}

/* "PWU AD -": one letter for each bit that is set. */
static const char *letters(uint64_t entry)
{
	static char text[9];

	snprintf(text, sizeof(text), "%c%c%c %c%c %c", entry & PTE_PRESENT ? 'P' : '-',
		 entry & PTE_WRITABLE ? 'W' : '-', entry & PTE_USER ? 'U' : '-',
		 entry & PTE_ACCESSED ? 'A' : '-', entry & PTE_DIRTY ? 'D' : '-',
		 entry & PTE_NX ? '-' : 'X');
	return text;
}

/* One line about the lowest entry on the way to an address. */
static void show(const char *when, const struct pleat_walk *walk)
{
	uint64_t entry = walk->found ? walk->entry[walk->found - 1] : 0;
	const char *level = walk->found ? level_names[walk->found - 1] : "top";

	if (!visible)
		return;
	if (!(entry & PTE_PRESENT))
		printf("    %-26s %s  empty: no frame\n", when, level);
	else
		printf("    %-26s %s  %s  frame %llx\n", when, level, letters(entry),
		       frame_of(entry));
}

static void show_now(const char *when, const void *address)
{
	struct pleat_walk walk = walk_to(address);

	show(when, &walk);
}

static bool same_frame(const struct pleat_walk *a, const struct pleat_walk *b)
{
	return a->found == 1 && b->found == 1 && frame_of(a->entry[0]) == frame_of(b->entry[0]);
}

/* What an observation proves; printed only when the tables really show it. */
static void conclude(bool seen, const char *what)
{
	if (visible)
		printf("    %s %s\n", seen ? "->" : "?? expected, but not seen:", what);
}

static void tour_fault(void)
{
	char *mem = map_private(2 * PAGE_SIZE);
	struct pleat_walk first, second, written;
	volatile char sum;

	printf("\n1. A page comes into being\n"
	       "  mmap gives addresses, %p here, but no memory:\n", (void *)mem);
	show_now("after mmap", mem);
	printf("  Reading one byte is a page fault; so is reading the page behind it:\n");
	sum = mem[0];
	sum = (char)(sum + mem[PAGE_SIZE]);
	first = walk_to(mem);
	second = walk_to(mem + PAGE_SIZE);
	show("after reading page 0", &first);
	show("after reading page 1", &second);
	conclude(same_frame(&first, &second) && !(first.entry[0] & PTE_WRITABLE),
		 "both show one shared frame of zeros, and may not be written");
	printf("  Writing faults again:\n");
	mem[0] = 1;
	written = walk_to(mem);
	show("after writing page 0", &written);
	conclude(!same_frame(&first, &written) && (written.entry[0] & PTE_DIRTY),
		 "now it has a frame of its own, writable and dirty");
	unmap(mem, 2 * PAGE_SIZE);
}

/* What the child of the second part reports, in shared memory. */
struct report {
	uint32_t turn;
	struct pleat_walk before, after;
};

struct cow {
	volatile char *mem;
	struct report *report;
};

static int child_writes_and_reports(void *arg)
{
	struct cow *cow = arg;

	cow->report->before = walk_to((void *)cow->mem);
	cow->mem[0] = 2;
	cow->report->after = walk_to((void *)cow->mem);
	word_set(&cow->report->turn, 1);
	word_wait(&cow->report->turn, 2);
	return 0;
}

static void tour_cow(void)
{
	char *mem = map_private(PAGE_SIZE);
	struct report *report = (struct report *)map_shared(PAGE_SIZE);
	struct cow cow = { mem, report };
	struct pleat_walk before, after;
	int pid;

	printf("\n2. Copy-on-write\n  A page of this program, before and after fork:\n");
	mem[0] = 1;
	before = walk_to(mem);
	show("before fork", &before);
	fflush(stdout);
	pid = child_start(child_writes_and_reports, &cow);
	word_wait(&report->turn, 1);
	after = walk_to(mem);
	show("the child, at first", &report->before);
	conclude(same_frame(&before, &report->before) &&
		 !(report->before.entry[0] & PTE_WRITABLE),
		 "fork copied the entry, not the page: one frame, read-only for both");
	printf("  The child writes, and copies:\n");
	show("the child, after writing", &report->after);
	show("the parent, meanwhile", &after);
	conclude(!same_frame(&before, &report->after) && same_frame(&before, &after),
		 "the child has a copy; the parent's page was not touched");
	word_set(&report->turn, 2);
	child_wait(pid);
	printf("  The child has ended. The parent writes, and reuses:\n");
	mem[0] = 3;
	after = walk_to(mem);
	show("the parent, after writing", &after);
	conclude(same_frame(&before, &after) && (after.entry[0] & PTE_WRITABLE),
		 "nobody else had the frame: no copy, only write permission");
	unmap(mem, PAGE_SIZE);
	unmap(report, PAGE_SIZE);
}

/* All entries on the way to an address, from the top of the tree. */
static void show_path(const void *address)
{
	struct pleat_walk walk = walk_to(address);

	if (!visible)
		return;
	printf("    %u levels, top table in frame %llx; the way to %p:\n", walk.levels,
	       frame_of(walk.root), address);
	for (int level = (int)walk.levels; level > 0 && level >= (int)walk.found; level--) {
		uint64_t entry = walk.entry[level - 1];

		if (entry & PTE_PRESENT)
			printf("      %s  %s  frame %llx\n", level_names[level - 1],
			       letters(entry), frame_of(entry));
		else
			printf("      %s  empty\n", level_names[level - 1]);
	}
}

/* Maps a page at an address that needs `levels` levels, and looks at an old page again. */
static void unfold(uintptr_t address, int levels, const char *old)
{
	struct pleat_walk before = walk_to(old), after;
	long got = sys_mmap(address, PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("  mmap with the hint 0x%lx, which %d levels reach:\n", (unsigned long)address,
	       levels);
	if (got != (long)address) {
		printf("    not taken (%s): this machine has no %d levels for us\n",
		       is_error(got) ? linux_errno_name((int)-got) : "memory came from below",
		       levels);
		if (!is_error(got))
			sys_munmap((uintptr_t)got, PAGE_SIZE);
		return;
	}
	*(volatile char *)address = 1;
	after = walk_to(old);
	show_path((void *)address);
	show_path(old);
	conclude((int)after.levels >= levels && same_frame(&before, &after),
		 "the old page and its tables are where they were");
	if (visible && before.levels < after.levels)
		printf("    -> the old top table, frame %llx, hangs below the new top now\n",
		       frame_of(before.root));
}

static void tour_unfolding(void)
{
	char *old = map_private(PAGE_SIZE);

	printf("\n3. Page tables that unfold\n"
	       "  A program starts with few levels. Addresses beyond their reach add more:\n");
	old[0] = 1;
	show_path(old);
	unfold((7UL << 39) + 0x10000, 4, old);
	if (pleat_hw_levels() == 4)
		printf("  This processor has 4 levels (5 need LA57): that is all.\n");
	else
		unfold((2UL << 47) + 0x10000, 5, old);
	unmap(old, PAGE_SIZE);
}

void guided_tour(void)
{
	visible = pleat_levels() != 0;
	printf("A short tour of this program's page tables. Letters in an entry: Present,\n"
	       "Writable, User, Accessed, Dirty, eXecutable; frames in hexadecimal.\n");
	if (!visible)
		printf("SKIP: this kernel does not show its page tables; run it on Pleat.\n");
	tour_fault();
	tour_cow();
	tour_unfolding();
	printf("\n");
	fflush(stdout);
}
