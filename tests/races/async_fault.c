/*
 * Asynchronous faults: the two halves against the end of the program, munmap, and
 * a writer that waits.
 */
#include "mm/async_fault.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "tests/races/race.h"

#define AT 0x40000000ul

static struct mm_struct *asker;
static struct address_space file;
static struct folio *reading;

/* It begins, and ends when another CPU says so; the second time it is done at once. */
static int start_read(struct address_space *mapping, struct folio *folio)
{
	bool again = reading;

	reading = folio;
	folio_start_read(folio);
	if (again)
		folio_end_read(folio, true);
	return 0;
}

static int write_folios(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	return 0;
}

static const struct address_space_ops ops = { .start_read = start_read,
					      .write_folios = write_folios };

static void map_being_read(void)
{
	const struct mmap_source source = { .mapping = &file };

	reading = NULL;
	mapping_init(&file, &ops, NULL, PAGE_SIZE);
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, &source, 0),
		AT);
	race_map(AT + PAGE_SIZE, 1);
	RACE_EQ(async_fault_try(race_mm, AT, false), -EAGAIN);
}
/* A program with one thread, on CPU 1, and the worker, which has its request, on CPU 0. */
static void asker_and_worker(void)
{
	asker = mm_alloc(3);
	RACE_CHECK(asker);
	race_run_on(1, asker);
	RACE_EQ(mm_mmap(asker, AT, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), AT);
	race_poke(AT, 1);
	mmgrab(asker);
	race_run_on(0, NULL);
}

static void device_reads(void) { folio_end_read(reading, true); }

static void wait_for_asker(void)
{
	int ret = async_fault_wait(asker, AT, false);

	RACE_CHECK(!ret || ret == -ESRCH);
	race_outcome((u64)-ret);
	mmdrop(asker);
}
static void asker_ends(void)
{
	race_run_on(1, NULL);
	mmput(asker);
}
static void wait_for_page(void)
{
	int ret = async_fault_wait(race_mm, AT, false);

	RACE_CHECK(!ret || ret == -EFAULT);
	race_outcome((u64)-ret);
}
static void unmap_and_device_reads(void)
{
	RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0);
	device_reads();
}

/* As a debugger's read: it waits for the device, and does not let go of the lock. */
static void wait_with_lock(void)
{
	struct page *page;

	mmap_read_lock(race_mm);
	RACE_EQ(get_user_pages(race_mm, AT, 1, 0, &page), 1);
	mmap_read_unlock(race_mm);
	put_page(page);
}
static void unmap_another(void) { RACE_EQ(mm_munmap(race_mm, AT + PAGE_SIZE, PAGE_SIZE), 0); }
/* What comes after the question may be what the device's answer depends on. */
static void try_and_device_reads(void)
{
	int ret = async_fault_try(race_mm, AT, false);

	RACE_EQ(ret, -EAGAIN);
	device_reads();
}

static void no_page_is_left(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(folio_ref_count(reading), 1);
	filemap_drop_all(&file);
}
static void page_is_there(void)
{
	RACE_EQ(async_fault_try(race_mm, AT, false), 0);
	RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0);
	no_page_is_left();
}

RACE("async-exit", "a program ends while the worker takes up its request", .levels = 3,
     .setup = asker_and_worker, .cpu = { wait_for_asker, asker_ends })
RACE("async-munmap",
     "the worker waits for a page that a device is reading; it is unmapped, and comes",
     .levels = 3, .setup = map_being_read, .cpu = { wait_for_page, unmap_and_device_reads },
     .probe = no_page_is_left)
RACE("async-try-writer",
     "one waits for a device with the lock, a writer for him; who asks waits for neither",
     .levels = 3, .setup = map_being_read,
     .cpu = { wait_with_lock, unmap_another, try_and_device_reads }, .probe = page_is_there)
