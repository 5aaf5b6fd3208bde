/* A file shrinks, or gets a hole, under those who map it: afterwards nobody has what is gone. */
#include "mm/pagecache.h"
#include "tests/races/race.h"

#define AT   0x40000000ul
#define COPY 0x50000000ul

static struct address_space file;
static const struct address_space_ops file_ops;
static struct mm_struct *child;

/* Two pages of the file, shared at AT; its first word is 1. */
static void map_shared(void)
{
	const struct mmap_source source = { .mapping = &file };

	mapping_init(&file, &file_ops, NULL, 2 * PAGE_SIZE);
	file.shmem = true;
	RACE_EQ(mm_mmap(race_mm, AT, 2 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &source, 0), AT);
	race_poke(AT, 1);
}
static void map_shared_touched(void)
{
	map_shared();
	race_poke(AT + PAGE_SIZE, 2);
}

/* The same, and private at COPY. */
static void map_file(void)
{
	const struct mmap_source source = { .mapping = &file };

	map_shared();
	RACE_EQ(mm_mmap(race_mm, COPY, 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, &source, 0),
		COPY);
}
static void map_touched(void)
{
	map_file();
	race_poke(AT + PAGE_SIZE, 2);
}
static void map_copied(void)
{
	map_touched();
	race_poke(COPY + PAGE_SIZE, 3);
}

/* The lock of the file's owner: those that change its size exclude each other. */
static void shrink(void) { truncate_setsize(&file, PAGE_SIZE); }
static void shrink_and_grow(void)
{
	truncate_setsize(&file, PAGE_SIZE);
	truncate_setsize(&file, 2 * PAGE_SIZE);
}
static void punch(void) { truncate_pagecache_range(&file, PAGE_SIZE, 2 * PAGE_SIZE); }

/* Before, or refused. */
static void write_at(unsigned long addr)
{
	int signo = race_write(addr, 7);

	RACE_CHECK(!signo || signo == SIGBUS);
	race_outcome((u64)signo);
}
static void write_it(void) { write_at(AT + PAGE_SIZE); }
static void write_copy(void) { write_at(COPY + PAGE_SIZE); }
static void write_fault(void) { RACE_EQ(race_fault_write(AT + PAGE_SIZE), 0); }
/* Before, or refused: one round of it, and no write. */
static void copy_fault(void)
{
	int signo = race_fault_write(COPY + PAGE_SIZE);

	RACE_CHECK(!signo || signo == SIGBUS);
	race_outcome((u64)signo);
}
static void read_it(void)
{
	u64 v = 99;
	int signo = race_read(AT + PAGE_SIZE, &v);

	RACE_CHECK(signo == SIGBUS || (!signo && (v == 0 || v == 2 || v == 7)));
	race_outcome((u64)signo);
}
static void fork_it(void)
{
	child = mm_fork(race_mm);
	RACE_CHECK(!IS_ERR(child));
}
static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, 2 * PAGE_SIZE), 0); }
static void unmap_second(void) { RACE_EQ(mm_munmap(race_mm, AT + PAGE_SIZE, PAGE_SIZE), 0); }
static void split_and_merge(void)
{
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, RW), 0);
}
static void populate_cache(void)
{
	struct folio *folio = filemap_get(&file, 1);

	RACE_CHECK(!IS_ERR(folio) || PTR_ERR(folio) == -EIO);
	if (!IS_ERR(folio))
		folio_put(folio);
}
static void map_cached(void)
{
	map_shared();
	populate_cache();
}

/* A page that cannot be read in is in the cache while that is tried. */
static int read_fails(struct address_space *mapping, struct folio *folio)
{
	(void)mapping, (void)folio;
	return -EIO;
}
static const struct address_space_ops failing_ops = { .read_folio = read_fails };

static void unreadable_file(void) { mapping_init(&file, &failing_ops, NULL, 2 * PAGE_SIZE); }
static void read_in_vain(void) { RACE_EQ(PTR_ERR(filemap_get(&file, 1)), -EIO); }
static void is_empty(void) { RACE_EQ(file.nr_pages, 0); }

static void drop_file(void)
{
	for (unsigned long at = AT; at <= COPY; at += COPY - AT)
		RACE_EQ(mm_munmap(race_mm, at, 2 * PAGE_SIZE), 0);
	RACE_CHECK(RB_EMPTY(&file.i_mmap) && !atomic_read(&file.i_mmap_writable));
	filemap_drop_all(&file);
	RACE_EQ(file.nr_pages, 0);
}

