/*
 * A page of a file on a device is written back while it is written to, mapped and unmapped: whatever
 * the order, what was written last arrives on the device in the end.
 */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/writeback.h"
#include "tests/races/race.h"

#define AT 0x40000000ul

static struct address_space file;
static struct page *platter; /* the device: one page */
static unsigned int reads;
static bool may_keep_lock;	/* a page that goes between a fault's look and its use is read under mmap_lock */

static int read_platter(struct address_space *mapping, struct folio *folio)
{
	RACE_CHECK(may_keep_lock || !lockdep_held(&race_mm->mmap_lock));
	reads++;
	page_copy(folio_address(folio), page_address(platter));
	return 0;
}

static int write_platter(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	RACE_EQ(n, 1);
	page_copy(page_address(platter), folio_address(folios[0]));
	return 0;
}

static const struct address_space_ops device_ops = {
	.read_folio = read_platter, .write_folios = write_platter,
};

/* A device that begins to read, and ends it as another CPU's interrupt; the second time it is done at once. */
static struct folio *reading;

static int start_read(struct address_space *mapping, struct folio *folio)
{
	folio_start_read(folio);
	if (reads++) {
		page_copy(folio_address(folio), page_address(platter));
		folio_end_read(folio, true);
	} else {
		reading = folio;
	}
	return 0;
}

static const struct address_space_ops slow_device_ops = {
	.start_read = start_read, .write_folios = write_platter,
};

static void map_absent(void)
{
	const struct mmap_source source = { .mapping = &file };

	reads = 0;
	may_keep_lock = false;
	platter = alloc_page(GFP_ZERO);
	mapping_init(&file, &device_ops, NULL, PAGE_SIZE);
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &source, 0), AT);
}
/* The device is reading. */
static void map_being_read(void)
{
	map_absent();
	file.ops = &slow_device_ops;
	filemap_ask_for(&file, 0);
}
static void device_reads(void) { folio_end_read(reading, true); }
/* Who maps first: nobody may hold mmap_lock who waits for what comes then. */
static void map_and_device_reads(void)
{
	race_map(AT + 8 * PAGE_SIZE, 1);
	device_reads();
}
static void device_fails(void) { folio_end_read(reading, false); }

/* What was dirty before is there when it returns, whoever has written it. */
static void write_back_1(void)
{
	RACE_EQ(filemap_write_and_wait_range(&file, 0, 0), 0);
	RACE_CHECK(*(u64 *)page_address(platter));
}
static void write_back(void) { RACE_EQ(filemap_write_and_wait_range(&file, 0, 0), 0); }

static void map_dirty(void)
{
	map_absent();
	race_poke(AT, 1);
}
static void map_clean(void)
{
	map_dirty();
	write_back();
}
static void map_to_be_forgotten(void)
{
	map_clean();
	may_keep_lock = true;
}
/* Dirty by a write() beside a mapping through which it has not been written to yet. */
static void map_dirtied(void)
{
	struct folio *folio;

	map_clean();
	folio = filemap_find(&file, 0);
	page_set(&folio->page, PG_dirty);
	folio_put(folio);
}

static void write_7(void) { race_poke(AT, 7); }
static void write_8(void) { race_poke(AT + 8, 8); }
static void write_if_mapped(void)
{
	int signo = race_write(AT, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}
/* One fault, which the page may leave under. */
static void try_to_write(void)
{
	struct fault_result res;

	user_fault(race_mm, AT, FAULT_FLAG_USER | FAULT_FLAG_WRITE, &res);
	RACE_EQ(res.signo, 0);
}
/* As O_DIRECT does it: what is clean is forgotten, mapped or not. */
static void forget_page(void) { filemap_invalidate_range(&file, 0, 0); }
static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }
static void protect(void)
{
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, RW), 0);
}

/* The lock is ours from beginning to end. */
static void get_with_lock(unsigned int flags)
{
	struct page *page;
	long n;

	mmap_read_lock(race_mm);
	n = get_user_pages(race_mm, AT, 1, flags, &page);
	RACE_CHECK(n == 1 || (!n && flags & FOLL_NOWAIT));
	RACE_CHECK(vma_lookup(race_mm, AT));
	mmap_read_unlock(race_mm);
	if (n)
		put_page(page);
	race_outcome((u64)n);
}
static void get_nowait(void) { get_with_lock(FOLL_NOWAIT); }
static void get_waiting(void) { get_with_lock(0); }
static void get_without_lock(void)
{
	struct page *page;

	RACE_EQ(get_user_pages_unlocked(race_mm, AT, 1, 0, &page), 1);
	put_page(page);
}

