/*
 * Physical memory: one piece of host memory, frames numbered from first_pfn. Holes between the
 * regions of RAM have host memory behind them too, but touching one is a panic. Under ASan the
 * frames on the free lists are poisoned, so that a late access is reported where it happens.
 */
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <sys/mman.h>
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "arch/sim/snapshot.h"
#include "kernel/base/bug.h"

/* Beyond this, the shadow memory of a poisoned arena would cost more than it finds. */
#define WATCH_MAX_FRAMES (256ul << (20 - PAGE_SHIFT))

static struct {
	u8 *memory;
	u8 *free; /* one byte for each frame: it is on a free list */
	unsigned long first_pfn, end_pfn;
	bool watched;
} arena;

static void *host_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	BUG_MSG(memory == MAP_FAILED, "the host has no %zu bytes for the arena", size);
	return memory;
}

void arena_create(const struct sim_config *config)
{
	unsigned long frames;

	arena.first_pfn = config->regions[0].start >> PAGE_SHIFT;
	arena.end_pfn = config->regions[config->nr_regions - 1].end >> PAGE_SHIFT;
	frames = arena.end_pfn - arena.first_pfn;
	arena.memory = host_memory(frames << PAGE_SHIFT);
	arena.free = host_memory(frames);
	arena.watched = frames <= WATCH_MAX_FRAMES;
}

bool arena_contains(unsigned long pfn) { return pfn >= arena.first_pfn && pfn < arena.end_pfn; }

bool arena_frame_free(unsigned long pfn) { return arena.free[pfn - arena.first_pfn]; }

void *frame_ptr(unsigned long pfn)
{
	BUG_MSG(!arena_contains(pfn), "frame %#lx is outside the memory [%#lx, %#lx)", pfn,
		arena.first_pfn, arena.end_pfn);
	return arena.memory + ((pfn - arena.first_pfn) << PAGE_SHIFT);
}

unsigned long ptr_frame(const void *ptr)
{
	unsigned long offset = (unsigned long)((const u8 *)ptr - arena.memory);

	BUG_MSG((const u8 *)ptr < arena.memory ||
			offset >> PAGE_SHIFT >= arena.end_pfn - arena.first_pfn,
		"%p does not point into the arena", ptr);
	return arena.first_pfn + (offset >> PAGE_SHIFT);
}

static void check_page(const void *page)
{
	BUG_MSG((unsigned long)page & ~PAGE_MASK, "%p is not page aligned", page);
	ptr_frame(page);
}

void page_zero(void *page)
{
	check_page(page);
	sim_point(page, ACCESS_WRITE | ACCESS_PAGE | ACCESS_NOTE);
	datarace_access(page, PAGE_SIZE, PLAIN_WRITE, PLACE);
	memset(page, 0, PAGE_SIZE);
}

void page_copy(void *dst, const void *src)
{
	check_page(dst);
	check_page(src);
	BUG_MSG(arena_frame_free(ptr_frame(src)), "frame %#lx is copied, but it is free",
		ptr_frame(src));
	sim_point(src, ACCESS_READ | ACCESS_PAGE | ACCESS_NOTE);
	sim_point(dst, ACCESS_WRITE | ACCESS_PAGE | ACCESS_NOTE);
	datarace_access(src, PAGE_SIZE, PLAIN_READ, PLACE);
	datarace_access(dst, PAGE_SIZE, PLAIN_WRITE, PLACE);
	memcpy(dst, src, PAGE_SIZE);
}

void frame_alloced(unsigned long pfn, unsigned int order)
{
	void *start = frame_ptr(pfn);

	if (!arena.watched)
		return;
	memset(arena.free + (pfn - arena.first_pfn), 0, 1ul << order);
	snapshot_touch(start, PAGE_SIZE << order);
	ASAN_UNPOISON_MEMORY_REGION(start, PAGE_SIZE << order);
}

void frame_freed(unsigned long pfn, unsigned int order)
{
	void *start = frame_ptr(pfn);

	if (!arena.watched)
		return;
	memset(arena.free + (pfn - arena.first_pfn), 1, 1ul << order);
	sim_point(start, ACCESS_WRITE | ACCESS_PAGE | ACCESS_NOTE);
	snapshot_touch(start, PAGE_SIZE << order);
	ASAN_POISON_MEMORY_REGION(start, PAGE_SIZE << order);
}

void memory_hide(const void *start, size_t size)
{
	snapshot_touch(start, size);
	ASAN_POISON_MEMORY_REGION(start, size);
}

void memory_show(const void *start, size_t size)
{
	snapshot_touch(start, size);
	ASAN_UNPOISON_MEMORY_REGION(start, size);
}

void arena_add_to_snapshot(void)
{
	snapshot_add(arena.memory, (arena.end_pfn - arena.first_pfn) << PAGE_SHIFT);
	snapshot_add(arena.free, arena.end_pfn - arena.first_pfn);
}