/* On both CPUs and in both mappings: the first page is there, the second is not. */
static void is_gone(void)
{
	RACE_EQ(race_peek(AT), 1);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		race_run_on(cpu, race_mm);
		race_expect_signal(AT + PAGE_SIZE, SIGBUS);
		race_expect_signal(COPY + PAGE_SIZE, SIGBUS);
	}
	race_run_on(0, race_mm);
	drop_file();
}

/* Through every mapping the same page: what is written to it arrives in the file. */
static void is_one_page(void)
{
	u64 v = race_peek(AT + PAGE_SIZE);
	struct folio *folio;

	RACE_CHECK(v == 0 || v == 7);
	race_poke(AT + PAGE_SIZE, 11);
	folio = filemap_find(&file, 1);
	RACE_CHECK(folio && *(u64 *)folio_address(folio) == 11);
	folio_put(folio);
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 11);
	race_run_on(0, race_mm);
	drop_file();
}

/* Neither parent nor child keeps a copy of what is gone. */
static void is_gone_in_both(void)
{
	race_adopt(child);
	race_run_on(0, child);
	race_expect_signal(COPY + PAGE_SIZE, SIGBUS);
	race_expect_signal(AT + PAGE_SIZE, SIGBUS);
	RACE_EQ(mm_munmap(child, AT, COPY - AT + 2 * PAGE_SIZE), 0);
	race_run_on(0, race_mm);
	is_gone();
}

static void is_unmapped(void)
{
	race_expect_signal(AT + PAGE_SIZE, SIGSEGV);
	race_expect_signal(COPY + PAGE_SIZE, SIGBUS);
	drop_file();
}

RACE("truncate-fault", "a file shrinks beside a first write to what goes", .levels = 3,
     .setup = map_file, .cpu = { shrink, write_it }, .probe = is_gone)
RACE("truncate-write", "a file shrinks while another CPU writes to what goes", .levels = 3,
     .setup = map_touched, .cpu = { shrink, write_it }, .probe = is_gone)
RACE("truncate-cow", "a file shrinks while a private copy of what goes is made", .levels = 3,
     .setup = map_touched, .cpu = { shrink, write_copy }, .probe = is_gone)
RACE("truncate-write-read", "the same, and a third CPU reads", .levels = 3, .setup = map_touched,
     .cpu = { shrink, write_it, read_it }, .probe = is_gone)
RACE("truncate-grow-write", "a file shrinks and grows under a write: one page in the end",
     .levels = 3, .setup = map_touched, .cpu = { shrink_and_grow, write_it }, .probe = is_one_page)
RACE("punch-fault", "a page becomes a hole beside a fault that reads it in", .levels = 3,
     .setup = map_shared, .cpu = { punch, write_fault }, .probe = is_one_page)
RACE("punch-fault-cached", "a page becomes a hole beside a fault that finds it", .levels = 3,
     .setup = map_cached, .cpu = { punch, write_fault }, .probe = is_one_page)
RACE("punch-fault-mapped", "a page that is mapped becomes a hole beside a fault on it",
     .levels = 3, .setup = map_shared_touched, .cpu = { punch, write_fault }, .probe = is_one_page)
RACE("punch-read-fails", "a page becomes a hole while reading it in fails", .levels = 3,
     .setup = unreadable_file, .cpu = { punch, read_in_vain }, .probe = is_empty)
RACE("fork-truncate", "a file shrinks while a process with a private copy forks", .levels = 3,
     .setup = map_copied, .cpu = { fork_it, shrink }, .probe = is_gone_in_both)
RACE("fork-truncate-cow", "the same, while another thread makes the private copy", .levels = 3,
     .setup = map_touched, .cpu = { fork_it, shrink, copy_fault }, .probe = is_gone_in_both)
RACE("munmap-truncate", "a mapping goes while its file shrinks", .levels = 3, .setup = map_touched,
     .cpu = { unmap, shrink }, .probe = is_unmapped)
RACE("munmap-part-truncate", "a part of a mapping goes, and with it its page", .levels = 3,
     .setup = map_touched, .cpu = { unmap_second, shrink }, .probe = is_unmapped)
RACE("split-truncate", "a mapping is cut and joined while its file shrinks", .levels = 3,
     .setup = map_touched, .cpu = { split_and_merge, shrink }, .probe = is_gone)
RACE("read-truncate", "a page is read in while the file shrinks", .levels = 3, .setup = map_file,
     .cpu = { populate_cache, shrink }, .probe = is_gone)
