/* mappings.c - mmap, munmap, mprotect, madvise, mremap and brk. */
#include "tests/bench/bench.h"

/* Maps, touches the first so many pages (0: none), unmaps. */
static void map_and_unmap(const char *name, u64 ops, u64 pages, u64 touched)
{
	struct row row = ROW(name, ops);

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(9); i++) {
		u64 start = ticks_now();

		for (u64 op = 0; op < ops; op++) {
			char *mapping = map_pages(pages);

			if (!mapping) {
				rows_skip(&row, 1, "mmap", 0);
				return;
			}
			touch(mapping, touched);
			unmap_pages(mapping, pages);
		}
		row_stop_sample(&row, start);
	}
	rows_print(&row, 1);
}

static void map_populated(const char *name, u64 ops, u64 pages)
{
	struct row row = ROW(name, ops);

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(9); i++) {
		u64 start = ticks_now();

		for (u64 op = 0; op < ops; op++) {
			long mapping = sys_mmap(0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

			if (is_error(mapping)) {
				rows_skip(&row, 1, "mmap(MAP_POPULATE)", mapping);
				return;
			}
			unmap_pages((void *)mapping, pages);
		}
		row_stop_sample(&row, start);
	}
	rows_print(&row, 1);
}

void bench_mmap(void)
{
	map_and_unmap("mmap_munmap_1p", 500, 1, 0);
	map_and_unmap("mmap_touch_munmap_1p", 500, 1, 1);
	map_and_unmap("mmap_touch_munmap_256p", 10, 256, 256);
	map_populated("mmap_populate_256p", 10, 256);
}

static long protect(char *start, u64 pages, int prot)
{
	return sys_mprotect((uintptr_t)start, pages * PAGE_SIZE, prot);
}

static long timed_protect(struct row *row, char *start, u64 pages, int prot)
{
	u64 begin = ticks_now();
	long result = protect(start, pages, prot);

	row_stop_sample(row, begin);
	return result;
}

void bench_mprotect(void)
{
	enum { PAGES = 1024 };
	enum { TO_READ, TO_WRITE, WRITE_AFTER, SPLIT };
	struct row rows[] = {
		ROW("mprotect_1024p_RW_to_R", 1),
		ROW("mprotect_1024p_R_to_RW", 1),
		ROW("mprotect_write_after", PAGES),
		ROW("mprotect_1p_split_merge", 1),
	};
	char *pages;
	long result = 0;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	pages = map_pages(PAGES);
	touch(pages, PAGES);
	for (unsigned int i = 0; i < sample_count(11) && !result; i++) {
		char *middle = pages + PAGES / 2 * PAGE_SIZE;
		u64 start;

		result = timed_protect(&rows[TO_READ], pages, PAGES, PROT_READ);
		if (result)
			break;
		timed_protect(&rows[TO_WRITE], pages, PAGES, PROT_READ | PROT_WRITE);
		start = ticks_now();
		touch(pages, PAGES);
		row_stop_sample(&rows[WRITE_AFTER], start);
		start = ticks_now();
		protect(middle, 1, PROT_READ);
		protect(middle, 1, PROT_READ | PROT_WRITE);
		row_stop_sample(&rows[SPLIT], start);
	}
	unmap_pages(pages, PAGES);
	if (result)
		rows_skip(rows, ARRAY_SIZE(rows), "mprotect", result);
	else
		rows_print(rows, ARRAY_SIZE(rows));
}

void bench_madvise(void)
{
	enum { PAGES = 1024 };
	struct row rows[] = { ROW("madvise_dontneed_per_page", PAGES),
			      ROW("madvise_refault", PAGES) };
	char *pages;
	long result = 0;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	pages = map_pages(PAGES);
	for (unsigned int i = 0; i < sample_count(11) && !result; i++) {
		u64 start;

		touch(pages, PAGES);
		start = ticks_now();
		result = sys_madvise((uintptr_t)pages, PAGES * PAGE_SIZE, MADV_DONTNEED);
		row_stop_sample(&rows[0], start);
		start = ticks_now();
		touch(pages, PAGES);
		row_stop_sample(&rows[1], start);
	}
	unmap_pages(pages, PAGES);
	if (result)
		rows_skip(rows, ARRAY_SIZE(rows), "madvise", result);
	else
		rows_print(rows, ARRAY_SIZE(rows));
}

/* Moves 1024 touched pages to and fro between two places, each so far from a 2 MiB boundary. */
static void move_pages(const char *name, u64 from_offset, u64 to_offset)
{
	enum { PAGES = 1024, SPACE = 8 * PAGES };
	struct row row = ROW(name, 1);
	char *space, *from, *to;
	long result = 0;

	if (!row_wanted(&row))
		return;
	space = map_pages(SPACE);
	if (!space) {
		rows_skip(&row, 1, "mmap", 0);
		return;
	}
	from = align_2m(space) + from_offset * PAGE_SIZE;
	to = align_2m(space) + (3 * PAGES + to_offset) * PAGE_SIZE;
	unmap_pages(to, PAGES);
	touch(from, PAGES);
	for (unsigned int i = 0; i < sample_count(11) && !is_error(result); i++) {
		char *left = from;
		u64 start = ticks_now();

		result = syscall5(__NR_mremap, (long)from, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE,
				  MREMAP_MAYMOVE | MREMAP_FIXED, (long)to);
		row_stop_sample(&row, start);
		from = to;
		to = left;
	}
	unmap_pages(space, SPACE);
	if (is_error(result))
		rows_skip(&row, 1, "mremap", result);
	else
		rows_print(&row, 1);
}

void bench_mremap(void)
{
	move_pages("mremap_move_1024p_unaligned", 1, 4);
	move_pages("mremap_move_1024p_2Maligned", 0, 0);
}

/* Moves the program break up by so many pages, touches them, and moves it down again. */
static void grow_and_shrink(struct row *row, char *end, u64 pages, u64 touched)
{
	u64 start = ticks_now();

	for (u64 op = 0; op < row->ops; op++) {
		sys_brk((uintptr_t)end + pages * PAGE_SIZE);
		touch(end, touched);
		sys_brk((uintptr_t)end);
	}
	row_stop_sample(row, start);
}

void bench_brk(void)
{
	struct row rows[] = { ROW("brk_grow_shrink_1p", 200),
			      ROW("brk_grow_touch_shrink_16p", 20) };
	uintptr_t end;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	end = ((uintptr_t)sys_brk(0) + PAGE_SIZE - 1) & -PAGE_SIZE;
	if ((uintptr_t)sys_brk(end + PAGE_SIZE) != end + PAGE_SIZE) {
		rows_skip(rows, ARRAY_SIZE(rows), "the program break does not move", 0);
		return;
	}
	sys_brk(end);
	for (unsigned int i = 0; i < sample_count(9); i++) {
		grow_and_shrink(&rows[0], (char *)end, 1, 0);
		grow_and_shrink(&rows[1], (char *)end, 16, 16);
	}
	rows_print(rows, ARRAY_SIZE(rows));
}

/* What it takes to give a page table back, and the one page in it. */
void bench_tables(void)
{
	struct row row = ROW("munmap_per_table", 64);

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(9); i++) {
		char *mapping = map_tables(row.ops);
		u64 start = ticks_now();

		unmap_tables(mapping, row.ops);
		row_stop_sample(&row, start);
	}
	rows_print(&row, 1);
}
