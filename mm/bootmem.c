/*
 * Memory before there is an allocator: the regions of RAM, and a sorted list of what is taken in
 * them. What nobody has taken by the end goes to the buddy allocator.
 */
#include "kernel/base/string.h"
#include "kernel/boot_info.h"
#include "mm/buddy.h"

#define MAX_TAKEN  64

/* Left to those who must have it: the start of other CPUs is below 1 MiB. */
#define LOW_MEMORY (1ul << 20)

static struct mem_region ram[MAX_MEM_REGIONS];
static unsigned int nr_ram;
/* Sorted; neither overlapping nor touching. */
static struct mem_region taken[MAX_TAKEN];
static unsigned int nr_taken;
static bool released;

void boot_mem_init(const struct mem_region *regions, unsigned int nr)
{
	BUG_MSG(nr == 0, "the loader reports no memory");
	BUG_MSG(nr > MAX_MEM_REGIONS, "%u regions of memory, at most %d expected", nr,
		MAX_MEM_REGIONS);
	memcpy(ram, regions, nr * sizeof(*ram));
	nr_ram = nr;
	for (unsigned int i = 0; i < nr; i++)
		BUG_MSG(ram[i].start >= ram[i].end || (i && ram[i].start < ram[i - 1].end),
			"region %u of memory is empty or not in order: %#lx-%#lx", i,
			(unsigned long)ram[i].start, (unsigned long)ram[i].end);
}

phys_addr_t boot_mem_end(void) { return ram[nr_ram - 1].end; }

/* Replaces taken[first, last) by one range. */
static void taken_replace(unsigned int first, unsigned int last, struct mem_region range)
{
	BUG_MSG(first == last && nr_taken == MAX_TAKEN, "more than %d separate ranges", MAX_TAKEN);
	memmove(taken + first + 1, taken + last, (nr_taken - last) * sizeof(*taken));
	nr_taken = nr_taken - (last - first) + 1;
	taken[first] = range;
}

void boot_reserve(phys_addr_t start, phys_addr_t end)
{
	unsigned int first = 0, last;

	BUG_MSG(released, "boot memory has gone to the buddy allocator");
	if (start >= end)
		return;
	while (first < nr_taken && taken[first].end < start)
		first++;
	for (last = first; last < nr_taken && taken[last].start <= end; last++) {
		start = min(start, taken[last].start);
		end = max(end, taken[last].end);
	}
	taken_replace(first, last, (struct mem_region){ start, end });
}

/*
 * The lowest place in [low, high) that is free; 0 if there is none (frame 0 is never handed out).
 */
static phys_addr_t find_gap(phys_addr_t low, phys_addr_t high, size_t size, size_t align)
{
	phys_addr_t at = ALIGN_UP(max(low, PAGE_SIZE), align);

	for (unsigned int i = 0; i < nr_taken && taken[i].start < at + size; i++) {
		if (taken[i].end > at)
			at = ALIGN_UP(taken[i].end, align);
	}
	return at < high && high - at >= size ? at : 0;
}

static phys_addr_t find_free(phys_addr_t floor, phys_addr_t limit, size_t size, size_t align)
{
	phys_addr_t at = 0;

	for (unsigned int i = 0; i < nr_ram && !at; i++)
		at = find_gap(max(ram[i].start, floor), min(ram[i].end, limit), size, align);
	return at;
}

static unsigned long free_kib(void)
{
	phys_addr_t bytes = 0;

	for (unsigned int i = 0; i < nr_ram; i++)
		bytes += ram[i].end - ram[i].start;
	for (unsigned int i = 0; i < nr_taken; i++)
		bytes -= min(bytes, taken[i].end - taken[i].start);
	return bytes >> 10;
}

static void zero_memory(phys_addr_t start, size_t size)
{
	u8 *memory = (u8 *)frame_ptr(start >> PAGE_SHIFT) + (start & ~PAGE_MASK);

	if (!IS_ALIGNED(start | size, PAGE_SIZE)) {
		memset(memory, 0, size);
		return;
	}
	for (size_t done = 0; done < size; done += PAGE_SIZE)
		page_zero(memory + done);
}

phys_addr_t boot_alloc_dirty(size_t size, size_t align, phys_addr_t limit)
{
	phys_addr_t top = limit ? limit : ~0ul;
	phys_addr_t at = find_free(LOW_MEMORY, top, size, align);

	BUG_MSG(released, "boot memory has gone to the buddy allocator");
	if (!at)
		at = find_free(0, top, size, align);
	if (!at)
		panic("too little memory: the kernel needs %zu KiB more in one piece, %lu KiB are free",
		      size >> 10, free_kib());
	boot_reserve(at, at + size);
	return at;
}

phys_addr_t boot_alloc(size_t size, size_t align, phys_addr_t limit)
{
	phys_addr_t at = boot_alloc_dirty(size, align, limit);

	zero_memory(at, size);
	return at;
}

/* ---- the end of it ---- */

/* The first run of frames wholly inside [start, end) that nobody has taken; empty at `none`. */
static struct pfn_range next_gap(phys_addr_t start, phys_addr_t end, unsigned long none)
{
	for (unsigned int i = 0; i <= nr_taken && start < end; i++) {
		phys_addr_t stop = i < nr_taken ? min(taken[i].start, end) : end;
		unsigned long first = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT;

		if (start < stop && first < stop >> PAGE_SHIFT)
			return (struct pfn_range){ first, stop >> PAGE_SHIFT };
		if (i < nr_taken)
			start = max(start, taken[i].end);
	}
	return (struct pfn_range){ none, none };
}

struct pfn_range boot_mem_next_free(unsigned long from, unsigned long to)
{
	struct pfn_range free = { to, to };

	for (unsigned int i = 0; i < nr_ram && free.start == to; i++)
		free = next_gap(max(ram[i].start, from << PAGE_SHIFT),
				min(ram[i].end, to << PAGE_SHIFT), to);
	return free;
}

void boot_mem_release(void)
{
	boot_reserve(0, PAGE_SIZE);
	released = true;
	buddy_start();
}