static void is_read(void)
{
	RACE_EQ(reads, 1);
	RACE_EQ(race_peek(AT), 0);
	RACE_EQ(mm_munmap(race_mm, AT, 9 * PAGE_SIZE), 0);
	filemap_drop_all(&file);
	free_page(platter);
}

/* What is clean is on the device; what is not is after it has been written back. */
static void is_on_device(void)
{
	struct folio *folio = filemap_find(&file, 0);
	const u64 *page = folio_address(folio), *device = page_address(platter);
	bool dirty = page_test(&folio->page, PG_dirty);

	RACE_CHECK(!page_test(&folio->page, PG_writeback));
	RACE_CHECK(dirty || (page[0] == device[0] && page[1] == device[1]));
	race_outcome(dirty);
	write_back();
	RACE_CHECK(page[0] == device[0] && page[1] == device[1]);
	folio_put(folio);
	RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0);
	filemap_drop_all(&file);
	free_page(platter);
}

static void is_read_once_7(void)
{
	RACE_EQ(reads, 1);
	RACE_EQ(race_peek(AT), 7);
	is_on_device();
}

static void is_7_and_8(void)
{
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + 8), 8);
	race_outcome(reads);
	is_on_device();
}

/* And what the program writes then is not missed. */
static void is_noted(void)
{
	race_run_on(1, race_mm);
	race_poke(AT, 9);
	race_run_on(0, race_mm);
	write_back();
	RACE_EQ(*(u64 *)page_address(platter), 9);
	is_on_device();
}

static void clean_is_on_device(void)
{
	struct folio *folio = filemap_find(&file, 0);

	RACE_CHECK(page_test(&folio->page, PG_dirty) ||
		   *(u64 *)folio_address(folio) == *(u64 *)page_address(platter));
	folio_put(folio);
}

static void is_7_and_noted(void)
{
	RACE_EQ(race_peek(AT), 7);
	clean_is_on_device();
	is_noted();
}

static void is_read_once(void)
{
	RACE_EQ(reads, 1);
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + 8), 8);
	is_on_device();
}

RACE("writeback-write", "a page is written back while another CPU, which may, writes to it", .levels = 3,
     .setup = map_dirty, .cpu = { write_back_1, write_7 }, .probe = is_7_and_noted)
RACE("writeback-first-write", "a page is written back beside its first write through a mapping",
     .levels = 3, .setup = map_dirtied, .cpu = { write_back_1, write_7 }, .probe = is_7_and_noted)
RACE("writeback-writeback", "two write a page back, and a third writes to it", .levels = 3,
     .setup = map_dirty, .cpu = { write_back_1, write_back_1, write_7 }, .probe = is_7_and_noted)
RACE("writeback-munmap-write", "a page is written back and unmapped, while a third CPU writes to it",
     .levels = 3, .setup = map_dirty, .cpu = { unmap, write_back, write_if_mapped },
     .probe = is_on_device)
RACE("writeback-mprotect", "a page is written back while its permission goes and comes", .levels = 3,
     .setup = map_dirty, .cpu = { write_back_1, protect }, .probe = is_noted)
RACE("write-fault-invalidate", "a clean page leaves its file while it is about to be written to", .levels = 3,
     .setup = map_to_be_forgotten, .cpu = { try_to_write, forget_page }, .probe = is_noted)
RACE("absent-fault-fault", "two faults want a page that is on the device: it is read once", .levels = 3,
     .setup = map_absent, .cpu = { write_7, write_8 }, .probe = is_read_once)
RACE("device-fault", "a fault waits for a page that a device is reading, which ends", .levels = 3,
     .setup = map_being_read, .cpu = { write_7, device_reads }, .probe = is_read_once_7)
RACE("device-fails-fault", "two faults wait for a page that cannot be read: one of them asks again", .levels = 3,
     .setup = map_being_read, .cpu = { write_7, device_fails, write_8 }, .probe = is_7_and_8)
RACE("gup-nowait-device", "one takes a page that a device is reading, without waiting; the other maps meanwhile",
     .levels = 3, .setup = map_being_read, .cpu = { get_nowait, map_and_device_reads }, .probe = is_read)
RACE("gup-waits-device", "one waits for a page that a device is reading, and keeps the lock", .levels = 3,
     .setup = map_being_read, .cpu = { get_waiting, device_reads }, .probe = is_read)
RACE("gup-unlocked-device", "one waits for a page that a device is reading; the other maps meanwhile",
     .levels = 3, .setup = map_being_read, .cpu = { get_without_lock, map_and_device_reads }, .probe = is_read)
