/* The radix tree and the page cache over it. */
#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/radix.h"

static struct mem_usage boot(void)
{
	sim_boot(&(struct sim_config){ 0 });
	return mem_quiesce();
}

static void check_nothing_left(struct mem_usage before)
{
	struct mem_usage now = mem_quiesce();

	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}

static int items[300];

TEST("radix-finds-what-was-inserted-at-any-distance")
{
	struct mem_usage before = boot();
	struct radix_tree tree = { NULL, 0 };
	static const unsigned long places[] = { 0, 1, 63, 64, 4095, 4096, 1ul << 30, 1ul << 52,
						~0ul };

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		CHECK_EQ(radix_insert(&tree, places[i], &items[i]), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		CHECK(radix_find(&tree, places[i]) == &items[i]);
	CHECK(!radix_find(&tree, 2) && !radix_find(&tree, 1ul << 51));
	CHECK_EQ(radix_insert(&tree, 64, &items[9]), -EEXIST);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		CHECK(radix_remove(&tree, places[i]) == &items[i]);
	CHECK(!radix_remove(&tree, 5) && !tree.root);
	check_nothing_left(before);
}

TEST("radix-next-visits-all-in-order")
{
	struct radix_tree tree = { NULL, 0 };
	unsigned long at = 0, n = 0;

	boot();
	CHECK(!radix_next(&tree, &at));
	for (unsigned long i = 0; i < 300; i++)
		CHECK_EQ(radix_insert(&tree, i * i * 7, &items[i]), 0);
	for (void *item; (item = radix_next(&tree, &at)); at++, n++)
		CHECK(at == n * n * 7 && item == &items[n]);
	CHECK_EQ(n, 300);
}

static struct radix_tree failing;
static bool insert_far(void)
{
	return radix_insert(&failing, 1ul << 40, items) == 0;
}
static void remove_far(void)
{
	radix_remove(&failing, 1ul << 40);
}

TEST("radix-insert-without-memory-leaves-no-node")
{
	boot();
	CHECK(unit_fail_each(insert_far, remove_far) >= 7);
	CHECK(!failing.root);
}

/* ---- the page cache ---- */

static int reads, fail_reads;
static int read_index(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	reads++;
	if (fail_reads)
		return -EIO;
	memset(folio_address(folio), 'a' + (int)folio->page.index, PAGE_SIZE);
	return 0;
}
static int releases;
static void note_release(struct address_space *mapping) { (void)mapping; releases++; }
static int begun;
static int begin_read(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	begun++;
	folio_start_read(folio);
	folio_end_read(folio, true);
	return 0;
}
static const struct address_space_ops letter_ops = { .read_folio = read_index,
						     .release = note_release };

TEST("a-page-is-read-once-and-found-afterwards")
{
	struct mem_usage before = boot();
	struct address_space file;
	struct folio *a, *b;

	mapping_init(&file, &letter_ops, NULL, 3 * PAGE_SIZE);
	CHECK(!filemap_find(&file, 1));
	a = filemap_get(&file, 1);
	b = filemap_get(&file, 1);
	CHECK(!IS_ERR(a) && a == b && reads == 1);
	CHECK_EQ(folio_ref_count(a), 3);
	folio_put(a);
	folio_put(b);
	CHECK_EQ(file.nr_pages, 1);
	mapping_put(&file);
	CHECK_EQ(releases, 1);
	check_nothing_left(before);
}

/* Where a read would have to be waited for, none begins. */
TEST("asking-for-a-page-begins-no-read-that-waits-and-none-behind-the-end")
{
	static const struct address_space_ops begins = { .start_read = begin_read,
							 .release = note_release };
	struct mem_usage before = boot();
	struct address_space file;

	mapping_init(&file, &letter_ops, NULL, 2 * PAGE_SIZE);
	filemap_ask_for(&file, 0);
	CHECK_EQ(reads, 0);
	CHECK_EQ(file.nr_pages, 0);
	file.ops = &begins;
	filemap_ask_for(&file, 2);
	CHECK_EQ(begun, 0);
	filemap_ask_for(&file, 1);
	CHECK_EQ(begun, 1);
	filemap_ask_for(&file, 1);	/* it is there, and keeps no reference */
	CHECK_EQ(begun, 1);
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("a-failed-read-leaves-no-page-and-is-tried-again")
{
	struct mem_usage before = boot();
	struct address_space file;
	struct folio *folio;

	mapping_init(&file, &letter_ops, NULL, PAGE_SIZE);
	fail_reads = 1;
	CHECK_EQ(PTR_ERR(filemap_get(&file, 0)), -EIO);
	CHECK_EQ(file.nr_pages, 0);
	fail_reads = 0;
	folio = filemap_get(&file, 0);
	CHECK(!IS_ERR(folio));
	folio_put(folio);
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("reading-a-file-crosses-pages-and-stops-at-its-end")
{
	struct address_space file;
	char buf[PAGE_SIZE];

	boot();
	mapping_init(&file, &letter_ops, NULL, PAGE_SIZE + 10);
	CHECK_EQ(filemap_read(&file, PAGE_SIZE - 2, buf, 100), 12);
	CHECK(!memcmp(buf, "aabbbbbbbbbb", 12));
	CHECK_EQ(filemap_read(&file, PAGE_SIZE + 10, buf, 1), 0);
	CHECK_EQ(filemap_read(&file, PAGE_SIZE + 11, buf, 1), 0);
	CHECK_EQ(PTR_ERR(filemap_get(&file, 2)), -EIO);
	mapping_put(&file);
}

TEST("a-read-that-meets-an-error-tells-how-far-it-came")
{
	struct address_space file;
	struct folio *folio;
	char buf[4];

	boot();
	mapping_init(&file, &letter_ops, NULL, 2 * PAGE_SIZE);
	folio = filemap_get(&file, 0);
	folio_put(folio);
	fail_reads = 1;
	CHECK_EQ(filemap_read(&file, PAGE_SIZE - 2, buf, 4), 2);
	CHECK_EQ(filemap_read(&file, PAGE_SIZE, buf, 4), -EIO);
	mapping_put(&file);
}

static void read_in(struct address_space *file, unsigned long index)
{
	struct folio *folio = filemap_get(file, index);

	CHECK(!IS_ERR(folio));
	folio_put(folio);
}

TEST("data-and-holes-of-a-file-are-found-up-to-its-end")
{
	struct address_space file;

	boot();
	mapping_init(&file, &letter_ops, NULL, 4 * PAGE_SIZE + 10);
	read_in(&file, 1);
	read_in(&file, 2);
	CHECK_EQ(filemap_seek(&file, 5, true), PAGE_SIZE);
	CHECK_EQ(filemap_seek(&file, PAGE_SIZE + 5, true), PAGE_SIZE + 5);
	CHECK_EQ(filemap_seek(&file, 3 * PAGE_SIZE, true), -ENXIO);
	CHECK_EQ(filemap_seek(&file, 5, false), 5);
	CHECK_EQ(filemap_seek(&file, PAGE_SIZE + 5, false), 3 * PAGE_SIZE);
	read_in(&file, 3);
	read_in(&file, 4);
	CHECK_EQ(filemap_seek(&file, PAGE_SIZE, false), 4 * PAGE_SIZE + 10);
	CHECK_EQ(filemap_seek(&file, 4 * PAGE_SIZE + 10, false), -ENXIO);
	mapping_put(&file);
}

/* write() makes its pages first, and the size follows. */
TEST("a-page-behind-the-end-is-no-data")
{
	struct address_space file;
	struct folio *folio;

	boot();
	mapping_init(&file, &letter_ops, NULL, 2 * PAGE_SIZE);
	folio = filemap_grab(&file, 3);
	CHECK(!IS_ERR(folio));
	folio_put(folio);
	CHECK_EQ(filemap_seek(&file, 0, true), -ENXIO);
	CHECK_EQ(filemap_seek(&file, 0, false), 0);
	file.size = 1ul << 30;	/* far more than the tree has places for */
	CHECK_EQ(filemap_seek(&file, 0, true), 3 * PAGE_SIZE);
	CHECK_EQ(filemap_seek(&file, 4 * PAGE_SIZE, true), -ENXIO);
	mapping_put(&file);
}

TEST("only-clean-pages-that-nobody-uses-are-dropped")
{
	struct mem_usage before = boot();
	struct address_space file;
	struct folio *used, *dirty;

	mapping_init(&file, &letter_ops, NULL, 3 * PAGE_SIZE);
	read_in(&file, 0);
	used = filemap_get(&file, 1);
	dirty = filemap_get(&file, 2);
	page_set(&dirty->page, PG_dirty);
	folio_put(dirty);
	filemap_drop_clean(&file);
	CHECK(!filemap_find(&file, 0));
	CHECK_EQ(file.nr_pages, 2);
	folio_put(used);
	filemap_drop_clean(&file);
	CHECK_EQ(file.nr_pages, 1);
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("of-a-range-only-its-own-pages-are-dropped")
{
	struct mem_usage before = boot();
	struct address_space file;

	mapping_init(&file, &letter_ops, NULL, 5 * PAGE_SIZE);
	for (unsigned long index = 0; index < 5; index++)
		read_in(&file, index);
	filemap_drop_clean_range(&file, 1, 2);
	CHECK_EQ(file.nr_pages, 3);
	for (unsigned long index = 1; index <= 2; index++)
		CHECK(!filemap_find(&file, index));
	filemap_drop_clean_range(&file, 5, ~0ul);
	CHECK_EQ(file.nr_pages, 3);
	filemap_drop_clean_range(&file, 4, ~0ul);
	filemap_drop_clean_range(&file, 0, 0);
	CHECK_EQ(file.nr_pages, 1);
	filemap_drop_clean_range(&file, 3, 3);
	CHECK_EQ(file.nr_pages, 0);
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("what-lies-behind-a-truncated-end-is-zero-when-the-file-grows")
{
	struct mem_usage before = boot();
	struct address_space file;
	char buf[4];

	mapping_init(&file, &letter_ops, NULL, 2 * PAGE_SIZE);
	read_in(&file, 0);
	read_in(&file, 1);
	truncate_setsize(&file, 10);
	CHECK_EQ(file.nr_pages, 1);
	truncate_setsize(&file, 100);
	CHECK_EQ(filemap_read(&file, 8, buf, 4), 4);
	CHECK(!memcmp(buf, "aa\0\0", 4));
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("a-hole-takes-whole-pages-and-zeroes-parts")
{
	struct mem_usage before = boot();
	struct address_space file;
	char buf[4];

	mapping_init(&file, &letter_ops, NULL, 4 * PAGE_SIZE);
	for (unsigned long i = 0; i < 4; i++)
		read_in(&file, i);
	truncate_pagecache_range(&file, PAGE_SIZE - 2, 3 * PAGE_SIZE + 2);
	CHECK_EQ(file.nr_pages, 2);
	CHECK_EQ(filemap_read(&file, PAGE_SIZE - 4, buf, 4), 4);
	CHECK(!memcmp(buf, "aa\0\0", 4));
	CHECK_EQ(filemap_read(&file, 3 * PAGE_SIZE, buf, 4), 4);
	CHECK(!memcmp(buf, "\0\0dd", 4));
	mapping_put(&file);
	check_nothing_left(before);
}

TEST("shared-memory-is-freed-with-its-last-mapping")
{
	struct mem_usage before = boot();
	struct address_space *shm = shmem_mapping_create(4 * PAGE_SIZE, false);
	struct folio *folio = filemap_get(shm, 3);

	CHECK(!IS_ERR(folio));
	CHECK_EQ(*(u64 *)folio_address(folio), 0);
	folio_put(folio);
	mapping_get(shm);
	mapping_put(shm);
	CHECK_EQ(shm->nr_pages, 1);
	mapping_put(shm);
	check_nothing_left(before);
}

TEST("pages-of-files-and-of-shared-memory-are-counted-apart")
{
	struct address_space file, *shm;
	unsigned long all, shared;

	boot();
	all = pagecache_pages();
	shared = pagecache_shmem_pages();
	mapping_init(&file, &letter_ops, NULL, PAGE_SIZE);
	shm = shmem_mapping_create(2 * PAGE_SIZE, false);
	read_in(&file, 0);
	CHECK(pagecache_pages() == all + 1 && pagecache_shmem_pages() == shared);
	read_in(shm, 0);
	read_in(shm, 1);
	CHECK(pagecache_pages() == all + 3 && pagecache_shmem_pages() == shared + 2);
	mapping_put(shm);
	CHECK(pagecache_pages() == all + 1 && pagecache_shmem_pages() == shared);
	mapping_put(&file);
	CHECK_EQ(pagecache_pages(), all);
}

static int charged;
static int charge(struct address_space *mapping) { (void)mapping; charged++; return 0; }
static void uncharge(struct address_space *mapping) { (void)mapping; charged--; }
static const struct address_space_ops charged_ops = { .charge = charge, .uncharge = uncharge };
static struct address_space far_file;

/* Its place in the tree takes memory, too. */
static bool read_far(void)
{
	struct folio *folio = filemap_get(&far_file, 1ul << 30);
	bool ok = !IS_ERR(folio);

	CHECK_EQ(charged, ok);
	CHECK_EQ(far_file.nr_pages, ok);
	if (ok)
		folio_put(folio);
	return ok;
}
static void drop_far(void) { filemap_drop_all(&far_file); }

TEST("a-page-for-which-there-is-no-memory-is-not-charged")
{
	boot();
	mapping_init(&far_file, &charged_ops, NULL, 1ul << 43);
	CHECK(unit_fail_each(read_far, drop_far) >= 3);
	CHECK_EQ(charged, 0);
}
